"""Where a repository tells of commits and pull requests: GitHub's own headers and payloads."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from acr_tasks_emulator.routes.arm import answer, json_of, services_of
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.triggers.github import PayloadError, read_event


async def github(request: Request) -> Response:
    """Start the tasks whose source trigger asks for the event; return the runs' ids, none for other events."""
    try:
        event = read_event(request.headers.get("x-github-event", ""), await json_of(request))
    except PayloadError as error:
        raise errors.INVALID_REQUEST_CONTENT(problem=str(error)) from None
    started: list[str] = []
    if event is not None:
        delivery = request.headers.get("x-github-delivery")
        started = await run_in_threadpool(services_of(request).triggers.source_event, event, delivery)
    return answer({"runs": started})


ROUTES: list[BaseRoute] = [Route("/_emulator/webhooks/github", github, methods=["POST"])]
