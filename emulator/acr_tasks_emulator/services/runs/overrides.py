"""What a TaskRunRequest of the previews puts in place of members of the task's step: `overrideTaskStepProperties`."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from acr_tasks_emulator.services.tasks.merge import items_by_name

Members = dict[str, Any]
# The member of a step that `file` stands for; an encoded step has none, and takes no file.
_FILES = {"Docker": "dockerFilePath", "FileTask": "taskFilePath"}


def overridden(step: Members, override: Members) -> Members:
    """Return a task's step with what a run overrides; the step itself stays as it is.

    Arguments are replaced or added by name, and like `target` are for a Docker step only. Values are those of the run,
    not of the step: see `jobs`. The task's token is not taken to another host than it was given for.
    """
    result = dict(step)
    kind = step["type"]
    if override.get("file") and kind in _FILES:
        result[_FILES[kind]] = override["file"]
    if kind == "Docker":
        if override.get("target"):
            result["target"] = override["target"]
        if override.get("arguments"):
            result["arguments"] = items_by_name(step.get("arguments", []), override["arguments"])
    if override.get("contextPath"):
        result["contextPath"] = override["contextPath"]
        if _host(override["contextPath"]) != _host(step.get("contextPath") or ""):
            result.pop("contextAccessToken", None)
    return result


def _host(location: str) -> tuple[str, str]:
    """Scheme and host of an address; empty for what is none."""
    try:
        parts = urlsplit(location if "://" in location else f"https://{location}")
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()
