"""Run documents: the one that is stored for a new run, what ScheduleRun answers, and what a PATCH changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from acr_tasks_emulator.clock import round_trip, whole_seconds
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.services.runs.causes import Cause
from acr_tasks_emulator.services.sign_in.identities import CALLER
from acr_tasks_emulator.services.tasks import rules
from acr_tasks_emulator.store.registries import RegistryRow

Run = dict[str, Any]
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def run_id(prefix: str, number: int) -> str:
    """Return a run id such as `cf2a`: two letters of the registry and a counter, from 1, in base 36."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return prefix + digits


def queued(registry: RegistryRow, request: Run, job: Job, cause: Cause | None, now: datetime) -> Run:
    """Return the document of a run that waits. cause: the trigger that started it, None for a caller."""
    registries = job.credentials.get("customRegistries")
    properties = {
        "runId": job.run_id,
        "status": "Queued",
        "lastUpdatedTime": whole_seconds(now),
        "runType": _run_type(request, job, cause),
        "agentPoolName": job.agent_pool_name,
        "createTime": round_trip(now),
        "task": job.task_name,
        "platform": job.platform,
        "agentConfiguration": {"cpu": rules.CORES, **job.agent_configuration},
        "sourceRegistryAuth": job.credentials.get("sourceRegistry", {}).get("loginMode"),
        "customRegistries": list(registries) if registries else None,
        "updateTriggerToken": job.update_trigger_token,
        "provisioningState": "Succeeded",
        "isArchiveEnabled": request["isArchiveEnabled"],
        **({cause.member: cause.value} if cause else {}),
    }
    return {
        "type": "Microsoft.ContainerRegistry/registries/runs",
        "properties": {name: value for name, value in properties.items() if value is not None},
        "id": f"{registry.id}/runs/{job.run_id}",
        "name": job.run_id,
        "systemData": _modified(round_trip(now)),
    }


def just_scheduled(document: Run) -> Run:
    """Return what ScheduleRun answers: run type, platform and createTime come with the first GET only."""
    shown = ("runId", "status", "lastUpdatedTime", "provisioningState", "isArchiveEnabled")
    return {**document, "properties": {name: document["properties"][name] for name in shown}}


def update(document: Run, members: Run, now: datetime) -> None:
    """Write members into a run that the caller changes."""
    document["properties"] |= {**members, "lastUpdatedTime": whole_seconds(now)}
    created = {"createdBy": CALLER, "createdByType": "User", "createdAt": round_trip(now)}
    document["systemData"] = {**created, **document["systemData"], **_modified(round_trip(now))}


def _modified(time: str) -> Run:
    return {"lastModifiedBy": CALLER, "lastModifiedByType": "User", "lastModifiedAt": time}


def _run_type(request: Run, job: Job, cause: Cause | None) -> str:
    """Return the run's type. A task that a caller runs is a QuickRun even when it builds, as in the service."""
    if cause is not None:
        return "AutoBuild" if job.kind == "Docker" else "AutoRun"
    return "QuickBuild" if request["type"] == "DockerBuildRequest" else "QuickRun"
