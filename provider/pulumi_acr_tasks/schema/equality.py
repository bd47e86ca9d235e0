"""When two values mean the same to the service: each is brought into a canonical form, and the forms are compared.

Whatever is subtler than `==` has a function of its own here, and a line in one of the two tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pulumi_acr_tasks.schema.definitions import ENUMERATIONS, POLYMORPHIC, Kind, members, variant
from pulumi_acr_tasks.schema.values import Unknown, contains_unknown

# What the specification documents for an absent member. (An empty list and no list are the same to the service: it
# keeps an empty one as it is, facts section 4.1.)
DEFAULTS: dict[tuple[str, str], Any] = {
    ("Task", "status"): "Enabled",
    ("Task", "timeout"): 3600,
    ("Task", "tags"): {},
    ("Task", "identity"): {"type": "None"},
    ("Task", "agentConfiguration"): {},
    ("AgentProperties", "cpu"): 2,
    ("TimerTrigger", "status"): "Enabled",
    ("SourceTrigger", "status"): "Enabled",
    ("BaseImageTrigger", "status"): "Enabled",
    ("Argument", "isSecret"): False,
    ("SetValue", "isSecret"): False,
    **{
        (definition, member): default
        for definition in ("DockerBuildStep", "DockerBuildRequest")
        for member, default in (("imageNames", []), ("isPushEnabled", True), ("noCache", False), ("arguments", []))
    },
    **{
        (definition, "values"): []
        for definition in ("FileTaskStep", "EncodedTaskStep", "FileTaskRunRequest", "EncodedTaskRunRequest")
    },
    ("TaskRunRequest", "values"): [],
    **{
        (definition, member): default
        for definition in POLYMORPHIC["RunRequest"].values()
        for member, default in (("isArchiveEnabled", False), ("timeout", 3600), ("agentConfiguration", {}))
        if member in members(definition)
    },
}


# What `check` writes into the request of a run where the program says nothing: another release may write more.
REQUEST_DEFAULTS: dict[str, dict[str, Any]] = {
    "DockerBuildRequest": {"platform": {"os": "Linux"}, "dockerFilePath": "Dockerfile"},
    "FileTaskRunRequest": {"platform": {"os": "Linux"}},
    "EncodedTaskRunRequest": {"platform": {"os": "Linux"}},
}
DEFAULTS |= {
    (definition, member): value for definition, given in REQUEST_DEFAULTS.items() for member, value in given.items()
}

# What the service fills in by itself, and the specification does not document: written or left out, it is the same.
FILLED_IN = {("PlatformProperties", "architecture"): "amd64", ("SecretObject", "type"): "opaque"}


def without_case(text: str) -> str:
    """Is the form of enumerations (`Github` is `GitHub`), of ARM ids, and of the hosts of registries."""
    return text.lower()


def without_sign_in(address: str) -> str:
    """Is the form of an address that a run's files come from: `https://token@host/x` is `https://host/x`."""
    return re.sub(r"(?<=://)[^/@]*@", "", address)


def location(text: str) -> str:
    """Is the form of a location: `West Europe` is `westeurope`."""
    return "".join(text.split()).lower()


def base64_text(text: str) -> str:
    """Is the form of base64: line breaks mean nothing."""
    return "".join(text.split())


def schedule(text: str) -> str:
    """Is the form of a cron expression: how much space stands between its fields means nothing."""
    return " ".join(text.split()).lower()


def identity(value: dict[str, Any]) -> dict[str, Any]:
    """Is the form of an identity: its type follows from what it has, its ids have no case, `None` is none at all."""
    ids = value.get("userAssignedIdentities")
    if isinstance(ids, Unknown) or isinstance(value.get("type"), Unknown):
        return {"unknown": ids, "type": value.get("type")}
    type_ = identity_type(value)
    return {} if type_ == "None" else {"type": type_, "ids": sorted(id_.lower() for id_ in ids or {})}


def identity_type(value: dict[str, Any]) -> str:
    """Gives the type that an identity amounts to, in the specification's spelling."""
    system = "systemassigned" in str(value.get("type") or "").lower()
    user = bool(value.get("userAssignedIdentities"))
    return {
        (True, True): "SystemAssigned, UserAssigned",
        (True, False): "SystemAssigned",
        (False, True): "UserAssigned",
        (False, False): "None",
    }[system, user]


# Forms of single members, by definition and name; enumerations stand in their own table.
_FORMS: dict[tuple[str, str], Callable[[str], str]] = {
    ("Task", "location"): location,
    ("Task", "registryId"): without_case,
    ("Task", "taskName"): without_case,
    ("PlatformProperties", "os"): without_case,
    ("PlatformProperties", "architecture"): without_case,
    ("PlatformProperties", "variant"): without_case,
    ("TimerTrigger", "schedule"): schedule,
    ("CustomRegistryCredentials", "identity"): without_case,
    **{
        (definition, member): base64_text
        for definition in ("EncodedTaskStep", "EncodedTaskRunRequest")
        for member in ("encodedTaskContent", "encodedValuesContent")
    },
    **{(definition, "type"): without_case for group in POLYMORPHIC.values() for definition in group.values()},
    **{(name, "type"): without_case for name in POLYMORPHIC},
    **dict.fromkeys(ENUMERATIONS, without_case),
    **dict.fromkeys(((definition, "sourceLocation") for definition in REQUEST_DEFAULTS), without_sign_in),
}


def same(old: Any, new: Any, kind: Kind) -> bool:
    """Says whether two values of one kind mean the same; a value that is not known yet is the same as nothing."""
    if contains_unknown([old, new]):
        return False
    return bool(_canonical(old, kind) == _canonical(new, kind))


def same_member(definition: str, name: str, old: Any, new: Any) -> bool:
    """Says whether two values of a definition's member mean the same, an absent one being its documented default."""
    if contains_unknown([old, new]):
        return False
    kind = members(definition).get(name, Kind("string"))
    return bool(_member(definition, name, old, kind) == _member(definition, name, new, kind))


def default(definition: str, name: str) -> Any:
    """Gives the documented default of a member, or None."""
    return DEFAULTS.get((definition, name))


def _member(definition: str, name: str, value: Any, kind: Kind) -> Any:
    value = default(definition, name) if value is None else value
    form = _FORMS.get((definition, name))
    if (definition, name) == ("Task", "identity") and isinstance(value, dict):
        return identity(value)
    if form is not None and isinstance(value, str):
        canonical = form(value)
        return None if canonical == FILLED_IN.get((definition, name)) else canonical
    if form is not None and isinstance(value, list):
        return sorted(form(item) if isinstance(item, str) else str(item) for item in value)
    return _canonical(value, kind)


def _canonical(value: Any, kind: Kind) -> Any:
    if isinstance(value, list) and kind.container == "list":
        items = [_canonical(item, kind.item) for item in value]
        return _by_name(items) if kind.name in _KNOWN_BY_NAME else items
    if isinstance(value, dict) and kind.container == "map":
        hosts = kind.name in ("CustomRegistryCredentials", "UserIdentityProperties")
        return {key.lower() if hosts else key: _canonical(item, kind.item) for key, item in value.items()}
    if not isinstance(value, dict) or not kind.is_object:
        return value
    definition = variant(kind.name, value)
    known = members(definition)
    form = {
        name: _member(definition, name, value.get(name), member)
        for name, member in known.items()
        if not member.read_only
    }
    form.update({name: item for name, item in value.items() if name not in known})
    return {name: item for name, item in form.items() if item is not None and item != {} and item != []}


_KNOWN_BY_NAME = ("TimerTrigger", "SourceTrigger", "Argument", "SetValue")


def _by_name(items: list[Any]) -> list[Any]:
    """Put items into the order of their names: the order in which they are written means nothing."""
    return sorted(items, key=lambda item: str(item.get("name", "")) if isinstance(item, dict) else "")
