"""Answers of long-running operations, and the two addresses that clients poll."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.http import ArmRoute, Call, answer, origin, query, services_of
from acr_tasks_emulator.services import versions
from acr_tasks_emulator.services.conditions.long_running import Operation


def created(call: Call, document: dict[str, Any], state: str) -> Response:
    """Answer a PUT or PATCH: 201, the resource in its new state, and the address of the operation's status."""
    operations = call.services.operations
    operation = operations.begin(call.registry, document["id"], state)
    response = answer(operations.shown(document), 201)
    address = f"{operation.path}/operationStatuses/{operation.name}?api-version={call.version.name}"
    response.headers["Azure-AsyncOperation"] = call.link(address)
    response.headers["Retry-After"] = str(operations.retry_after)
    return response


def accepted(
    call: Call,
    resource: str,
    state: str,
    result: Callable[[], dict[str, Any]] | None = None,
    removed: dict[str, Any] | None = None,
) -> Response:
    """Answer a POST or DELETE: 202 without a body, and the address of the operation's result."""
    operation = call.services.operations.begin(call.registry, resource, state, result, removed)
    return _under_way(call.request, operation)


async def status(request: Request) -> Response:
    """Return the status of an operation."""
    operations = services_of(request).operations
    operation = operations.poll(request.path_params["name"])
    response = answer(operations.status(operation))
    if operation.ended is None:
        response.headers["Retry-After"] = str(operations.retry_after)
    return response


async def result(request: Request) -> Response:
    """Answer 202 until an operation has ended, then with the answer of the request that began it."""
    operations = services_of(request).operations
    operation = operations.poll(request.path_params["name"])
    if not operations.has_ended(operation):
        return _under_way(request, operation)
    if operation.result is not None:
        return answer(operation.result())
    return Response(status_code=204 if operation.removed is not None else 200)


def _under_way(request: Request, operation: Operation) -> Response:
    response = Response(status_code=202)
    version = query(request, "api-version") or versions.STABLE.name
    address = f"{operation.path}/operationResults/{operation.name}?api-version={version}"
    response.headers["Location"] = origin(request) + address
    response.headers["Retry-After"] = str(services_of(request).operations.retry_after)
    return response


_LOCATION = "/subscriptions/{subscription_id}/providers/Microsoft.ContainerRegistry/locations/{location}"
ROUTES: list[BaseRoute] = [
    ArmRoute(_LOCATION + "/operationStatuses/{name}", status, methods=["GET"]),
    ArmRoute(_LOCATION + "/operationResults/{name}", result, methods=["GET"]),
]
