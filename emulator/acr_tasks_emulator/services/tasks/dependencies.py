"""`baseImageDependencies` of a task's step: the images that its last run was built from. Callers cannot set them."""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.store.tasks import TaskStore

MEMBER = "baseImageDependencies"
_LAST = ("contextPath", "contextAccessToken")
_OF_THE_IMAGE = ("type", "dockerFilePath", "target", "contextPath")


def record(tasks: TaskStore, registry: str, name: str, built: dict[str, Any], found: list[dict[str, str]]) -> None:
    """Store what a run has found, when the task still builds the image of the step `built`."""
    with tasks.transaction():
        task = tasks.get(registry, name)
        if task is not None and _same_image(task["properties"].get("step", {}), built):
            task["properties"]["step"] = _with(task["properties"]["step"], found)
            tasks.put(registry, name, task)


def carried_over(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return a task's new step, with the dependencies of the old one when it still builds the same image.

    It is not known what the service does here: its documents describe the first run only.
    """
    if MEMBER in old and _same_image(new, old):
        return _with(new, old[MEMBER])
    return {name: value for name, value in new.items() if name != MEMBER}


def _same_image(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.get("type") == "Docker" and all(one.get(name) == other.get(name) for name in _OF_THE_IMAGE)


def _with(step: dict[str, Any], found: list[dict[str, str]]) -> dict[str, Any]:
    """Return the step in the order in which the service answers: own members, then those of the base class."""
    own = {name: value for name, value in step.items() if name not in (*_LAST, MEMBER)}
    return {**own, MEMBER: found, **{name: step[name] for name in _LAST if name in step}}
