"""Tasks as plain values for the templates."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acr_tasks_emulator.dashboard.runs import RunView, platform_text
from acr_tasks_emulator.dashboard.status import Status
from acr_tasks_emulator.dashboard.times import ShownTime, duration_text

Fact = tuple[str, list[str]]


@dataclass(frozen=True)
class Trigger:
    """A trigger. `what` is its schedule, events or kind of base image; `about` has details."""

    kind: str
    name: str
    what: str
    about: str
    is_enabled: bool
    next_firing: ShownTime | None = None


@dataclass(frozen=True)
class TaskView:
    """A task. `facts` are the members of its step by name, `yaml` the task file that an encoded step carries."""

    registry: str
    name: str
    status: Status
    step: str
    context: str
    images: list[str]
    facts: list[Fact]
    yaml: str
    triggers: list[Trigger]
    next_firing: ShownTime | None
    base_images: list[str]
    platform: str
    cpu: str
    timeout: str
    created: ShownTime | None
    last_run: RunView | None


def task_view(
    registry: str, task: dict[str, Any], last_run: RunView | None, now: datetime, firings: Mapping[str, datetime]
) -> TaskView:
    """Return the view of a masked Task. firings: the next firing of its timers, by name."""
    properties = task["properties"]
    step = properties.get("step", {})  # a system task may have none, and no platform
    about = step.get("dockerFilePath") or step.get("taskFilePath") or "inline YAML"
    is_enabled = properties["status"].lower() == "enabled"
    return TaskView(
        registry=registry,
        name=task["name"],
        status=Status.of(properties["status"]),
        step=f"{step['type']}: {about}" if step else "system task",
        context=step.get("contextPath", ""),
        images=step.get("imageNames", []),
        facts=list(_facts(step)),
        yaml=_decoded(step.get("encodedTaskContent")),
        triggers=list(_triggers(properties.get("trigger", {}), now, firings if is_enabled else {})),
        next_firing=ShownTime.at(min(firings.values()), now) if firings and is_enabled else None,
        base_images=[_base_image(image) for image in step.get("baseImageDependencies", [])],
        platform=platform_text(properties.get("platform", {})),
        cpu=str(properties.get("agentConfiguration", {}).get("cpu", "")),
        timeout=duration_text(properties["timeout"]),
        created=ShownTime.of(properties.get("creationDate"), now),
        last_run=last_run,
    )


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


def _triggers(trigger: dict[str, Any], now: datetime, firings: Mapping[str, datetime]) -> Iterator[Trigger]:
    for timer in trigger.get("timerTriggers", []):
        firing = firings.get(timer["name"])
        shown = ShownTime.at(firing, now) if firing else None
        yield Trigger("timer", timer["name"], timer["schedule"], "", _is_enabled(timer), shown)
    for source in trigger.get("sourceTriggers", []):
        repository = source.get("sourceRepository", {})
        branch = f" {repository['branch']}" if repository.get("branch") else ""
        about = f"{repository.get('repositoryUrl', '')}{branch}"
        yield Trigger("source", source["name"], ", ".join(source["sourceTriggerEvents"]), about, _is_enabled(source))
    if base := trigger.get("baseImageTrigger"):
        yield Trigger("base image", base["name"], base["baseImageTriggerType"], "", _is_enabled(base))


def _is_enabled(trigger: dict[str, Any]) -> bool:
    return str(trigger.get("status") or "Enabled").lower() == "enabled"


def _base_image(image: dict[str, Any]) -> str:
    tag = f":{image['tag']}" if image.get("tag") else ""
    digest = f"@{image['digest']}" if image.get("digest") else ""
    return f"{image.get('registry', '')}/{image.get('repository', '')}{tag}{digest}"
