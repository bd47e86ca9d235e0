"""What of a task the service shows: everything in listDetails, secrets masked anywhere else (facts section 4.4)."""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.switches import Switches

Task = dict[str, Any]


def masked(task: Task, switches: Switches) -> Task:
    """Change a task into what PUT, PATCH, GET and LIST show of it, and return it.

    Registry credentials keep their hosts and lose their values; secret arguments and values are left out whole, as in
    the official examples, or lose their value; tokens are left out, and so is the endpoint of a base image trigger.
    """
    properties = task["properties"]
    step = properties.get("step", {})
    step.pop("contextAccessToken", None)
    for name in ("arguments", "values"):
        if name in step:
            step[name] = _without_secrets(step[name], switches)
    for source in properties.get("trigger", {}).get("sourceTriggers", []):
        source["sourceRepository"].pop("sourceControlAuthProperties", None)
    properties.get("trigger", {}).get("baseImageTrigger", {}).pop("updateTriggerEndpoint", None)
    registries = properties.get("credentials", {}).get("customRegistries")
    if registries is not None:
        properties["credentials"]["customRegistries"] = dict.fromkeys(registries)
    return detailed(task, switches)


def detailed(task: Task, switches: Switches) -> Task:
    """Change a task into what listDetails shows of it, and return it."""
    if switches.source_registry == "null" and "credentials" in task["properties"]:
        task["properties"]["credentials"]["sourceRegistry"] = None
    return task


def _without_secrets(items: list[Task], switches: Switches) -> list[Task]:
    if switches.secret_arguments == "dropped":  # noqa: S105 - a choice, no password
        return [item for item in items if not item.get("isSecret")]
    return [{**item, "value": ""} if item.get("isSecret") else item for item in items]
