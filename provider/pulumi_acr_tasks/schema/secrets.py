"""Secrets in values: which are secret by their nature, and how values and lines of a log are shown without them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, members, variant
from pulumi_acr_tasks.schema.encoded_text import decoded
from pulumi_acr_tasks.schema.secret_urls import MASK, holds_secret, secrets_in, without_secrets

_COLOUR = r"(?:\x1b\[[0-9;:]*m)*"


def is_secret(definition: str, member: str, owner: dict[str, Any]) -> bool:
    """Return whether a member of an object is secret: by its definition, or as the value of an item with `isSecret`.

    An `isSecret` that is not known yet counts as true.
    """
    known = members(definition)
    if "isSecret" in known:
        return member == "value" and owner.get("isSecret") not in (None, False)
    return member in known and known[member].secret


def map_secrets(
    value: Any,
    kind: Kind,
    change: Callable[[Any], Any],
    address: Callable[[str], Any] | None = None,
    *,
    whole_lists: bool = False,
) -> Any:
    """Return a copy of a value of that kind, with every secret in it replaced by what `change` makes of it.

    A text with a secret in an address is replaced by what `address` makes of it (default: `change`); a task file in
    base64 is such a text too. With `whole_lists` the outermost list that has a secret is replaced instead: so the
    engine marks lists that it gets back.
    """
    address = address or change

    def inner(item: Any, of: Kind) -> Any:
        return map_secrets(item, of, change, address, whole_lists=whole_lists)

    if isinstance(value, str):
        return address(value) if holds_secret(value) else value
    if isinstance(value, list):
        if whole_lists and _has_secret(value, kind):
            return change(value)
        return [inner(item, kind.item) for item in value]
    if not isinstance(value, dict):
        return value
    if not kind.is_object or kind.container:
        return {key: inner(item, kind.item) for key, item in value.items()}
    definition = variant(kind.name, value)
    known = members(definition)
    changed = {}
    for name, item in value.items():
        if item is not None and is_secret(definition, name, value):
            changed[name] = change(item)
        elif name == "encodedTaskContent" and isinstance(item, str) and holds_secret(decoded(item) or ""):
            changed[name] = address(item)
        else:
            changed[name] = inner(item, known.get(name, Kind("any")))
    return changed


def masked(value: Any, kind: Kind) -> Any:
    """Return a copy of a value of that kind without its secrets, to be shown or hashed."""
    return map_secrets(value, kind, lambda _: MASK, lambda text: without_secrets(_in_clear(text)))


def secret_values(value: Any, kind: Kind, *, addresses: bool = True) -> Iterator[str]:
    """Yield every secret string within a value of that kind, for redaction; with `addresses` those in addresses too."""
    found: list[Any] = []

    def remember(item: Any) -> Any:
        found.append(item)
        return item

    def remember_parts(text: str) -> Any:
        found.extend(secrets_in(_in_clear(text)) if addresses else [])
        return text

    map_secrets(value, kind, remember, remember_parts)
    return (item for item in found if isinstance(item, str))


def _has_secret(value: Any, kind: Kind) -> bool:
    found: list[Any] = []
    map_secrets(value, kind, found.append)
    return bool(found)


def _in_clear(text: str) -> str:
    """Return the text of a task file in base64; any other text as it is."""
    return text if holds_secret(text) else decoded(text) or text


class Mask:
    """A function that masks `secrets` in a line of a log; of a secret with several lines, each line.

    A build may echo what it was given, and the agent masks only what it knows to be secret.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        lines = {line.strip() for secret in secrets for line in secret.splitlines() if line.strip()}
        # The longest first: a secret may be the beginning of another one.
        ordered = sorted(lines, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(_coloured, ordered))) if ordered else None

    def __call__(self, line: str) -> str:
        return self._pattern.sub(MASK, line) if self._pattern else line


def _coloured(secret: str) -> str:
    """Return the pattern of a secret that may have colours between its characters."""
    return _COLOUR.join(map(re.escape, secret))
