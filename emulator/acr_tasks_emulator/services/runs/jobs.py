"""Turns a run request, and the task it names, into what an agent needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.runs.causes import Cause
from acr_tasks_emulator.services.runs.overrides import overridden

_STEP_TYPES = {
    "DockerBuildRequest": "Docker",
    "FileTaskRunRequest": "FileTask",
    "EncodedTaskRunRequest": "EncodedTask",
}
_NOT_OF_THE_STEP = {
    *("type", "timeout", "platform", "agentConfiguration", "sourceLocation", "credentials", "isArchiveEnabled"),
    *("agentPoolName", "logTemplate"),
}
_ASKED_LATER = {"logTemplate"}
_REPOSITORY = re.compile(
    r"^git://|^git@|\.git$|^(?:https?://)?[^/]*github[^/]*/|visualstudio\.com|dev\.azure\.com", re.IGNORECASE
)
_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*://|git@|github\.com/|/dev/null", re.IGNORECASE)


@dataclass(frozen=True)
class JobSummary:
    """What a run's own document tells of its job."""

    task_name: str | None
    platform: dict[str, Any]
    agent_configuration: dict[str, Any]
    agent_pool_name: str | None
    update_trigger_token: str | None
    source_registry_auth: str | None
    custom_registries: list[str] | None


def job_values(request: dict[str, Any], task: dict[str, Any] | None, cause: Cause | None = None) -> dict[str, Any]:
    """Return a job as plain values, to be stored with the run; secrets in clear.

    cause: the trigger that starts the task, None when somebody asked for the run. `sourcePath` is the uploaded source's
    relative path, `sourceLocation` any other address of the context. Raises ServiceError for a task that has no step.
    """
    if task is None:
        step = {key: value for key, value in request.items() if key not in _NOT_OF_THE_STEP}
        step["type"] = _STEP_TYPES[request["type"]]
        owner, values, location = request, [], request.get("sourceLocation")
    else:
        if not {"platform", "step"} <= set(task["properties"]):
            raise errors.TASK_WITHOUT_STEP(name=task["name"])
        owner, override = task["properties"], request.get("overrideTaskStepProperties", {})
        step = overridden(owner["step"], override)
        values = [*request.get("values", []), *override.get("values", [])]
        location = step.get("contextPath")
    if cause is not None and cause.reference and location:
        location = _at(location, cause.reference)
    uploaded = location if location and not _REMOTE.match(location) else None
    return {
        "step": step,
        "taskName": task["name"] if task else None,
        "sourcePath": uploaded,
        "sourceLocation": None if uploaded else location,
        "values": values,
        "platform": owner["platform"],
        "agentConfiguration": owner.get("agentConfiguration", {}),
        "agentPoolName": request.get("agentPoolName") or owner.get("agentPoolName"),
        "logTemplate": request.get("logTemplate") or owner.get("logTemplate"),
        "updateTriggerToken": request.get("overrideTaskStepProperties", {}).get("updateTriggerToken"),
        "timeout": owner["timeout"],
        "credentials": owner.get("credentials", {}),
        "triggeredBy": cause.triggered_by if cause else "Manual",
        "git": cause.git if cause else {},
    }


def read_job(values: dict[str, Any]) -> JobSummary:
    """Return the part of a stored job that is no secret."""
    credentials = values["credentials"]
    registries = credentials.get("customRegistries")
    return JobSummary(
        task_name=values["taskName"],
        platform=values["platform"],
        agent_configuration=values.get("agentConfiguration", {}),
        agent_pool_name=values.get("agentPoolName"),
        update_trigger_token=values.get("updateTriggerToken"),
        source_registry_auth=credentials.get("sourceRegistry", {}).get("loginMode"),
        custom_registries=list(registries) if registries else None,
    )


def forget(job: dict[str, Any]) -> None:
    """Remove from a stored job what nobody asks for once its run has ended: it has the run's secrets."""
    for name in job.keys() - _ASKED_LATER:
        del job[name]


def job_of(run_id: str, registry_name: str, login_server: str, values: dict[str, Any], source: Path | None) -> Job:
    """Return the job of a run; `source` is the uploaded archive on this machine."""
    return Job(
        run_id=run_id,
        registry_name=registry_name,
        login_server=login_server,
        step=values["step"],
        task_name=values["taskName"],
        source=source,
        source_location=values["sourceLocation"],
        values=values["values"],
        platform=values["platform"],
        timeout=values["timeout"],
        credentials=values["credentials"],
        triggered_by=values.get("triggeredBy", "Manual"),
        git=values.get("git", {}),
    )


def _at(location: str, reference: str) -> str:
    """The git address with another commit in place of its branch; other addresses stay as they are."""
    address, _, fragment = location.partition("#")
    if not fragment and not _REPOSITORY.search(address):
        return location
    folder = fragment.partition(":")[2]
    return f"{address}#{reference}:{folder}" if folder else f"{address}#{reference}"
