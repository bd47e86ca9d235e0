"""Which values are secret by their nature, and how a value is shown without them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pulumi_acr_tasks.plan.definitions import Kind, members, variant
from pulumi_acr_tasks.plan.values import is_unknown

MASK = "[secret]"


def is_secret(definition: str, member: str, owner: dict[str, Any]) -> bool:
    """Says whether a member of an object is secret: by its definition, or as the value of an item with `isSecret`.

    An `isSecret` that is not known yet counts as true.
    """
    if definition in ("Argument", "SetValue"):
        return member == "value" and owner.get("isSecret") not in (None, False)
    known = members(definition).get(member)
    return known is not None and known.secret


def map_secrets(value: Any, kind: Kind, change: Callable[[Any], Any]) -> Any:
    """Gives a copy of a value of that kind, with every secret in it replaced by what `change` makes of it."""
    if kind.container == "list" and isinstance(value, list):
        return [map_secrets(item, kind.item, change) for item in value]
    if kind.container == "map" and isinstance(value, dict):
        return {key: map_secrets(item, kind.item, change) for key, item in value.items()}
    if not kind.is_object or not isinstance(value, dict):
        return value
    definition = variant(kind.name, value)
    known = members(definition)
    changed = {}
    for name, item in value.items():
        if item is not None and is_secret(definition, name, value):
            changed[name] = change(item)
        else:
            changed[name] = map_secrets(item, known[name], change) if name in known else item
    return changed


def mark_secrets(value: Any, kind: Kind, mark: Callable[[Any], Any]) -> Any:
    """Return a copy of a value of that kind in which `mark` has marked what is secret: lists as a whole, as the engine.

    What is not known yet is not marked.
    """
    if kind.container == "list" and isinstance(value, list):
        return mark(value) if _has_secrets(value, kind) else value
    if kind.container == "map" and isinstance(value, dict):
        return {key: mark_secrets(item, kind.item, mark) for key, item in value.items()}
    if not kind.is_object or not isinstance(value, dict):
        return value
    definition = variant(kind.name, value)
    known, marked = members(definition), {}
    for name, item in value.items():
        if item is not None and not is_unknown(item) and is_secret(definition, name, value):
            marked[name] = mark(item)
        else:
            marked[name] = mark_secrets(item, known[name], mark) if name in known else item
    return marked


def _has_secrets(value: Any, kind: Kind) -> bool:
    found: list[Any] = []
    map_secrets(value, kind, found.append)
    return bool(found)


def masked(value: Any, kind: Kind) -> Any:
    """Gives a copy of a value of that kind which may be shown."""
    return map_secrets(value, kind, lambda _: MASK)


def secret_values(value: Any, kind: Kind) -> Iterator[str]:
    """Yields every secret string within a value of that kind, for redaction."""
    found: list[str] = []

    def remember(item: Any) -> Any:
        found.append(item)
        return item

    map_secrets(value, kind, remember)
    return (item for item in found if isinstance(item, str))
