"""Resource groups, and the list of all resources of a subscription or group."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.http import ArmRoute, answer, api_version, body_of, query, services_of
from acr_tasks_emulator.services.registries import resources
from acr_tasks_emulator.services.registries.resource_groups import show


async def list_groups(request: Request) -> Response:
    """ResourceGroups_List, by name."""
    subscription_id, _ = _address(request)
    return answer({"value": [show(row) for row in services_of(request).resource_groups.all(subscription_id)]})


async def get(request: Request) -> Response:
    """ResourceGroups_Get."""
    return answer(show(services_of(request).resource_groups.find(*_address(request))))


async def head(request: Request) -> Response:
    """ResourceGroups_CheckExistence: 204 when the group exists, 404 when not; neither has a body."""
    exists = services_of(request).resource_groups.exists(*_address(request))
    return Response(status_code=204 if exists else 404)


async def put(request: Request) -> Response:
    """ResourceGroups_CreateOrUpdate, in any subscription: 201 for a new group, 200 for one that was there."""
    row, is_new = services_of(request).resource_groups.put(*_address(request), await body_of(request))
    return answer(show(row), 201 if is_new else 200)


async def update(request: Request) -> Response:
    """ResourceGroups_Update."""
    return answer(show(services_of(request).resource_groups.update(*_address(request), await body_of(request))))


async def delete(request: Request) -> Response:
    """ResourceGroups_Delete: at once, with every registry in it."""
    services = services_of(request)
    row = services.resource_groups.find(*_address(request))
    await run_in_threadpool(services.removal.resource_group, row)
    return Response(status_code=200)


async def list_resources(request: Request) -> Response:
    """Resources_List and Resources_ListByResourceGroup: the registries that pass `$filter`."""
    subscription_id, group = _address(request)
    passes = resources.compile_filter(query(request, "$filter"))
    registries = services_of(request).registries
    shown = (registries.show(row) for row in registries.within(subscription_id, group or None))
    return answer({"value": [resources.listed(each) for each in shown if passes(each)]})


def _address(request: Request) -> tuple[str, str]:
    api_version(request)
    return str(request.path_params["subscription_id"]), str(request.path_params.get("resource_group_name", ""))


_SUBSCRIPTION = "/subscriptions/{subscription_id}"
_GROUP = _SUBSCRIPTION + "/resourceGroups/{resource_group_name}"
ROUTES: list[BaseRoute] = [
    ArmRoute(_SUBSCRIPTION + "/resourceGroups", list_groups, methods=["GET"]),
    ArmRoute(_GROUP, head, methods=["HEAD"]),
    ArmRoute(_GROUP, get, methods=["GET"]),
    ArmRoute(_GROUP, put, methods=["PUT"]),
    ArmRoute(_GROUP, update, methods=["PATCH"]),
    ArmRoute(_GROUP, delete, methods=["DELETE"]),
    ArmRoute(_SUBSCRIPTION + "/resources", list_resources, methods=["GET"]),
    ArmRoute(_GROUP + "/resources", list_resources, methods=["GET"]),
]
