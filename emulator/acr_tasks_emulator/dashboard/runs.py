"""Runs as plain values for the templates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acr_tasks_emulator.clock import parse
from acr_tasks_emulator.dashboard.status import Status
from acr_tasks_emulator.dashboard.times import ShownTime, duration_text
from acr_tasks_emulator.services.runs.states import ACTIVE


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
    """A run on a page. `duration` does not count the time in the queue; `because` has the details of `cause`."""

    registry: str
    run_id: str
    status: Status
    run_type: str
    task: str | None
    cause: str
    because: str
    created: ShownTime | None
    started: ShownTime | None
    finished: ShownTime | None
    duration: str
    platform: str
    images: list[Image]
    error: str | None

    @property
    def is_active(self) -> bool:
        return self.status.text in ACTIVE


def run_view(registry: str, run: dict[str, Any], now: datetime) -> RunView:
    """Return the view of a Run."""
    properties = run["properties"]
    return RunView(
        registry=registry,
        run_id=properties["runId"],
        status=Status.of(properties["status"]),
        run_type=properties.get("runType", ""),
        task=properties.get("task"),
        cause=_cause(properties),
        because=_because(properties),
        created=ShownTime.of(properties.get("createTime"), now),
        started=ShownTime.of(properties.get("startTime"), now),
        finished=ShownTime.of(properties.get("finishTime"), now),
        duration=_duration(properties, now),
        platform=platform_text(properties.get("platform", {})),
        images=[_image(image) for image in properties.get("outputImages", [])],
        error=properties.get("runErrorMessage"),
    )


def platform_text(platform: dict[str, Any]) -> str:
    """Return a platform as `linux/arm/v7`."""
    return "/".join(platform[name] for name in ("os", "architecture", "variant") if platform.get(name))


def _cause(run: dict[str, Any]) -> str:
    if "timerTrigger" in run:
        return f"Timer {run['timerTrigger'].get('timerTriggerName', '')}".strip()
    if "sourceTrigger" in run:
        kind = "Pull request" if run["sourceTrigger"].get("eventType") == "pullrequest" else "Commit"
        return f"{kind} {run['sourceTrigger'].get('commitId', '')[:7]}".strip()
    return "Base image" if "imageUpdateTrigger" in run else "Manual"


def _because(run: dict[str, Any]) -> str:
    """Return details of the trigger, such as the branch of a commit; empty for a run that a caller asked for."""
    if "timerTrigger" in run:
        return f"due {run['timerTrigger'].get('scheduleOccurrence', '')}"
    if "sourceTrigger" in run:
        source = run["sourceTrigger"]
        number = f"#{source['pullRequestId']} into " if source.get("pullRequestId") else ""
        return f"{number}{source.get('branchName', '')}"
    images = run.get("imageUpdateTrigger", {}).get("images", [])
    return ", ".join(f"{image.get('repository', '')}:{image.get('tag', '')}" for image in images)


def _image(image: dict[str, Any]) -> Image:
    repository, tag, digest = image.get("repository", ""), image.get("tag"), image.get("digest", "")
    return Image(
        name=f"{repository}:{tag}" if tag else repository,
        digest=digest,
        reference=f"{image.get('registry', '')}/{repository}@{digest}",
    )


def _duration(run: dict[str, Any], now: datetime) -> str:
    if not run.get("startTime"):
        return ""
    end = parse(run["finishTime"]) if run.get("finishTime") else now
    seconds = (end - parse(run["startTime"])).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else duration_text(seconds)
