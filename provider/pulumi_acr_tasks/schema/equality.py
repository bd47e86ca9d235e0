"""When two values mean the same to the service: both are brought into a canonical form, and the forms are compared.

The table of definitions says which form a member has, and what an absent member stands for. An empty list and no list
are the same: the service keeps an empty list as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pulumi_acr_tasks.schema.definitions import INPUTS, Kind, members, variant
from pulumi_acr_tasks.schema.values import Unknown, contains_unknown


def without_case(text: str) -> str:
    """Return the form of enumerations (`Github` is `GitHub`), of ARM ids, and of the hosts of registries."""
    return text.lower()


def without_sign_in(address: str) -> str:
    """Return the form of an address that a run's files come from: `https://token@host/x` is `https://host/x`."""
    return re.sub(r"(?<=://)[^/@]*@", "", address)


def location(text: str) -> str:
    """Return the form of a location: `West Europe` is `westeurope`."""
    return "".join(text.split()).lower()


def base64_text(text: str) -> str:
    """Return the form of base64, where line breaks mean nothing."""
    return "".join(text.split())


def schedule(text: str) -> str:
    """Return the form of a cron expression, where the width of the space between fields means nothing."""
    return " ".join(text.split()).lower()


def identity(value: dict[str, Any]) -> dict[str, Any]:
    """Return the form of an identity: its type follows from its content, its ids have no case, `None` is empty."""
    ids = value.get("userAssignedIdentities")
    if isinstance(ids, Unknown) or isinstance(value.get("type"), Unknown):
        return {"unknown": ids, "type": value.get("type")}
    type_ = identity_type(value)
    return {} if type_ == "None" else {"type": type_, "ids": sorted(id_.lower() for id_ in ids or {})}


def identity_type(value: dict[str, Any]) -> str:
    """Return the type that an identity amounts to, in the specification's spelling."""
    system = "systemassigned" in str(value.get("type") or "").lower()
    user = bool(value.get("userAssignedIdentities"))
    return {
        (True, True): "SystemAssigned, UserAssigned",
        (True, False): "SystemAssigned",
        (False, True): "UserAssigned",
        (False, False): "None",
    }[system, user]


# The forms of strings that the table names.
_FORMS: dict[str, Callable[[str], str]] = {
    "case": without_case,
    "location": location,
    "base64": base64_text,
    "schedule": schedule,
    "sign-in": without_sign_in,
}


def same(old: Any, new: Any, kind: Kind) -> bool:
    """Return whether two values of one kind mean the same; a value that is not known yet equals nothing."""
    if contains_unknown([old, new]):
        return False
    return bool(_canonical(old, kind) == _canonical(new, kind))


def same_member(definition: str, name: str, old: Any, new: Any) -> bool:
    """Return whether two values of a definition's member, or of a resource's argument, mean the same.

    An absent value stands for its documented default.
    """
    if contains_unknown([old, new]):
        return False
    kind = members(definition).get(name) or INPUTS.get(definition, {}).get(name) or Kind("string")
    return bool(_member(old, kind) == _member(new, kind))


def default(definition: str, name: str) -> Any:
    """Return the documented default of a member, or None."""
    kind = members(definition).get(name)
    return None if kind is None else kind.default


def _member(value: Any, kind: Kind) -> Any:
    value = kind.default if value is None else value
    form = without_case if kind.values else _FORMS.get(kind.compare)
    if kind.compare == "identity" and isinstance(value, dict):
        return identity(value)
    if form is not None and isinstance(value, str):
        canonical = form(value)
        return None if canonical == kind.filled_in else canonical
    if form is not None and isinstance(value, list):
        return sorted(form(item) if isinstance(item, str) else str(item) for item in value)
    return _canonical(value, kind)


def _canonical(value: Any, kind: Kind) -> Any:
    if isinstance(value, list) and kind.container == "list":
        items = [_canonical(item, kind.item) for item in value]
        return _by_name(items) if kind.is_object and "name" in members(kind.name) else items
    if isinstance(value, dict) and kind.container == "map":
        # The keys of a map of objects are hosts or ARM ids; other keys are the user's own.
        return {key.lower() if kind.is_object else key: _canonical(item, kind.item) for key, item in value.items()}
    if not isinstance(value, dict) or not kind.is_object:
        return value
    known = members(variant(kind.name, value))
    form = {name: _member(value.get(name), member) for name, member in known.items() if not member.read_only}
    form.update({name: item for name, item in value.items() if name not in known})
    return {name: item for name, item in form.items() if item is not None and item != {} and item != []}


def _by_name(items: list[Any]) -> list[Any]:
    """Return items in the order of their names: the order in which they are written means nothing."""
    return sorted(items, key=lambda item: str(item.get("name", "")) if isinstance(item, dict) else "")
