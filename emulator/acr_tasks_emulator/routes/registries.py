"""Registries_ScheduleRun, Registries_GetBuildSourceUploadUrl, and GET of the registry itself."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.arm import (
    REGISTRY,
    ArmRoute,
    answer,
    body_of,
    open_call,
    query,
    registry_of,
    services_of,
)
from acr_tasks_emulator.routes.operations import accepted
from acr_tasks_emulator.services import refusals, versions


async def get_registry(request: Request) -> Response:
    """Show a registry, under any api-version that has more than tasks and runs."""
    versions.well_formed(query(request, "api-version"))
    registry = registry_of(request)
    versions.require_for_registry(query(request, "api-version"), registry.location)
    return answer(services_of(request).registries.show(registry))


async def schedule_run(request: Request) -> Response:
    """Registries_ScheduleRun."""
    call = open_call(request, "runs")
    runs, registry = call.services.runs, call.registry
    run = runs.schedule(registry, await body_of(request))
    if call.services.operations.enabled:
        return accepted(call, request.url.path, "Creating", lambda: runs.get(registry, run["name"]))
    return answer(run)


async def get_build_source_upload_url(request: Request) -> Response:
    """Registries_GetBuildSourceUploadUrl."""
    call = open_call(request, "runs")
    refusals.check_change_of_task(call.services.switches, call.registry)
    relative_path, link = call.services.blobs.new_source(call.registry, request.state.correlation_id)
    return answer({"uploadUrl": call.link(link), "relativePath": relative_path})


ROUTES: list[BaseRoute] = [
    ArmRoute(REGISTRY, get_registry, methods=["GET"]),
    ArmRoute(REGISTRY + "/scheduleRun", schedule_run, methods=["POST"]),
    ArmRoute(REGISTRY + "/listBuildSourceUploadUrl", get_build_source_upload_url, methods=["POST"]),
]
