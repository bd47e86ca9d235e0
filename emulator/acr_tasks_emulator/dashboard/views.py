"""What the page shows of tasks and runs, as plain values for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acr_tasks_emulator.clock import parse

ACTIVE = {"Queued", "Started", "Running"}
# Colour and mark of a status; the mark makes it readable without colours.
_LOOKS = {
    "Queued": ("waiting", "○"),
    "Started": ("busy", "◐"),
    "Running": ("busy", "◐"),
    "Succeeded": ("good", "✓"),
    "Failed": ("bad", "✗"),
    "Error": ("bad", "!"),
    "Timeout": ("bad", "!"),
    "Canceled": ("waiting", "⊘"),
    "Enabled": ("good", "✓"),
    "Disabled": ("waiting", "⊘"),
}


@dataclass(frozen=True)
class Status:
    """A status with its looks."""

    text: str
    look: str
    mark: str

    @classmethod
    def of(cls, text: str) -> Status:
        look, mark = _LOOKS.get(text, ("waiting", "?"))
        return cls(text, look, mark)


@dataclass(frozen=True)
class Moment:
    """A time: exactly, and as people say it."""

    exact: str
    spoken: str

    @classmethod
    def of(cls, text: str | None, now: datetime) -> Moment | None:
        if not text:
            return None
        moment = parse(text)
        return cls(moment.strftime("%Y-%m-%d %H:%M:%S UTC"), f"{_spoken((now - moment).total_seconds())} ago")


@dataclass(frozen=True)
class Image:
    """An image that a run pushed. `name` is repository:tag; `reference` can be pulled: registry/repository@digest."""

    name: str
    digest: str
    reference: str

    @property
    def short_digest(self) -> str:
        return self.digest[:19]


@dataclass(frozen=True)
class RunView:
    """A run. `duration` is that of the agent's work, without the time in the queue."""

    registry: str
    run_id: str
    status: Status
    run_type: str
    task: str | None
    cause: str
    created: Moment | None
    started: Moment | None
    finished: Moment | None
    duration: str
    platform: str
    images: list[Image]
    error: str | None

    @property
    def is_active(self) -> bool:
        return self.status.text in ACTIVE


@dataclass(frozen=True)
class TaskView:
    """A task."""

    name: str
    status: Status
    step: str
    context: str
    images: list[str]
    triggers: list[tuple[str, str, bool]]
    platform: str
    timeout: str
    last_run: RunView | None


def run_view(registry: str, run: dict[str, Any], now: datetime) -> RunView:
    """Return what to show of a Run."""
    properties = run["properties"]
    return RunView(
        registry=registry,
        run_id=properties["runId"],
        status=Status.of(properties["status"]),
        run_type=properties.get("runType", ""),
        task=properties.get("task"),
        cause=_cause(properties),
        created=Moment.of(properties.get("createTime"), now),
        started=Moment.of(properties.get("startTime"), now),
        finished=Moment.of(properties.get("finishTime"), now),
        duration=_duration(properties, now),
        platform=_platform(properties.get("platform", {})),
        images=[_image(image) for image in properties.get("outputImages", [])],
        error=properties.get("runErrorMessage"),
    )


def task_view(task: dict[str, Any], last_run: RunView | None) -> TaskView:
    """Return what to show of a (masked) Task."""
    properties = task["properties"]
    step = properties["step"]
    about = step.get("dockerFilePath") or step.get("taskFilePath") or "inline YAML"
    return TaskView(
        name=task["name"],
        status=Status.of(properties["status"]),
        step=f"{step['type']}: {about}",
        context=step.get("contextPath", ""),
        images=step.get("imageNames", []),
        triggers=_triggers(properties.get("trigger", {})),
        platform=_platform(properties["platform"]),
        timeout=_spoken(properties["timeout"]),
        last_run=last_run,
    )


def _cause(run: dict[str, Any]) -> str:
    if "timerTrigger" in run:
        return f"Timer {run['timerTrigger'].get('timerTriggerName', '')}".strip()
    if "sourceTrigger" in run:
        return (
            f"{run['sourceTrigger'].get('eventType', 'Source')} {run['sourceTrigger'].get('commitId', '')[:7]}".strip()
        )
    return "Base image" if "imageUpdateTrigger" in run else "Manual"


def _triggers(trigger: dict[str, Any]) -> list[tuple[str, str, bool]]:
    found = [
        (f"timer {timer['name']}", timer["schedule"], timer.get("status") != "Disabled")
        for timer in trigger.get("timerTriggers", [])
    ]
    found += [
        (f"source {source['name']}", ", ".join(source["sourceTriggerEvents"]), source.get("status") != "Disabled")
        for source in trigger.get("sourceTriggers", [])
    ]
    base = trigger.get("baseImageTrigger")
    if base:
        found.append((f"base image {base['name']}", base["baseImageTriggerType"], base.get("status") != "Disabled"))
    return found


def _image(image: dict[str, Any]) -> Image:
    repository, tag, digest = image.get("repository", ""), image.get("tag"), image.get("digest", "")
    return Image(
        name=f"{repository}:{tag}" if tag else repository,
        digest=digest,
        reference=f"{image.get('registry', '')}/{repository}@{digest}",
    )


def _platform(platform: dict[str, Any]) -> str:
    return "/".join(platform[name] for name in ("os", "architecture", "variant") if platform.get(name))


def _duration(run: dict[str, Any], now: datetime) -> str:
    if not run.get("startTime"):
        return ""
    end = parse(run["finishTime"]) if run.get("finishTime") else now
    seconds = (end - parse(run["startTime"])).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else _spoken(seconds)


def _spoken(seconds: float) -> str:
    """Say a length of time in its two largest units, such as `1 h 30 min`."""
    left = max(0, int(seconds))
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    shown = [f"{count} {unit}" for count, unit in parts[:2] if count]
    return " ".join(shown) or "0 s"


_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
