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
        return cls.at(parse(text), now) if text else None

    @classmethod
    def at(cls, moment: datetime, now: datetime) -> Moment:
        seconds = (now - moment).total_seconds()
        spoken = f"{_spoken(seconds)} ago" if seconds >= 0 else f"in {_spoken(1 - seconds)}"
        return cls(moment.strftime("%Y-%m-%d %H:%M:%S UTC"), spoken)


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
    """A run. `duration` is that of the agent's work, without the time in the queue; `because` tells more of `cause`."""

    registry: str
    run_id: str
    status: Status
    run_type: str
    task: str | None
    cause: str
    because: str
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
    next_firing: Moment | None
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
        because=_because(properties),
        created=Moment.of(properties.get("createTime"), now),
        started=Moment.of(properties.get("startTime"), now),
        finished=Moment.of(properties.get("finishTime"), now),
        duration=_duration(properties, now),
        platform=_platform(properties.get("platform", {})),
        images=[_image(image) for image in properties.get("outputImages", [])],
        error=properties.get("runErrorMessage"),
    )


def task_view(
    task: dict[str, Any], last_run: RunView | None, now: datetime, next_firing: datetime | None = None
) -> TaskView:
    """Return what to show of a (masked) Task. next_firing: when the first of its timers fires."""
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
        next_firing=Moment.at(next_firing, now) if next_firing else None,
        platform=_platform(properties["platform"]),
        timeout=_spoken(properties["timeout"]),
        last_run=last_run,
    )


def _cause(run: dict[str, Any]) -> str:
    if "timerTrigger" in run:
        return f"Timer {run['timerTrigger'].get('timerTriggerName', '')}".strip()
    if "sourceTrigger" in run:
        kind = "Pull request" if run["sourceTrigger"].get("eventType") == "pullrequest" else "Commit"
        return f"{kind} {run['sourceTrigger'].get('commitId', '')[:7]}".strip()
    return "Base image" if "imageUpdateTrigger" in run else "Manual"


def _because(run: dict[str, Any]) -> str:
    """Say what the trigger saw, such as the branch of a commit; empty for a run that somebody asked for."""
    if "timerTrigger" in run:
        return f"due {run['timerTrigger'].get('scheduleOccurrence', '')}"
    if "sourceTrigger" in run:
        source = run["sourceTrigger"]
        number = f"#{source['pullRequestId']} into " if source.get("pullRequestId") else ""
        return f"{number}{source.get('branchName', '')}"
    images = run.get("imageUpdateTrigger", {}).get("images", [])
    return ", ".join(f"{image.get('repository', '')}:{image.get('tag', '')}" for image in images)


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
