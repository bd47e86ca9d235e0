"""A model of tasks, written from recordings and documents of the service, not from the emulator.

Where these are silent the model has the likelier behaviour, and the state machine does not test it.
"""

from __future__ import annotations

import copy
from typing import Any

Members = dict[str, Any]

STEP_DEFAULTS = {"Docker": {"isPushEnabled": True, "noCache": False}, "FileTask": {}, "EncodedTask": {}}


class Tasks:
    """The tasks of one registry, by name without case; returned as the service shows them, without dates and ids."""

    def __init__(self, registry: str, location: str) -> None:
        self._registry = registry
        self._location = location
        self._tasks: dict[str, Members] = {}

    def create(self, name: str, body: Members) -> Members:
        """Replace everything but the name, which keeps its first spelling."""
        old = self._tasks.get(name.lower())
        sent = _without_nulls(copy.deepcopy(body))
        properties = {"timeout": 3600, **sent["properties"]}
        properties["step"] = {**STEP_DEFAULTS[properties["step"]["type"]], **properties["step"]}
        for trigger in _all_triggers(properties.get("trigger", {})):
            trigger.setdefault("status", "Enabled")
        if properties.get("credentials") == {}:
            del properties["credentials"]
        self._tasks[name.lower()] = {**sent, "name": old["name"] if old else name, "properties": properties}
        return self.shown(name)

    def update(self, name: str, body: Members) -> Members:
        """Replace given members, keep absent and null ones, and merge maps and triggers entry by entry."""
        task = self._tasks[name.lower()]
        sent = copy.deepcopy(body)
        if sent.get("tags") is not None:
            task["tags"] = sent["tags"]
        if sent.get("identity") is not None:
            task["identity"] = _identity(task.get("identity", {}), sent["identity"])
        properties = task["properties"]
        for key, value in _given(sent.get("properties")).items():
            if key in ("status", "timeout"):
                properties[key] = value
            elif key in ("platform", "agentConfiguration"):
                properties[key] = {**properties.get(key, {}), **_given(value)}
            elif key == "step":
                properties[key] = _step(properties[key], value)
            elif key == "trigger":
                properties[key] = _trigger(properties.get(key, {}), value)
            else:
                properties[key] = _credentials(properties.get(key, {}), value)
        for key in ("agentConfiguration", "trigger", "credentials"):
            if properties.get(key) == {}:
                del properties[key]
        return self.shown(name)

    def delete(self, name: str) -> int:
        """Return 200, or 204 where the task does not exist."""
        return 204 if self._tasks.pop(name.lower(), None) is None else 200

    def has(self, name: str) -> bool:
        return name.lower() in self._tasks

    def stored(self, name: str) -> Members:
        """Return a task's properties, to draw a change from."""
        return copy.deepcopy(self._tasks[name.lower()])

    def names(self) -> set[str]:
        return {task["name"] for task in self._tasks.values()}

    def details(self, name: str) -> Members:
        """Return a task with its secrets."""
        task = copy.deepcopy(self._tasks[name.lower()])
        return {
            **task,
            "type": "Microsoft.ContainerRegistry/registries/tasks",
            "id": f"{self._registry}/tasks/{task['name']}",
            "location": self._location,
            "properties": {**task["properties"], "provisioningState": "Succeeded"},
        }

    def shown(self, name: str) -> Members:
        """Return a task without its secrets, and with the hosts alone of its registries."""
        task = self.details(name)
        step, credentials = task["properties"]["step"], task["properties"].get("credentials", {})
        step.pop("contextAccessToken", None)
        for key in ("arguments", "values"):
            if key in step:
                step[key] = [item for item in step[key] if not item["isSecret"]]
        for source in task["properties"].get("trigger", {}).get("sourceTriggers", []):
            source["sourceRepository"].pop("sourceControlAuthProperties", None)
        if "customRegistries" in credentials:
            credentials["customRegistries"] = dict.fromkeys(credentials["customRegistries"])
        return task


def _given(sent: Members | None) -> Members:
    return {key: value for key, value in (sent or {}).items() if value is not None}


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _all_triggers(trigger: Members) -> list[Members]:
    one = [trigger["baseImageTrigger"]] if "baseImageTrigger" in trigger else []
    return [*trigger.get("timerTriggers", []), *trigger.get("sourceTriggers", []), *one]


def _step(step: Members, sent: Members) -> Members:
    """Return the step with the given members replaced, arrays as a whole.

    A step of another type replaces it (an open question).
    """
    kept = step if step["type"] == sent["type"] else STEP_DEFAULTS[sent["type"]]
    return {**kept, **_given(sent)}


def _trigger(trigger: Members, sent: Members) -> Members:
    """Return the triggers, merged by name; a PATCH cannot remove any."""
    result = dict(trigger)
    for key in ("timerTriggers", "sourceTriggers"):
        for each in sent.get(key) or []:
            known = {old["name"]: old for old in result.get(key, [])}
            result[key] = list({**known, each["name"]: _one_trigger(known.get(each["name"], {}), each)}.values())
    if sent.get("baseImageTrigger") is not None:
        result["baseImageTrigger"] = _one_trigger(result.get("baseImageTrigger", {}), sent["baseImageTrigger"])
    return result


def _one_trigger(trigger: Members, sent: Members) -> Members:
    """Return a trigger with its defaults: in the update models, a status that is left out is Enabled."""
    result = {**trigger, "status": "Enabled", **_given(sent)}
    if sent.get("sourceRepository") is not None:
        old, new = trigger.get("sourceRepository", {}), _given(sent["sourceRepository"])
        result["sourceRepository"] = {**old, **new}
        if "sourceControlAuthProperties" in new:
            sign_in = {**old.get("sourceControlAuthProperties", {}), **_given(new["sourceControlAuthProperties"])}
            result["sourceRepository"]["sourceControlAuthProperties"] = sign_in
    return result


def _credentials(credentials: Members, sent: Members) -> Members:
    result = {**credentials}
    if sent.get("sourceRegistry") is not None:
        result["sourceRegistry"] = {**credentials.get("sourceRegistry", {}), **_given(sent["sourceRegistry"])}
    if sent.get("customRegistries") is not None:
        result["customRegistries"] = _map(credentials.get("customRegistries", {}), sent["customRegistries"])
    return result


def _identity(identity: Members, sent: Members) -> Members:
    ids = _map(identity.get("userAssignedIdentities", {}), sent.get("userAssignedIdentities") or {})
    return {"type": sent["type"], **({"userAssignedIdentities": ids} if "UserAssigned" in sent["type"] else {})}


def _map(entries: Members, sent: Members) -> Members:
    """Return a map without the entries that are null, and with the others replaced."""
    return {key: value for key, value in {**entries, **sent}.items() if value is not None}
