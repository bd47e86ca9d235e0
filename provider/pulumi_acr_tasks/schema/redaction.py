"""The masks for messages: every value that is known to be secret is hidden in errors and logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.schema.definitions import kind
from pulumi_acr_tasks.schema.secrets import Mask, secret_values
from pulumi_acr_tasks.schema.values import decoded
from pulumi_acr_tasks.validate.task_file.yaml import load

_SHORTEST = 4
"""The shortest value of a values file that is masked, in characters. Such a file is secret as a whole, but hiding each
`1` and `on` would hide the log."""


def redact(error: AcrTasksError, *props: dict[str, Any]) -> None:
    """Mask the secrets of a task's or a run's properties in an error: the service may repeat what it was sent."""
    mask = Mask(secret for each in props for secret in _secrets(each))
    error.args = ("\n".join(map(mask, str(error).splitlines())), *error.args[1:])


def mask_of(inputs: dict[str, Any]) -> Mask:
    """Return the mask for the log and the messages of a run."""
    return Mask(_secrets(inputs))


def _secrets(props: dict[str, Any]) -> Iterator[str]:
    """Yield what is secret in the inputs or outputs of a task or of a run."""
    request = props.get("runRequest")
    if not isinstance(request, dict):
        yield from secret_values(props, kind("Task"))
        return
    yield from secret_values(request, kind("RunRequest"))
    encoded = request.get("encodedValuesContent")
    if isinstance(encoded, str):
        yield from _values(encoded)
    yield from secret_values({name: props.get(name) for name in ("context", "triggers")}, kind("any"))


def _values(encoded: str) -> Iterator[str]:
    """Yield the values in a values file, which is YAML in base64; none for a file that is neither."""
    document, _, _ = load(decoded(encoded) or "")
    yield from leaves(document)


def leaves(value: Any) -> Iterator[str]:
    """Yield the texts and numbers within a secret value, without those that are too short to hide."""
    yield from (leaf for leaf in _leaves(value) if len(leaf) >= _SHORTEST and leaf not in ("true", "false"))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
