"""The bodies of the requests that change a task: the smallest PATCH, the whole PUT, and the merged PUT.

The merged PUT starts from the service's task: the program's difference is applied to it, and nothing else. Members that
this version does not know, timers that somebody added, and values that the program is told to ignore stay as they are:
a PUT then changes no more than a PATCH would.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, members, variant, writable
from pulumi_acr_tasks.schema.equality import default, identity_type, same, same_member
from pulumi_acr_tasks.task.diff import Plan, diff, keyed, value_at
from pulumi_acr_tasks.task.drift import HIDDEN, PURE_OUTPUTS, observed

_PROPERTIES = ("status", "platform", "agentConfiguration", "timeout", "step", "trigger", "credentials")


def put_body(inputs: dict[str, Any], location: str, *, replacing: bool = False) -> dict[str, Any]:
    """Return the body of a PUT that makes a task what its inputs say. `location` is the registry's.

    With `replacing`, an identity that the inputs do not have is removed explicitly.
    """
    body: dict[str, Any] = {"location": location}
    if inputs.get("tags"):
        body["tags"] = copy.deepcopy(inputs["tags"])
    identity = _identity_put(inputs.get("identity") or {})
    if identity["type"] != "None" or replacing:
        body["identity"] = identity
    body["properties"] = {
        name: writable(inputs[name], members("Task")[name]) for name in _PROPERTIES if inputs.get(name) is not None
    }
    return body


def patch_body(plan: Plan, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the body of the smallest PATCH that turns `old` into `new`, for a plan whose route is PATCH.

    Nothing that did not change is in it, except what the service demands (the step's type) or would otherwise default
    (a trigger's status), and what one cannot send in part (arrays, triggers, credentials).
    """
    body: dict[str, Any] = {}
    for change in plan.changes:
        path, _, key = change.path.partition("[")
        if path == "location":
            continue  # a PATCH has no location
        if path == "tags":
            body["tags"] = new.get("tags") or {}
        elif path == "identity":
            body["identity"] = _identity_patch(old.get("identity") or {}, new.get("identity") or {})
        else:
            _set_property(body.setdefault("properties", {}), path, key[:-1], old, new)
    return body


def _set_property(properties: dict[str, Any], path: str, key: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    if path == "trigger.timerTriggers":
        timer = keyed(value_at(new, path), "name")[key][1]
        timers = properties.setdefault("trigger", {}).setdefault("timerTriggers", [])
        timers.append(_with_status(timer, "TimerTrigger"))
    elif path == "trigger.sourceTriggers":
        # All of them: whether PATCH merges source triggers by name or replaces the list is not known, and this is
        # right either way.
        triggers = [_with_status(trigger, "SourceTrigger") for trigger in value_at(new, path)]
        properties.setdefault("trigger", {})["sourceTriggers"] = triggers
    elif path == "trigger.baseImageTrigger":
        trigger = _with_status(value_at(new, path), "BaseImageTrigger")
        properties.setdefault("trigger", {})["baseImageTrigger"] = trigger
    elif path == "credentials.customRegistries":
        registries = properties.setdefault("credentials", {}).setdefault("customRegistries", {})
        _set_credentials(registries, key, value_at(old, path), value_at(new, path))
    else:
        _set_member(properties, path, new)


def _set_member(properties: dict[str, Any], path: str, new: dict[str, Any]) -> None:
    """Set a single member, to its documented default when it is removed. A step's type goes with its members."""
    *owners, name = path.split(".")
    owner, definition = properties, "Task"
    for part in owners:
        owner, definition = owner.setdefault(part, {}), members(definition)[part].name
    step = new.get("step") or {}
    if owners == ["step"]:
        owner["type"] = step.get("type")
        definition = variant(definition, step)
    value = value_at(new, path)
    owner[name] = default(definition, name) if value is None else writable(value, members(definition)[name])


def _set_credentials(registries: dict[str, Any], host: str, old: Any, new: Any) -> None:
    """Set one host's entry as a whole, or null; a host that the service has keeps its spelling there."""
    before, after = keyed(old, "host"), keyed(new, "host")
    spelling = before[host][0] if host in before else after[host][0]
    registries[spelling] = copy.deepcopy(after[host][1]) if host in after else None


def _with_status(trigger: dict[str, Any], definition: str) -> dict[str, Any]:
    """Return a trigger with its status: the service's update models would enable a disabled trigger without one."""
    return {**writable(trigger, Kind(definition)), "status": trigger.get("status") or default(definition, "status")}


def _identity_put(value: dict[str, Any]) -> dict[str, Any]:
    """Return an identity for a PUT: its type, also `None`, and its ids without their principals."""
    ids = value.get("userAssignedIdentities")
    type_ = identity_type(value)
    return {"type": type_, "userAssignedIdentities": {id_: {} for id_ in ids}} if ids else {"type": type_}


def _identity_patch(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return an identity for a PATCH: the new type, `{}` for each added id, and null for each removed id."""
    type_ = identity_type(new)
    if type_ == "None":
        return {"type": type_}
    before = {id_.lower(): id_ for id_ in old.get("userAssignedIdentities") or {}}
    after = {id_.lower(): id_ for id_ in new.get("userAssignedIdentities") or {}}
    ids: dict[str, Any] = {spelled: {} for id_, spelled in after.items() if id_ not in before}
    if after:
        # Without any user-assigned identity left, the type alone says that they are all gone.
        ids.update({spelled: None for id_, spelled in before.items() if id_ not in after})
    return {"type": type_, "userAssignedIdentities": ids} if ids else {"type": type_}


def merged_body(live: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a PUT that changes the task `live` as `old` was changed into `new`.

    `live` is the answer of listDetails, with secrets in clear text; `old` and `new` are flat, as `diff` takes them.
    Members that `live` hides all the same come from `new`.
    """
    body: dict[str, Any] = {"location": live.get("location")}
    tags = new.get("tags") if not same_member("Task", "tags", old.get("tags"), new.get("tags")) else live.get("tags")
    if tags:
        body["tags"] = copy.deepcopy(tags)
    body["identity"] = _merged_identity(
        live.get("identity") or {}, old.get("identity") or {}, new.get("identity") or {}
    )
    properties = {name: item for name, item in (live.get("properties") or {}).items() if name not in PURE_OUTPUTS}
    for name in _PROPERTIES:
        value = _member("Task", name, properties.pop(name, None), old.get(name), new.get(name))
        if value is not None and value != {}:
            properties[name] = value
    body["properties"] = copy.deepcopy(properties)
    return body


def lost(plan: Plan, live: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the paths of the values that a PUT built from the program alone would remove, as far as `live` shows them.

    `live` is an answer that masks secrets. Paths that `plan` changes anyway are left out.
    """
    asked = {change.path for change in plan.changes}
    drifted = [change.path for change in diff(observed(new, live), new).changes if change.path not in asked]
    return [*drifted, *sorted(_unknown_members(Kind("Task"), live.get("properties"), ""))]


def _member(definition: str, name: str, live: Any, old: Any, new: Any) -> Any:
    """Return the new value of a member; None when it is left out."""
    kind = members(definition)[name]
    if kind.name in ("TimerTrigger", "SourceTrigger") and kind.container == "list":
        return _triggers(kind.item, live or [], old or [], new or [])
    if kind.name == "CustomRegistryCredentials" and kind.container == "map":
        return _hosts(kind.item, live or {}, old or {}, new or {})
    if kind.is_object and not kind.container:
        return _object(definition, name, live, old, new)
    if same_member(definition, name, old, new):
        return new if live is None and (kind.secret or (definition, name) in HIDDEN) else live
    return writable(new, kind)


def _object(definition: str, name: str, live: Any, old: Any, new: Any) -> Any:
    """Merge an object member by member; an object of another type or name comes from the program whole."""
    kind = members(definition)[name]
    live, old, new = (value if isinstance(value, dict) else {} for value in (live, old, new))
    if not live or _other(kind, live, new):
        unchanged = same(old, new, kind) and (live or (definition, name) not in HIDDEN)
        return live if unchanged else writable(new, kind)
    if kind.name == "BaseImageTrigger" and not new and old:
        return None
    of = variant(kind.name, live)
    known = members(of)
    merged = {member: item for member, item in live.items() if member not in known and member not in PURE_OUTPUTS}
    for member in known:
        value = _member(of, member, live.get(member), old.get(member), new.get(member))
        if value is not None and (value != {} or live.get(member) == {}):
            merged[member] = value
    return merged


def _other(kind: Kind, live: dict[str, Any], new: dict[str, Any]) -> bool:
    """Return whether the program has another object: a step of another type, a trigger of another name."""
    if kind.name == "BaseImageTrigger":
        return bool(new) and live.get("name") != new.get("name")
    return bool(new) and variant(kind.name, live) != variant(kind.name, new)


def _triggers(kind: Kind, live: list[Any], old: list[Any], new: list[Any]) -> list[Any] | None:
    found, before, after = ({item.get("name"): item for item in items} for items in (live, old, new))
    merged = []
    for name, item in found.items():
        if name in after:
            merged.append(_item(kind, item, before.get(name, {}), after[name]))
        elif name not in before:
            merged.append(item)
    for name, item in after.items():
        if name not in found and not (name in before and same(before[name], item, kind)):
            merged.append(writable(item, kind))
    return merged or None


def _item(kind: Kind, live: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    known = members(kind.name)
    merged = {member: item for member, item in live.items() if member not in known}
    for member in known:
        value = _member(kind.name, member, live.get(member), old.get(member), new.get(member))
        if value is not None:
            merged[member] = value
    return merged


def _hosts(kind: Kind, live: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Take changed entries whole from the program; an entry that the service masks counts as the program's."""
    before, after = keyed(old, "host"), keyed(new, "host")
    merged = {}
    for host, entry in live.items():
        key = host.lower()
        if key in after:
            ours = after[key][1]
            kept = entry is not None and key in before and same(before[key][1], ours, kind)
            merged[host] = entry if kept else ours
        elif key not in before and entry is not None:
            merged[host] = entry
    here = {host.lower() for host in live}
    for key, (host, entry) in after.items():
        if key not in here and not (key in before and same(before[key][1], entry, kind)):
            merged[host] = entry
    return merged


def _merged_identity(live: dict[str, Any], old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Return the identity of the PUT, never left out: the service's, with the ids that the program adds and removes."""
    if same_member("Task", "identity", old, new):
        return _identity_put(live)
    new_ids = new.get("userAssignedIdentities") or {}
    if not new_ids:
        return {"type": identity_type(new)}
    gone = {id_.lower() for id_ in old.get("userAssignedIdentities") or {}} - {id_.lower() for id_ in new_ids}
    ids = {id_.lower(): id_ for id_ in live.get("userAssignedIdentities") or {} if id_.lower() not in gone}
    for id_ in new_ids:
        ids.setdefault(id_.lower(), id_)
    return _identity_put({"type": new.get("type"), "userAssignedIdentities": {id_: {} for id_ in ids.values()}})


def _unknown_members(kind: Kind, value: Any, path: str) -> Iterator[str]:
    """Yield the paths of members that the table of definitions does not know and that are not empty."""
    if isinstance(value, list):
        for item in value:
            yield from _unknown_members(kind.item, item, path)
        return
    if not isinstance(value, dict) or not kind.is_object or kind.container == "map":
        return
    known = members(variant(kind.name, value))
    for name, item in value.items():
        inner = f"{path}.{name}" if path else name
        if name in known:
            yield from _unknown_members(known[name], item, inner)
        elif name not in PURE_OUTPUTS and item:
            yield inner
