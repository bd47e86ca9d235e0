"""The five operations on runs."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.arm.long_running import accepted, created
from acr_tasks_emulator.routes.http import REGISTRY, ArmRoute, Call, answer, body_of, listing, open_call


async def list_runs(request: Request) -> Response:
    """Runs_List. A filter may read thousands of runs, so it does not run in the event loop."""
    call = open_call(request, "runs")
    page = await run_in_threadpool(
        call.services.runs.list,
        call.registry,
        call.query("$filter"),
        call.query("$top"),
        call.query("$skiptoken"),
        version=call.version,
    )
    return listing(call, [_shown(call, run) for run in page.runs], page.skip_token)


async def get(request: Request) -> Response:
    """Runs_Get."""
    call = open_call(request, "runs")
    return answer(_shown(call, call.services.runs.get(call.registry, call.part("run_id"))))


async def update(request: Request) -> Response:
    """Runs_Update."""
    call = open_call(request, "runs")
    run = _shown(call, call.services.runs.update(call.registry, call.part("run_id"), await body_of(request)))
    return created(call, run, "Updating") if call.is_long_running else answer(run)


async def get_log_sas_url(request: Request) -> Response:
    """Runs_GetLogSasUrl. The answer has a link even before the log exists."""
    call = open_call(request, "runs")
    links = call.services.runs.log_links(call.registry, call.part("run_id"))
    return answer(call.version.shown("RunGetLogResult", {name: call.link(link) for name, link in links.items()}))


async def cancel(request: Request) -> Response:
    """Runs_Cancel. The answer is 200 with an empty body."""
    call = open_call(request, "runs")
    await run_in_threadpool(call.services.runs.cancel, call.registry, call.part("run_id"))
    if call.is_long_running:
        return accepted(call, request.url.path, "Updating")
    return Response(status_code=200)


def _shown(call: Call, run: dict[str, Any]) -> dict[str, Any]:
    """Return the run as the caller's version shows it, with its present provisioning state."""
    return call.services.runs.shown(call.services.operations.shown(run), call.version)


RUN = REGISTRY + "/runs/{run_id}"
ROUTES: list[BaseRoute] = [
    ArmRoute(REGISTRY + "/runs", list_runs, methods=["GET"]),
    ArmRoute(RUN, get, methods=["GET"]),
    ArmRoute(RUN, update, methods=["PATCH"]),
    ArmRoute(RUN + "/listLogSasUrl", get_log_sas_url, methods=["POST"]),
    ArmRoute(RUN + "/cancel", cancel, methods=["POST"]),
]
