"""The emulator's own interface below /_emulator/."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from acr_tasks_emulator.clock import round_trip
from acr_tasks_emulator.routes.http import answer, json_of, services_of
from acr_tasks_emulator.services import errors

MAXIMUM_ADVANCE = 10 * 366 * 86_400


async def health(request: Request) -> Response:
    """Return the emulator's status and its ready line; 503 while it shuts down."""
    services = services_of(request)
    closing = services.closing.is_set()
    content = {"status": "closing" if closing else "ok", **services.about, "activeRuns": services.runs.active_count()}
    return answer(content, 503 if closing else 200)


async def reset(request: Request) -> Response:
    """Remove every task, run, blob, fault and logged request."""
    await run_in_threadpool(services_of(request).reset)
    return Response(status_code=204)


async def requests(request: Request) -> Response:
    """Return the logged requests, oldest first; DELETE removes them."""
    log = services_of(request).request_log
    if request.method == "DELETE":
        log.clear()
        return Response(status_code=204)
    return answer({"value": log.all()})


async def faults(request: Request) -> Response:
    """Return the rules with their remaining times; PUT replaces them, DELETE removes them."""
    rules = services_of(request).faults
    if request.method == "DELETE":
        rules.clear()
        return Response(status_code=204)
    if request.method == "PUT":
        rules.put(await json_of(request))
    return answer({"value": rules.all()})


async def advance_clock(request: Request) -> Response:
    """Move the emulator's clock forward; return its new time."""
    body = await json_of(request)
    seconds = body.get("seconds") if isinstance(body, dict) else None
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not 0 <= seconds <= MAXIMUM_ADVANCE:
        raise errors.INVALID_SECONDS(limit=MAXIMUM_ADVANCE)
    services = services_of(request)
    clock = services.clock
    await run_in_threadpool(services.triggers.move_clock, lambda: clock.advance(seconds))
    return answer({"now": round_trip(clock.now())})


async def metrics(request: Request) -> Response:
    """Return counts: requests by method and status, runs by status, the length of the queue."""
    services = services_of(request)
    runs = services.runs.counts()
    return answer({"requests": services.request_log.counts(), "runs": runs, "queueLength": runs["Queued"]})


ROUTES: list[BaseRoute] = [
    Route("/_emulator/health", health, methods=["GET"]),
    Route("/_emulator/reset", reset, methods=["POST"]),
    Route("/_emulator/requests", requests, methods=["GET", "DELETE"]),
    Route("/_emulator/clock/advance", advance_clock, methods=["POST"]),
    Route("/_emulator/metrics", metrics, methods=["GET"]),
    Route("/_emulator/faults", faults, methods=["GET", "PUT", "DELETE"]),
]
