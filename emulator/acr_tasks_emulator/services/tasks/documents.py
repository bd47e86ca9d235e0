"""Task documents: the stored one, and its members that answers show.

listDetails shows everything; every other answer masks the secrets.
"""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.services.sign_in import identities
from acr_tasks_emulator.services.versions import ApiVersion
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.tasks import TaskStore
from acr_tasks_emulator.switches import Switches

Task = dict[str, Any]

# The order of members in the service's answers. Other members are unknown to the emulator; a switch keeps them.
_PROPERTIES = (
    *("status", "platform", "agentConfiguration", "agentPoolName", "timeout", "step", "trigger", "credentials"),
    *("logTemplate", "isSystemTask"),
)
_READ_ONLY_PROPERTIES = ("provisioningState", "creationDate")
# `baseImageDependencies` of a step: the images that its last run was built from. Callers cannot set them.
_BASE_IMAGES = "baseImageDependencies"
_LAST = ("contextPath", "contextAccessToken")
_OF_THE_IMAGE = ("type", "dockerFilePath", "target", "contextPath")
_MEMBERS = ("identity", "properties", "location", "tags", "type", "id", "name", "systemData")


def task_id(registry: RegistryRow, name: str) -> str:
    """Return a task's ARM id."""
    return f"{registry.id}/tasks/{name}"


def is_enabled(owner: dict[str, Any]) -> bool:
    """Tell whether a trigger, or the task with these properties, is enabled."""
    return str(owner.get("status") or "Enabled").lower() == "enabled"


def document(registry: RegistryRow, name: str, sent: Task, old: Task | None, created: str, now: str) -> Task:
    """Return a task as it is stored.

    sent: identity, properties and tags. old: the task that it replaces. created, now: the creationDate, and the time of
    this change. An empty object among the properties, such as `credentials: {}`, is not stored.
    """
    author = old["systemData"] if old else {"createdBy": identities.CALLER, "createdByType": "User", "createdAt": now}
    properties = sent["properties"]
    resource_id = task_id(registry, name)
    task: Task = {"type": "Microsoft.ContainerRegistry/registries/tasks"}
    if sent.get("identity"):
        task["identity"] = identities.complete(sent["identity"], resource_id)
    task["properties"] = {
        "provisioningState": "Succeeded",
        "creationDate": created,
        **{key: properties[key] for key in _PROPERTIES if properties.get(key) not in (None, {})},
        **{key: value for key, value in properties.items() if key not in _PROPERTIES + _READ_ONLY_PROPERTIES},
    }
    task |= {"id": resource_id, "name": name, "location": registry.location}
    if old is not None and "step" in task["properties"]:
        old_step = old["properties"].get("step", {})
        task["properties"]["step"] = _carried_over(task["properties"]["step"], old_step)
    if sent.get("tags") is not None:
        task["tags"] = sent["tags"]
    task |= {key: value for key, value in sent.items() if key not in _MEMBERS}
    task["systemData"] = {
        **{key: author[key] for key in ("createdBy", "createdByType", "createdAt")},
        "lastModifiedBy": identities.CALLER,
        "lastModifiedByType": "User",
        "lastModifiedAt": now,
    }
    return task


def masked(task: Task, switches: Switches) -> Task:
    """Mask a task in place for the answers of PUT, PATCH, GET and LIST, and return it.

    Registry credentials keep their hosts and lose their values. Secret arguments and values are left out, as in the
    official examples, or lose their value. Tokens and the endpoint of a base image trigger are left out.
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


def of_version(task: Task, version: ApiVersion | None, switches: Switches) -> Task:
    """Return a task with the members of a version; with all members when `version` is None or a switch keeps them."""
    return task if version is None or switches.unknown_members == "kept" else version.shown("Task", task)


def detailed(task: Task, switches: Switches) -> Task:
    """Edit a task in place for the answer of listDetails, and return it."""
    if switches.source_registry == "null" and "credentials" in task["properties"]:
        task["properties"]["credentials"]["sourceRegistry"] = None
    return task


def _without_secrets(items: list[Task], switches: Switches) -> list[Task]:
    if switches.secret_arguments == "dropped":  # noqa: S105 - a choice, no password
        return [item for item in items if not item.get("isSecret")]
    return [{**item, "value": ""} if item.get("isSecret") else item for item in items]


def record_base_images(
    tasks: TaskStore, registry: str, name: str, built: dict[str, Any], found: list[dict[str, str]]
) -> None:
    """Store what a run has found, when the task still builds the image of the step `built`."""
    with tasks.transaction():
        task = tasks.get(registry, name)
        if task is not None and _same_image(task["properties"].get("step", {}), built):
            task["properties"]["step"] = _with(task["properties"]["step"], found)
            tasks.put(registry, name, task)


def _carried_over(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return a task's new step, with the dependencies of the old one when it still builds the same image.

    It is not known what the service does here: its documents describe the first run only.
    """
    if _BASE_IMAGES in old and _same_image(new, old):
        return _with(new, old[_BASE_IMAGES])
    return {name: value for name, value in new.items() if name != _BASE_IMAGES}


def _same_image(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.get("type") == "Docker" and all(one.get(name) == other.get(name) for name in _OF_THE_IMAGE)


def _with(step: dict[str, Any], found: list[dict[str, str]]) -> dict[str, Any]:
    """Return the step in the order in which the service answers: own members, then those of the base class."""
    own = {name: value for name, value in step.items() if name not in (*_LAST, _BASE_IMAGES)}
    return {**own, _BASE_IMAGES: found, **{name: step[name] for name in _LAST if name in step}}
