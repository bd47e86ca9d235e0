"""Runs as plain values for the templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from acr_tasks_emulator.clock import parse
from acr_tasks_emulator.dashboard.times import View, duration_text, read_time
from acr_tasks_emulator.services.runs.states import ACTIVE

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


def status_view(text: str) -> View:
    """Return a status with its colour and its mark."""
    look, mark = _LOOKS.get(text, ("waiting", "?"))
    return {"text": text, "look": look, "mark": mark}


def run_view(registry: str, run: dict[str, Any], now: datetime) -> View:
    """Return a Run as the page shows it. `duration` does not count the time in the queue."""
    properties = run["properties"]
    return {
        "registry": registry,
        "run_id": properties["runId"],
        "status": status_view(properties["status"]),
        "is_active": properties["status"] in ACTIVE,
        "run_type": properties.get("runType", ""),
        "task": properties.get("task"),
        "cause": _cause(properties),
        "because": _because(properties),
        "created": read_time(properties.get("createTime"), now),
        "started": read_time(properties.get("startTime"), now),
        "finished": read_time(properties.get("finishTime"), now),
        "duration": _duration(properties, now),
        "platform": platform_text(properties.get("platform", {})),
        "images": [_image(image) for image in properties.get("outputImages", [])],
        "error": properties.get("runErrorMessage"),
    }


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


def _image(image: dict[str, Any]) -> View:
    """Return a pushed image: `name` is repository:tag, and `reference` can be pulled."""
    repository, tag, digest = image.get("repository", ""), image.get("tag"), image.get("digest", "")
    return {
        "name": f"{repository}:{tag}" if tag else repository,
        "digest": digest,
        "short_digest": digest[:19],
        "reference": f"{image.get('registry', '')}/{repository}@{digest}",
    }


def _duration(run: dict[str, Any], now: datetime) -> str:
    if not run.get("startTime"):
        return ""
    end = parse(run["finishTime"]) if run.get("finishTime") else now
    seconds = (end - parse(run["startTime"])).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else duration_text(seconds)
