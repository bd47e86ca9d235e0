"""What PATCH does to a task (facts section 4.3): members merge, a null removes a map's entry only, triggers stay."""

from __future__ import annotations

import copy
from typing import Any

Members = dict[str, Any]


def merged_task(task: Members, update: Members) -> Members:
    """Return the task after an update; both keep their values. `update` has the members that were sent, nulls too."""
    result = copy.deepcopy(task)
    if update.get("tags") is not None:
        result["tags"] = {key: value for key, value in update["tags"].items() if value is not None}
    if update.get("identity") is not None:
        result["identity"] = _identity(result.get("identity", {}), update["identity"])
    sent = update.get("properties") or {}
    properties = result["properties"]
    for name in ("status", "timeout"):
        if sent.get(name) is not None:
            properties[name] = sent[name]
    for name in ("platform", "agentConfiguration"):
        _overlay(properties, name, sent.get(name))
    if sent.get("step") is not None:
        properties["step"] = _step(properties["step"], sent["step"])
    if sent.get("trigger") is not None:
        properties["trigger"] = _trigger(properties.get("trigger", {}), sent["trigger"])
    if sent.get("credentials") is not None:
        properties["credentials"] = _credentials(properties.get("credentials", {}), sent["credentials"])
    return result


def _overlay(owner: Members, name: str, sent: Members | None) -> None:
    values = {key: value for key, value in (sent or {}).items() if value is not None}
    if values:
        owner[name] = {**owner.get(name, {}), **values}


def _step(step: Members, sent: Members) -> Members:
    values = {key: value for key, value in sent.items() if value is not None}
    # A step of another type replaces the whole step: nothing of the old one could stay but its context.
    return {**step, **values} if step["type"] == sent["type"] else values


def _trigger(trigger: Members, sent: Members) -> Members:
    result = dict(trigger)
    for name in ("timerTriggers", "sourceTriggers"):
        if sent.get(name):
            result[name] = _by_name(trigger.get(name, []), sent[name])
    base_image = sent.get("baseImageTrigger")
    # azure-cli sends an object with nothing but a name when it has nothing to say: no trigger comes of it.
    if base_image and ("baseImageTrigger" in trigger or base_image.get("baseImageTriggerType")):
        result["baseImageTrigger"] = _one_trigger(trigger.get("baseImageTrigger", {}), base_image)
    return result


def _by_name(triggers: list[Members], sent: list[Members]) -> list[Members]:
    result = list(triggers)
    for trigger in sent:
        for index, old in enumerate(result):
            if old.get("name") == trigger.get("name"):
                result[index] = _one_trigger(old, trigger)
                break
        else:
            result.append(_one_trigger({}, trigger))
    return result


def _one_trigger(trigger: Members, sent: Members) -> Members:
    # The specification gives `status` of the update models the default Enabled: left out, it enables the trigger.
    result = {**trigger, "status": "Enabled", **{key: value for key, value in sent.items() if value is not None}}
    if trigger.get("sourceRepository") and sent.get("sourceRepository"):
        result["sourceRepository"] = _repository(trigger["sourceRepository"], sent["sourceRepository"])
    return result


def _repository(repository: Members, sent: Members) -> Members:
    result = dict(repository)
    for name, value in sent.items():
        if name == "sourceControlAuthProperties":
            _overlay(result, name, value)
        elif value is not None:
            result[name] = value
    return result


def _credentials(credentials: Members, sent: Members) -> Members:
    result = dict(credentials)
    _overlay(result, "sourceRegistry", sent.get("sourceRegistry"))
    if sent.get("customRegistries") is not None:
        result["customRegistries"] = _map(credentials.get("customRegistries", {}), sent["customRegistries"])
    return result


def _identity(identity: Members, sent: Members) -> Members:
    result = dict(identity)
    if sent.get("type") is not None:
        result["type"] = sent["type"]
    if sent.get("userAssignedIdentities") is not None:
        result["userAssignedIdentities"] = _map(
            identity.get("userAssignedIdentities", {}), sent["userAssignedIdentities"]
        )
    return result


def _map(entries: Members, sent: Members) -> Members:
    """Merge a map, keys compared without case: a null removes the entry, anything else replaces it as a whole."""
    result = dict(entries)
    for key, value in sent.items():
        spelled = next((old for old in result if old.lower() == key.lower()), key)
        if value is None:
            result.pop(spelled, None)
        else:
            result[spelled] = value
    return result
