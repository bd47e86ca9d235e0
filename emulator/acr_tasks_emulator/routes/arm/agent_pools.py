"""Agent pools and task runs, types of the previews: their lists are empty."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.http import REGISTRY, ArmRoute, answer, open_call
from acr_tasks_emulator.services import errors


async def list_agent_pools(request: Request) -> Response:
    """AgentPools_List: an empty list."""
    open_call(request, "agentPools")
    return answer({"value": []})


async def get_agent_pool(request: Request) -> Response:
    """AgentPools_Get and AgentPools_GetQueueStatus: not found."""
    call = open_call(request, "agentPools")
    name = f"{call.registry.name}/agentPools/{call.part('name')}"
    raise errors.AGENT_POOL_NOT_FOUND(resource=name, group=call.registry.resource_group_name)


async def list_task_runs(request: Request) -> Response:
    """TaskRuns_List: an empty list."""
    open_call(request, "taskRuns")
    return answer({"value": []})


async def get_task_run(request: Request) -> Response:
    """TaskRuns_Get and TaskRuns_GetDetails: not found."""
    call = open_call(request, "taskRuns")
    name = f"{call.registry.name}/taskRuns/{call.part('name')}"
    raise errors.TASK_RUN_NOT_FOUND(resource=name, group=call.registry.resource_group_name)


ROUTES: list[BaseRoute] = [
    ArmRoute(REGISTRY + "/agentPools", list_agent_pools, methods=["GET"]),
    ArmRoute(REGISTRY + "/agentPools/{name}", get_agent_pool, methods=["GET"]),
    ArmRoute(REGISTRY + "/agentPools/{name}/listQueueStatus", get_agent_pool, methods=["POST"]),
    ArmRoute(REGISTRY + "/taskRuns", list_task_runs, methods=["GET"]),
    ArmRoute(REGISTRY + "/taskRuns/{name}", get_task_run, methods=["GET"]),
    ArmRoute(REGISTRY + "/taskRuns/{name}/listDetails", get_task_run, methods=["POST"]),
]
