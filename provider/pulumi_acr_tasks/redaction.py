"""What must not be shown: every value that we know to be secret."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.schema.definitions import kind
from pulumi_acr_tasks.schema.encoded_text import decoded
from pulumi_acr_tasks.schema.secrets import Mask, secret_values
from pulumi_acr_tasks.validate.task_file.yaml import load

_SHORTEST = 4
"""Characters of a value in a values file that is masked. Such a file is secret as a whole; hiding each `1` and `on` of
a log because they stand in it would hide the log."""


@contextlib.contextmanager
def undisclosed(mask: Callable[[], Mask]) -> Iterator[None]:
    """Mask the text of an error: the service may repeat what it was sent. `mask` is made only when it is needed."""
    try:
        yield
    except AcrTasksError as error:
        hide = mask()
        error.args = ("\n".join(map(hide, str(error).splitlines())), *error.args[1:])
        raise


def mask_of_task(*props: dict[str, Any]) -> Mask:
    """The mask for the messages of a task, from its inputs, and its outputs where they differ."""
    return Mask(value for each in props for value in secret_values(each, kind("Task")))


def mask_of(inputs: dict[str, Any]) -> Mask:
    """The mask for the log and the messages of a run."""
    request = inputs["runRequest"]
    encoded = request.get("encodedValuesContent")
    found = [*secret_values(request, kind("RunRequest"))]
    if isinstance(encoded, str):
        found += _values(encoded)
    found += secret_values({name: inputs.get(name) for name in ("context", "triggers")}, kind("any"))
    return Mask(found)


def _values(encoded: str) -> Iterator[str]:
    """The values in a values file, which is YAML in base64; a file that is neither has none that we know."""
    document, _, _ = load(decoded(encoded) or "")
    yield from (value for value in _leaves(document) if len(value) >= _SHORTEST and value not in ("true", "false"))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
