"""The six operations on tasks."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.arm.long_running import accepted, created
from acr_tasks_emulator.routes.http import REGISTRY, ArmRoute, Call, answer, body_of, listing, open_call
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.tasks.tasks import spell, task_id


async def list_tasks(request: Request) -> Response:
    """Tasks_List."""
    call = open_call(request, "tasks")
    tasks, operations = call.services.tasks, call.services.operations
    page = tasks.list_texts(call.registry, _after(call.query("$skiptoken")), call.version)
    shown = page.texts
    if operations.enabled:
        shown = [spell(operations.shown(json.loads(text))) for text in shown]
    token = None if page.after is None else base64.urlsafe_b64encode(page.after.encode()).decode()
    return listing(call, shown, token)


async def get(request: Request) -> Response:
    """Tasks_Get. A task that is being deleted is shown until that is over."""
    call = open_call(request, "tasks")
    tasks, operations, name = call.services.tasks, call.services.operations, call.part("task_name")
    operation = operations.under_way(task_id(call.registry, name))
    if operation is not None and operation.removed is not None:
        return answer(_shown(call, operation.removed))
    return answer(_shown(call, tasks.get(call.registry, name)))


async def get_details(request: Request) -> Response:
    """Tasks_GetDetails: the one answer with secrets in clear."""
    call = open_call(request, "tasks")
    task = call.services.tasks.get_details(call.registry, call.part("task_name"))
    return answer(_shown(call, task))


async def create(request: Request) -> Response:
    """Tasks_Create: 200 for a new task too, as the service answers (facts, fact 1), unless the switches say 201."""
    call, body = open_call(request, "tasks"), await body_of(request)
    tasks, name = call.services.tasks, call.part("task_name")
    is_new = not tasks.exists(call.registry, name)
    task = tasks.shown(tasks.create(call.registry, name, body, call.version), call.version)
    if call.is_long_running:
        return created(call, task, "Creating" if is_new else "Updating")
    return answer(task, int(call.services.switches.create_status) if is_new else 200)


async def update(request: Request) -> Response:
    """Tasks_Update."""
    call = open_call(request, "tasks")
    tasks, body = call.services.tasks, await body_of(request)
    task = tasks.shown(tasks.update(call.registry, call.part("task_name"), body, call.version), call.version)
    return created(call, task, "Updating") if call.is_long_running else answer(task)


async def delete(request: Request) -> Response:
    """Tasks_Delete: 200 with an empty body, 204 when there was no such task."""
    call = open_call(request, "tasks")
    tasks, name = call.services.tasks, call.part("task_name")
    if not tasks.exists(call.registry, name):
        return Response(status_code=204)
    removed = tasks.get(call.registry, name)
    tasks.delete(call.registry, name)
    if call.is_long_running:
        return accepted(call, removed["id"], "Deleting", removed=removed)
    return Response(status_code=200)


def _shown(call: Call, task: dict[str, Any]) -> dict[str, Any]:
    """The task as the caller's version shows it, with the provisioning state that it has now."""
    return call.services.tasks.shown(call.services.operations.shown(task), call.version)


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
