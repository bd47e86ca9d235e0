"""What of a run must not be shown: every value that we know to be secret."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from pulumi_acr_tasks.follow.mask import Mask
from pulumi_acr_tasks.plan.definitions import kind
from pulumi_acr_tasks.plan.secrets import secret_values
from pulumi_acr_tasks.validate.task_yaml import decoded

_SHORTEST = 4
"""Characters of a value in a values file that is masked. Such a file is secret as a whole; hiding each `1` and `on` of
a log because they stand in it would hide the log."""


_TOKEN = 16  # characters of a name that is taken for a token


def mask_of(inputs: dict[str, Any]) -> Mask:
    """The mask for the log and the messages of a run."""
    request = inputs["runRequest"]
    encoded = request.get("encodedValuesContent")
    found = [*secret_values(request, kind("RunRequest"))]
    if isinstance(encoded, str):
        found += _values(encoded)
    for address in (inputs.get("context"), request.get("sourceLocation")):
        found += _password(address)
    return Mask(found)


def _values(encoded: str) -> Iterator[str]:
    """The values in a values file, which is YAML in base64; a file that is neither has none that we know."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe", pure=True).load(decoded(encoded) or "")
    except (YAMLError, ValueError):
        return
    yield from (value for value in _leaves(document) if len(value) >= _SHORTEST and value not in ("true", "false"))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def _password(address: Any) -> list[str]:
    """The token in an address such as `https://user:token@host/`, as it stands and as it is meant."""
    if not isinstance(address, str) or "://" not in address:
        return []
    try:
        parts = urlsplit(address)
    except ValueError:
        return []
    # Git hosts take a token in place of the name, too. `git` and the like are no tokens.
    name = parts.username if parts.scheme in ("http", "https") and len(parts.username or "") >= _TOKEN else None
    return [form for secret in (parts.password, name) if secret for form in (secret, unquote(secret))]
