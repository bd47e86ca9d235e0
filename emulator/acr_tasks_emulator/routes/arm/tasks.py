"""The six operations on tasks."""

from __future__ import annotations

import base64
import binascii

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.arm.long_running import accepted, created
from acr_tasks_emulator.routes.http import REGISTRY, ArmRoute, answer, body_of, listing, open_call
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.tasks.documents import task_id


async def list_tasks(request: Request) -> Response:
    """Tasks_List."""
    call = open_call(request, "tasks")
    after = _after(call.query("$skiptoken"))
    page = call.services.tasks.list(call.registry, after, version=call.version)
    token = None if page.after is None else base64.urlsafe_b64encode(page.after.encode()).decode()
    return listing(call, [call.services.operations.shown(task) for task in page.tasks], token)


async def get(request: Request) -> Response:
    """Tasks_Get. A task that is being deleted is shown until the operation ends."""
    call = open_call(request, "tasks")
    name, operations = call.part("task_name"), call.services.operations
    operation = operations.under_way(task_id(call.registry, name))
    if operation is not None and operation.removed is not None:
        return answer(operations.shown(operation.removed))
    return answer(operations.shown(call.services.tasks.get(call.registry, name, call.version)))


async def get_details(request: Request) -> Response:
    """Tasks_GetDetails, the only operation that answers with secrets in clear."""
    call = open_call(request, "tasks")
    task = call.services.tasks.get_details(call.registry, call.part("task_name"), call.version)
    return answer(call.services.operations.shown(task))


async def create(request: Request) -> Response:
    """Tasks_Create. A new task is answered with 200, as observed at the service, unless a switch asks for 201."""
    call, body = open_call(request, "tasks"), await body_of(request)
    task, is_new = call.services.tasks.create(call.registry, call.part("task_name"), body, call.version)
    if call.is_long_running:
        return created(call, task, "Creating" if is_new else "Updating")
    return answer(task, int(call.services.switches.create_status) if is_new else 200)


async def update(request: Request) -> Response:
    """Tasks_Update."""
    call, body = open_call(request, "tasks"), await body_of(request)
    task = call.services.tasks.update(call.registry, call.part("task_name"), body, call.version)
    return created(call, task, "Updating") if call.is_long_running else answer(task)


async def delete(request: Request) -> Response:
    """Tasks_Delete. The answer is 200 with an empty body, or 204 when the task does not exist."""
    call = open_call(request, "tasks")
    removed = call.services.tasks.delete(call.registry, call.part("task_name"), call.version)
    if removed is None:
        return Response(status_code=204)
    if call.is_long_running:
        return accepted(call, removed["id"], "Deleting", removed=removed)
    return Response(status_code=200)


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
