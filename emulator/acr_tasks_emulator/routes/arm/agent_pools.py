"""Agent pools and task runs, two types of the preview versions. The emulator has neither, so lists are empty."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.http import REGISTRY, ArmRoute, answer, open_call
from acr_tasks_emulator.services import errors

_NOT_FOUND = {"agentPools": errors.AGENT_POOL_NOT_FOUND, "taskRuns": errors.TASK_RUN_NOT_FOUND}


def _routes(kind: str, action: str) -> list[BaseRoute]:
    """Return the routes of a type: its list, one resource, and one action of a resource."""

    async def empty(request: Request) -> Response:
        open_call(request, kind)
        return answer({"value": []})

    async def not_found(request: Request) -> Response:
        call = open_call(request, kind)
        resource = f"{call.registry.name}/{kind}/{call.part('name')}"
        raise _NOT_FOUND[kind](resource=resource, group=call.registry.resource_group_name)

    return [
        ArmRoute(f"{REGISTRY}/{kind}", empty, methods=["GET"]),
        ArmRoute(f"{REGISTRY}/{kind}/{{name}}", not_found, methods=["GET"]),
        ArmRoute(f"{REGISTRY}/{kind}/{{name}}/{action}", not_found, methods=["POST"]),
    ]


ROUTES = [*_routes("agentPools", "listQueueStatus"), *_routes("taskRuns", "listDetails")]
