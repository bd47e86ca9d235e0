"""What PATCH does to a task: members merge, a null removes only entries of maps, and no trigger can be removed."""

from __future__ import annotations

import copy
from typing import Any

from acr_tasks_emulator.services import errors, models
from acr_tasks_emulator.services.bodies import without_nulls
from acr_tasks_emulator.switches import DEFAULTS, Switches

Members = dict[str, Any]


def merged_task(task: Members, update: Members, switches: Switches = DEFAULTS) -> Members:
    """Return a copy of the task after an update. `update` has the members that were sent, nulls too.

    Raises ServiceError when the step's type may not change.
    """
    result = copy.deepcopy(task)
    _others(result, update, ("tags", "identity", "properties", "location"))
    if update.get("tags") is not None:
        stays = result.get("tags", {}) if switches.patch_tags == "merge" else {}
        result["tags"] = {key: value for key, value in {**stays, **update["tags"]}.items() if value is not None}
    if update.get("identity") is not None:
        result["identity"] = _identity(result.get("identity", {}), update["identity"])
    sent = update.get("properties") or {}
    properties = result["properties"]
    _others(properties, sent, _KNOWN_PROPERTIES)
    for name in ("status", "timeout", "agentPoolName", "logTemplate"):
        if sent.get(name) is not None:
            properties[name] = sent[name]
    for name in ("platform", "agentConfiguration"):
        _overlay(properties, name, sent.get(name))
    if sent.get("step") is not None:
        properties["step"] = _step(properties.get("step") or {}, sent["step"], switches)
    if sent.get("trigger") is not None:
        properties["trigger"] = _trigger(properties.get("trigger", {}), sent["trigger"], switches)
    if sent.get("credentials") is not None:
        properties["credentials"] = _credentials(properties.get("credentials", {}), sent["credentials"], switches)
    merged: Members = without_nulls(result)
    return merged


_KNOWN_PROPERTIES = (
    *("status", "timeout", "agentPoolName", "logTemplate", "platform", "agentConfiguration", "step"),
    *("trigger", "credentials"),
)


def _others(owner: Members, sent: Members, known: tuple[str, ...]) -> None:
    """Copy the members that the emulator does not know; a switch keeps them."""
    owner |= {key: value for key, value in sent.items() if key not in known and value is not None}


def _overlay(owner: Members, name: str, sent: Members | None) -> None:
    values = {key: value for key, value in (sent or {}).items() if value is not None}
    if values:
        owner[name] = {**owner.get(name, {}), **values}


def _step(step: Members, sent: Members, switches: Switches) -> Members:
    values = {key: value for key, value in sent.items() if value is not None}
    if step.get("type") != sent["type"]:
        return _step_of_another_type(step, values, switches)
    if switches.patch_step_arrays == "merge":
        for name in ("arguments", "values"):
            if name in values:
                values[name] = items_by_name(step.get(name, []), values[name])
        if "imageNames" in values:
            values["imageNames"] = list(dict.fromkeys([*step.get("imageNames", []), *values["imageNames"]]))
    return {**step, **values}


def _step_of_another_type(step: Members, values: Members, switches: Switches) -> Members:
    fields = {str(field.alias): field.default for field in models.STEPS[values["type"]].model_fields.values()}
    kept: Members = {}
    if step and switches.patch_step_type == "refuse":
        inner = f"TaskStepProperties:The type of the step cannot be changed from {step['type']} to {values['type']}"
        raise errors.INVALID_INPUT(parameters="taskUpdateParameters", inner=inner)
    if switches.patch_step_type == "merge":
        kept = {key: value for key, value in step.items() if key in fields}
    return {**fields, **kept, **values}


def items_by_name(items: list[Members], sent: list[Members]) -> list[Members]:
    """Return items in which the sent ones replace those of the same name; new ones follow."""
    named = {item["name"]: item for item in items}
    return list({**named, **{item["name"]: item for item in sent}}.values())


def _trigger(trigger: Members, sent: Members, switches: Switches) -> Members:
    result = dict(trigger)
    _others(result, sent, ("timerTriggers", "sourceTriggers", "baseImageTrigger"))
    for name in ("timerTriggers", "sourceTriggers"):
        if sent.get(name):
            result[name] = _by_name(trigger.get(name, []), sent[name], switches)
    base_image = sent.get("baseImageTrigger")
    # azure-cli always sends an object with a name alone: it makes no trigger.
    if base_image and ("baseImageTrigger" in trigger or base_image.get("baseImageTriggerType")):
        result["baseImageTrigger"] = _one_trigger(trigger.get("baseImageTrigger", {}), base_image, switches)
    return result


def _by_name(triggers: list[Members], sent: list[Members], switches: Switches) -> list[Members]:
    result = list(triggers)
    for trigger in sent:
        for index, old in enumerate(result):
            if old.get("name") == trigger.get("name"):
                result[index] = _one_trigger(old, trigger, switches)
                break
        else:
            result.append(_one_trigger({}, trigger, switches))
    return result


def _one_trigger(trigger: Members, sent: Members, switches: Switches) -> Members:
    # The specification gives `status` of the update models the default Enabled: left out, it enables the trigger.
    status = trigger.get("status", "Enabled") if switches.patch_trigger_status == "kept" else "Enabled"
    result = {**trigger, "status": status, **{key: value for key, value in sent.items() if value is not None}}
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


def _credentials(credentials: Members, sent: Members, switches: Switches) -> Members:
    result = dict(credentials)
    _others(result, sent, ("sourceRegistry", "customRegistries"))
    source = sent.get("sourceRegistry")
    _overlay(result, "sourceRegistry", source)
    if source and "identity" in source and source["identity"] is None:  # azure-cli relies on it
        kept = {key: value for key, value in result.pop("sourceRegistry", {}).items() if key != "identity"}
        result |= {"sourceRegistry": kept} if kept else {}
    if sent.get("customRegistries") is not None:
        result["customRegistries"] = _map(
            credentials.get("customRegistries", {}), sent["customRegistries"], switches.patch_registry_entry == "merge"
        )
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


def _map(entries: Members, sent: Members, inside: bool = False) -> Members:
    """Merge a map, keys compared without case: a null removes the entry, anything else replaces it as a whole.

    With `inside` the members of an entry are merged too.
    """
    result = dict(entries)
    for key, value in sent.items():
        spelled = next((old for old in result if old.lower() == key.lower()), key)
        if value is None:
            result.pop(spelled, None)
        elif inside and isinstance(result.get(spelled), dict):
            _overlay(result, spelled, value)
        else:
            result[spelled] = value
    return result
