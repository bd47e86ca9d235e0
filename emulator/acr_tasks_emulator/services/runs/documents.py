"""What the service shows of a run from its beginning: the document that is stored, and what is noted of changes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from acr_tasks_emulator.clock import round_trip, whole_seconds
from acr_tasks_emulator.services.conditions.refusals import CALLER
from acr_tasks_emulator.services.registries.registries import id_of
from acr_tasks_emulator.services.runs.causes import Cause
from acr_tasks_emulator.services.runs.jobs import read_job
from acr_tasks_emulator.services.tasks import rules
from acr_tasks_emulator.store.registries import RegistryRow

Run = dict[str, Any]


def queued(
    registry: RegistryRow, identifier: str, request: Run, values: Run, cause: Cause | None, now: datetime
) -> Run:
    """Return a run that waits. values: of its job. cause: the trigger that started it, None for a caller."""
    job = read_job(values)
    properties = {
        "runId": identifier,
        "status": "Queued",
        "lastUpdatedTime": whole_seconds(now),
        "runType": _run_type(request, values, cause),
        "agentPoolName": job.agent_pool_name,
        "createTime": round_trip(now),
        "task": job.task_name,
        "platform": job.platform,
        "agentConfiguration": {"cpu": rules.CORES, **job.agent_configuration},
        "sourceRegistryAuth": job.source_registry_auth,
        "customRegistries": job.custom_registries,
        "updateTriggerToken": job.update_trigger_token,
        "provisioningState": "Succeeded",
        "isArchiveEnabled": request["isArchiveEnabled"],
        **({cause.member: cause.value} if cause else {}),
    }
    return {
        "type": "Microsoft.ContainerRegistry/registries/runs",
        "properties": {name: value for name, value in properties.items() if value is not None},
        "id": f"{id_of(registry)}/runs/{identifier}",
        "name": identifier,
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


def _modified(moment: str) -> Run:
    return {"lastModifiedBy": CALLER, "lastModifiedByType": "User", "lastModifiedAt": moment}


def _run_type(request: Run, values: Run, cause: Cause | None) -> str:
    """Return the run's type; a task that is run by hand is a QuickRun even when it builds (facts section 5.1)."""
    if cause is not None:
        return "AutoBuild" if values["step"]["type"] == "Docker" else "AutoRun"
    return "QuickBuild" if request["type"] == "DockerBuildRequest" else "QuickRun"
