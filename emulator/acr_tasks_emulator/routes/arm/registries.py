"""Registries: the resource itself, ScheduleRun and GetBuildSourceUploadUrl."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.arm.long_running import accepted
from acr_tasks_emulator.routes.http import (
    REGISTRY,
    ArmRoute,
    answer,
    api_version,
    body_of,
    open_call,
    registry_of,
    services_of,
)
from acr_tasks_emulator.services import versions
from acr_tasks_emulator.services.registries import bodies as registry_bodies
from acr_tasks_emulator.settings import LOCATION
from acr_tasks_emulator.store.registries import RegistryRow


async def get(request: Request) -> Response:
    """Registries_Get, under any api-version that has more than tasks and runs."""
    return answer(services_of(request).registries.show(_registry(request)))


async def put(request: Request) -> Response:
    """Registries_Create: 201 for a new registry, 200 for one that was there."""
    _check_version(request, LOCATION)
    registries, parts = services_of(request).registries, request.path_params
    row, is_new = registries.put(
        parts["subscription_id"], parts["resource_group_name"], parts["registry_name"], await body_of(request)
    )
    return answer(registries.show(row), 201 if is_new else 200)


async def update(request: Request) -> Response:
    """Registries_Update."""
    registries, row = services_of(request).registries, _registry(request)
    return answer(registries.show(registries.update(row, await body_of(request))))


async def delete(request: Request) -> Response:
    """Registries_Delete: 200, or 204 when the group has no registry of that name."""
    _check_version(request, LOCATION)
    services, parts = services_of(request), request.path_params
    in_group = services.registries.within(parts["subscription_id"], parts["resource_group_name"])
    row = next((row for row in in_group if row.name.lower() == parts["registry_name"].lower()), None)
    if row is None:
        return Response(status_code=204)
    await run_in_threadpool(services.removal.registry, row)
    return Response(status_code=200)


async def list_registries(request: Request) -> Response:
    """Registries_List and Registries_ListByResourceGroup, by name, in one page."""
    _check_version(request, LOCATION)
    registries, parts = services_of(request).registries, request.path_params
    rows = registries.within(parts["subscription_id"], parts.get("resource_group_name"))
    return answer({"value": [registries.show(row) for row in rows]})


async def check_name_availability(request: Request) -> Response:
    """Registries_CheckNameAvailability: a name belongs to one registry in all subscriptions."""
    _check_version(request, LOCATION)
    services = services_of(request)
    services.resource_groups.check_subscription(request.path_params["subscription_id"])
    return answer(services.registries.name_availability(await body_of(request)))


async def list_credentials(request: Request) -> Response:
    """Registries_ListCredentials: user name and passwords for docker, when the admin user is enabled."""
    return answer(services_of(request).registries.credentials(_registry(request)))


async def list_usages(request: Request) -> Response:
    """Registries_ListUsages: the limits of the SKU; usage is not measured."""
    return answer({"value": registry_bodies.usages(_registry(request).document)})


async def list_replications(request: Request) -> Response:
    """Replications_List: an empty list."""
    _registry(request)
    return answer({"value": []})


async def schedule_run(request: Request) -> Response:
    """Registries_ScheduleRun."""
    call = open_call(request, "runs")
    runs, registry = call.services.runs, call.registry
    run = runs.schedule(registry, await body_of(request), call.version)
    if call.is_long_running:
        return accepted(
            call, request.url.path, "Creating", lambda: runs.shown(runs.get(registry, run["name"]), call.version)
        )
    return answer(runs.shown(run, call.version))


async def get_build_source_upload_url(request: Request) -> Response:
    """Registries_GetBuildSourceUploadUrl."""
    call = open_call(request, "runs")
    relative_path, link = call.services.blobs.new_source(call.registry.key, request.state.correlation_id)
    return answer({"relativePath": relative_path, "uploadUrl": call.link(link)})


def _registry(request: Request) -> RegistryRow:
    api_version(request)
    registry = registry_of(request)
    _check_version(request, registry.location)
    return registry


def _check_version(request: Request, location: str) -> None:
    versions.require_for_registry(api_version(request), location)


_SUBSCRIPTION = "/subscriptions/{subscription_id}"
_PROVIDER = "/providers/Microsoft.ContainerRegistry"
ROUTES: list[BaseRoute] = [
    ArmRoute(REGISTRY, get, methods=["GET"]),
    ArmRoute(REGISTRY, put, methods=["PUT"]),
    ArmRoute(REGISTRY, update, methods=["PATCH"]),
    ArmRoute(REGISTRY, delete, methods=["DELETE"]),
    ArmRoute(REGISTRY.removesuffix("/{registry_name}"), list_registries, methods=["GET"]),
    ArmRoute(f"{_SUBSCRIPTION}{_PROVIDER}/registries", list_registries, methods=["GET"]),
    ArmRoute(f"{_SUBSCRIPTION}{_PROVIDER}/checkNameAvailability", check_name_availability, methods=["POST"]),
    ArmRoute(REGISTRY + "/listCredentials", list_credentials, methods=["POST"]),
    ArmRoute(REGISTRY + "/listUsages", list_usages, methods=["GET"]),
    ArmRoute(REGISTRY + "/replications", list_replications, methods=["GET"]),
    ArmRoute(REGISTRY + "/scheduleRun", schedule_run, methods=["POST"]),
    ArmRoute(REGISTRY + "/listBuildSourceUploadUrl", get_build_source_upload_url, methods=["POST"]),
]
