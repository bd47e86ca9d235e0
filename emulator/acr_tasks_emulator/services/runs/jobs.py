"""The job of a run, made of its request, the step of the task that the request names, and the run's overrides."""

from __future__ import annotations

import posixpath
from typing import Any
from urllib.parse import urlsplit

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.source.location import NO_SOURCE, is_address, is_repository
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.blobs.blobs import is_upload
from acr_tasks_emulator.services.runs.causes import Cause
from acr_tasks_emulator.services.tasks.merge import items_by_name

Members = dict[str, Any]

_STEP_TYPES = {
    "DockerBuildRequest": "Docker",
    "FileTaskRunRequest": "FileTask",
    "EncodedTaskRunRequest": "EncodedTask",
}
_NOT_OF_THE_STEP = {
    *("type", "timeout", "platform", "agentConfiguration", "sourceLocation", "credentials", "isArchiveEnabled"),
    *("agentPoolName", "logTemplate"),
}
# The member of a step that `file` overrides; an encoded step has no file.
_FILES = {"Docker": "dockerFilePath", "FileTask": "taskFilePath"}


def new_job(request: Members, task: Members | None, cause: Cause | None = None) -> Job:
    """Return the job of a run that has no id yet.

    task: the task that the request names. cause: the trigger that starts the run, None for a run by scheduleRun.
    Raises ServiceError for a task that has no step.
    """
    override = request.get("overrideTaskStepProperties", {})
    if task is None:
        step = {key: value for key, value in request.items() if key not in _NOT_OF_THE_STEP}
        step["type"] = _STEP_TYPES[request["type"]]
        owner, values, location = request, [], request.get("sourceLocation")
    else:
        owner = task["properties"]
        if not {"platform", "step"} <= owner.keys():
            raise errors.TASK_WITHOUT_STEP(name=task["name"])
        step = overridden(owner["step"], override)
        values = [*request.get("values", []), *override.get("values", [])]
        location = override.get("contextPath") or _in_repository(step.get("contextPath"), owner.get("trigger") or {})
    if cause is not None and cause.reference and location:
        location = _at_commit(location, cause.reference)
    uploaded = location if location and not (is_address(location) or location.lower() == NO_SOURCE) else None
    return Job(
        run_id="",
        registry_name="",
        login_server="",
        step=step,
        task_name=task["name"] if task else None,
        source_path=uploaded,
        source_location=None if uploaded else location,
        values=values,
        platform=owner["platform"],
        agent_configuration=owner.get("agentConfiguration", {}),
        agent_pool_name=request.get("agentPoolName") or owner.get("agentPoolName"),
        log_template=request.get("logTemplate") or owner.get("logTemplate"),
        update_trigger_token=override.get("updateTriggerToken"),
        timeout=owner["timeout"],
        credentials=owner.get("credentials", {}),
        triggered_by=cause.triggered_by if cause else "Manual",
        git=cause.git if cause else {},
    )


def overridden(step: Members, override: Members) -> Members:
    """Return a copy of a task's step with the `overrideTaskStepProperties` of a run.

    Arguments are replaced or added by name. Arguments and `target` apply to a Docker step only. Values belong to the
    run, not to the step. The task's token is dropped when the context moves to another host.
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
    """Return scheme and host of an address; both are empty for text that is not an address."""
    try:
        parts = urlsplit(location if "://" in location else f"https://{location}")
    except ValueError:
        return "", ""
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _in_repository(context: str | None, trigger: Members) -> str | None:
    """Return the address of a context that is a folder of the repository of a task's only source trigger.

    Any other context is returned as it is, uploads too.
    """
    sources = trigger.get("sourceTriggers") or []
    if not context or is_address(context) or context.lower() == NO_SOURCE or is_upload(context) or len(sources) != 1:
        return context
    repository = sources[0]["sourceRepository"]
    folder = posixpath.normpath(context).strip("/")
    return f"{repository['repositoryUrl']}#{repository.get('branch') or ''}:{'' if folder == '.' else folder}"


def _at_commit(location: str, commit: str) -> str:
    """Return a git address with a commit in place of its branch; other addresses stay as they are."""
    address, _, fragment = location.partition("#")
    if not fragment and not is_repository(address):
        return location
    folder = fragment.partition(":")[2]
    return f"{address}#{commit}:{folder}" if folder else f"{address}#{commit}"
