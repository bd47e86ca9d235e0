"""The six operations on tasks."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.arm import REGISTRY, ArmRoute, answer, body_of, listing, open_call
from acr_tasks_emulator.services import errors


async def list_tasks(request: Request) -> Response:
    """Tasks_List."""
    call = open_call(request, "tasks")
    page = call.services.tasks.list(call.registry, _after(call.query("$skiptoken")))
    token = None if page.after is None else base64.urlsafe_b64encode(page.after.encode()).decode()
    return listing(call, page.tasks, token)


async def get(request: Request) -> Response:
    """Tasks_Get."""
    call = open_call(request, "tasks")
    return answer(call.services.tasks.get(call.registry, call.part("task_name")))


async def get_details(request: Request) -> Response:
    """Tasks_GetDetails: the one answer with secrets in clear."""
    call = open_call(request, "tasks")
    return answer(call.services.tasks.get_details(call.registry, call.part("task_name")))


async def create(request: Request) -> Response:
    """Tasks_Create: 200 for a new task too, as the service answers (facts, fact 1), unless the switches say 201."""
    call, body = open_call(request, "tasks"), await body_of(request)
    tasks, name = call.services.tasks, call.part("task_name")
    status = 200 if tasks.exists(call.registry, name) else int(call.services.switches.create_status)
    return answer(tasks.create(call.registry, name, body), status)


async def update(request: Request) -> Response:
    """Tasks_Update."""
    call = open_call(request, "tasks")
    return answer(call.services.tasks.update(call.registry, call.part("task_name"), await body_of(request)))


async def delete(request: Request) -> Response:
    """Tasks_Delete: 200 with an empty body, 204 when there was no such task."""
    call = open_call(request, "tasks")
    return Response(status_code=200 if call.services.tasks.delete(call.registry, call.part("task_name")) else 204)


def _after(token: str | None) -> str:
    try:
        return base64.urlsafe_b64decode(token or "").decode()
    except (ValueError, binascii.Error):
        raise errors.INVALID_SKIP_TOKEN() from None


TASK = REGISTRY + "/tasks/{task_name}"
ROUTES: list[BaseRoute] = [
    ArmRoute(REGISTRY + "/tasks", list_tasks, methods=["GET"]),
    ArmRoute(TASK, get, methods=["GET"]),
    ArmRoute(TASK, create, methods=["PUT"]),
    ArmRoute(TASK, update, methods=["PATCH"]),
    ArmRoute(TASK, delete, methods=["DELETE"]),
    ArmRoute(TASK + "/listDetails", get_details, methods=["POST"]),
]
