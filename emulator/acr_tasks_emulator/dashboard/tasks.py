"""Tasks as plain values for the templates."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from acr_tasks_emulator.dashboard.runs import platform_text, status_view
from acr_tasks_emulator.dashboard.times import View, duration_text, read_time, time_view
from acr_tasks_emulator.services.tasks.documents import is_enabled

Fact = tuple[str, list[str]]


def task_view(
    registry: str, task: dict[str, Any], last_run: View | None, now: datetime, firings: Mapping[str, datetime]
) -> View:
    """Return a masked Task as the page shows it. firings: the next firing of its timers, by name.

    `facts` are the members of its step by name, `yaml` is the task file that an encoded step carries.
    """
    properties = task["properties"]
    step = properties.get("step", {})  # a system task may have none, and no platform
    about = step.get("dockerFilePath") or step.get("taskFilePath") or "inline YAML"
    return {
        "registry": registry,
        "name": task["name"],
        "status": status_view(properties["status"]),
        "step": f"{step['type']}: {about}" if step else "system task",
        "context": step.get("contextPath", ""),
        "images": step.get("imageNames", []),
        "facts": list(_facts(step)),
        "yaml": _decoded(step.get("encodedTaskContent")),
        "triggers": list(_triggers(properties.get("trigger", {}), now, firings)),
        "next_firing": time_view(min(firings.values()), now) if firings else None,
        "base_images": [_base_image(image) for image in step.get("baseImageDependencies", [])],
        "platform": platform_text(properties.get("platform", {})),
        "cpu": str(properties.get("agentConfiguration", {}).get("cpu", "")),
        "timeout": duration_text(properties["timeout"]),
        "created": read_time(properties.get("creationDate"), now),
        "last_run": last_run,
    }


def _facts(step: dict[str, Any]) -> Iterator[Fact]:
    names = ("contextPath", "dockerFilePath", "target", "taskFilePath", "valuesFilePath", "imageNames")
    for name in (*names, "isPushEnabled", "noCache", "arguments", "values"):
        value = step.get(name)
        if isinstance(value, bool):
            yield name, ["yes" if value else "no"]
        elif isinstance(value, list) and value:
            yield name, [_item(item) for item in value]
        elif value:
            yield name, [str(value)]
    if values := _decoded(step.get("encodedValuesContent")):
        yield "encodedValuesContent", [values]


def _item(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    return f"{item.get('name')}={'***' if item.get('isSecret') else item.get('value', '')}"


def _decoded(text: str | None) -> str:
    try:
        return base64.b64decode(text or "").decode(errors="replace").replace("\r\n", "\n")
    except ValueError:  # not base64: the service accepts it all the same
        return ""


def _triggers(trigger: dict[str, Any], now: datetime, firings: Mapping[str, datetime]) -> Iterator[View]:
    for timer in trigger.get("timerTriggers", []):
        firing = firings.get(timer["name"])
        yield _trigger("timer", timer, timer["schedule"], firing=time_view(firing, now) if firing else None)
    for source in trigger.get("sourceTriggers", []):
        repository = source.get("sourceRepository", {})
        branch = f" {repository['branch']}" if repository.get("branch") else ""
        about = f"{repository.get('repositoryUrl', '')}{branch}"
        yield _trigger("source", source, ", ".join(source["sourceTriggerEvents"]), about)
    if base := trigger.get("baseImageTrigger"):
        yield _trigger("base image", base, base["baseImageTriggerType"])


def _trigger(kind: str, trigger: dict[str, Any], what: str, about: str = "", firing: View | None = None) -> View:
    """Return a trigger: `what` is its schedule, events or kind of base image; `about` has details."""
    shown = {"kind": kind, "name": trigger["name"], "what": what, "about": about}
    return {**shown, "is_enabled": is_enabled(trigger), "next_firing": firing}


def _base_image(image: dict[str, Any]) -> str:
    tag = f":{image['tag']}" if image.get("tag") else ""
    digest = f"@{image['digest']}" if image.get("digest") else ""
    return f"{image.get('registry', '')}/{image.get('repository', '')}{tag}{digest}"
