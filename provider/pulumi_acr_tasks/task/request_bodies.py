"""The bodies of the two requests that change a task: the smallest PATCH, and the whole PUT."""

from __future__ import annotations

import copy
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, members, variant, writable
from pulumi_acr_tasks.schema.equality import default, identity_type
from pulumi_acr_tasks.task.diff import Plan, keyed, value_at

# Inputs that stand beside `properties` in a task's body.
_OUTSIDE = ("location", "tags", "identity")
PROPERTIES = ("status", "platform", "agentConfiguration", "timeout", "step", "trigger", "credentials")


def put_body(inputs: dict[str, Any], location: str, *, replacing: bool = False) -> dict[str, Any]:
    """Return the body of a PUT that makes a task what its inputs say. `location` is the registry's.

    With `replacing`, an identity that the inputs do not have is removed explicitly.
    """
    body: dict[str, Any] = {"location": location}
    if inputs.get("tags"):
        body["tags"] = copy.deepcopy(inputs["tags"])
    identity = identity_put(inputs.get("identity") or {})
    if identity["type"] != "None" or replacing:
        body["identity"] = identity
    body["properties"] = {
        name: writable(inputs[name], members("Task")[name]) for name in PROPERTIES if inputs.get(name) is not None
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


def identity_put(value: dict[str, Any]) -> dict[str, Any]:
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
