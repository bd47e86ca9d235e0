"""The web page: `/` for all registries, and one page for each registry, task and run."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from acr_tasks_emulator import dashboard
from acr_tasks_emulator.dashboard import logs
from acr_tasks_emulator.dashboard.runs import run_view
from acr_tasks_emulator.dashboard.tasks import task_view
from acr_tasks_emulator.dashboard.times import View
from acr_tasks_emulator.routes import blobs
from acr_tasks_emulator.routes.http import services_of
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.services.triggers.triggers import next_firings
from acr_tasks_emulator.store.registries import RegistryRow

RUNS_SHOWN, TASKS_SHOWN = 25, 50
"""The number of runs and of tasks on a registry's own page; a registry on a shared page shows fewer."""
RUNS_SHARED, TASKS_SHARED, REGISTRIES_SHARED = 8, 10, 12

_FOLDER = Path(dashboard.__file__).parent
_ASSETS = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    # With no-referrer a browser would send the origin `null` for our own buttons.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_templates = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=StrictUndefined,
)
Handler = Callable[[Request], Awaitable[Response]]


def _errors_as_pages(handler: Handler) -> Handler:
    """Show errors of the services as pages."""

    @functools.wraps(handler)
    async def answered(request: Request) -> Response:
        try:
            return await handler(request)
        except ServiceError as error:
            title = "Not found" if error.status == 404 else "That did not work"
            registry = request.path_params.get("registry")
            known = registry is not None and services_of(request).registries.named(registry) is not None
            back = f"/registries/{registry}" if known else "/"
            return _page(request, "message.html", error.status, title=title, message=error.message, back=back)

    return answered


@_errors_as_pages
async def index(request: Request) -> Response:
    """Show every registry with its newest runs and its tasks."""
    services = services_of(request)
    rows = services.registries.all()
    sizes = (RUNS_SHOWN, TASKS_SHOWN) if len(rows) == 1 else (RUNS_SHARED, TASKS_SHARED)
    shown = rows[:REGISTRIES_SHARED]
    sections = await run_in_threadpool(lambda: [_section(services, row, {}, *sizes) for row in shown])
    return _page(request, "index.html", sections=sections, registries=[row.name for row in rows])


@_errors_as_pages
async def registry_page(request: Request) -> Response:
    """Show one registry with a page of its runs and a page of its tasks, which a part of the name can filter."""
    services, row = services_of(request), _registry(request)
    query = dict(request.query_params)
    section = await run_in_threadpool(_section, services, row, query, RUNS_SHOWN, TASKS_SHOWN)
    return _page(request, "registry.html", section=section, is_first=not (query.get("runs") or query.get("after")))


@_errors_as_pages
async def task_page(request: Request) -> Response:
    """Show one task with its runs."""
    services, row = services_of(request), _registry(request)
    task = services.tasks.get(row, request.path_params["task"])
    now, token = services.clock.now(), request.query_params.get("runs")
    page = await run_in_threadpool(services.runs.of_task, row, task["name"], RUNS_SHOWN, token)
    runs = [run_view(row.name, document, now) for document in page.runs]
    older = f"/tasks/{row.name}/{task['name']}?{urlencode({'runs': page.skip_token})}" if page.skip_token else None
    view = task_view(row.name, task, None, now, next_firings(task, now))
    return _page(request, "task.html", task=view, runs=runs, older_runs=older)


@_errors_as_pages
async def run_page(request: Request) -> Response:
    """Show one run with its log."""
    services, row = services_of(request), _registry(request)
    view = run_view(row.name, services.runs.get(row, request.path_params["run"]), services.clock.now())
    log = await run_in_threadpool(logs.end_of, services.blobs.find_log(row.key, view["run_id"]))
    can_run = view["task"] is not None and services.tasks.store.get(row.key, view["task"]) is not None
    return _page(request, "run.html", run=view, log=log, can_run=can_run, active=view["is_active"])


@_errors_as_pages
async def run_log(request: Request) -> Response:
    """Return a run's log as plain text, or the range of it that the request names."""
    services, row = services_of(request), _registry(request)
    run = services.runs.get(row, request.path_params["run"])
    log = services.blobs.find_log(row.key, run["name"])
    if log is None:
        raise errors.BLOB_NOT_FOUND()
    return blobs.content(request, log, dict(_HEADERS))


async def run_log_after(request: Request) -> Response:
    """Return the part of a run's log after a position, as HTML; X-Log-Next is the next position until the log ends."""
    services, row = services_of(request), _registry(request)
    run = services.runs.get(row, request.path_params["run"])
    try:
        log = services.blobs.find_log(row.key, run["name"])
        piece = await run_in_threadpool(logs.after, log, request.path_params["position"])
    except logs.BadPositionError as error:
        raise errors.INVALID_REQUEST_CONTENT(problem=f"{error} is not a position in a log") from None
    headers = _HEADERS if piece.next is None else {**_HEADERS, "X-Log-Next": piece.next}
    return Response(piece.html, media_type="text/html; charset=utf-8", headers=headers)


@_errors_as_pages
async def run_now(request: Request) -> Response:
    """Run a task, and show the run."""
    row = _registry(request)
    body = {"type": "TaskRunRequest", "taskName": request.path_params["task"]}
    started = await run_in_threadpool(services_of(request).runs.schedule, row, body)
    return _see_other(f"/runs/{row.name}/{started['name']}")


@_errors_as_pages
async def cancel(request: Request) -> Response:
    """Cancel a run, and show it."""
    services, row = services_of(request), _registry(request)
    run = services.runs.get(row, request.path_params["run"])
    await run_in_threadpool(services.runs.cancel, row, run["name"])
    return _see_other(f"/runs/{row.name}/{run['name']}")


async def asset(request: Request) -> Response:
    """Return the style sheet or the script."""
    name = request.path_params["name"]
    if name not in _ASSETS:
        return Response(status_code=404)
    return Response((_FOLDER / "assets" / name).read_bytes(), headers={**_HEADERS, "Content-Type": _ASSETS[name]})


def _registry(request: Request) -> RegistryRow:
    name = request.path_params["registry"]
    row = services_of(request).registries.named(name)
    if row is None:
        raise errors.DASHBOARD_REGISTRY_NOT_FOUND(name=name)
    return row


def _section(services: Services, row: RegistryRow, query: dict[str, str], runs: int, tasks: int) -> View:
    """Return a registry with a page of its runs and of its tasks, and links to the next pages; None at their ends.

    query: `runs` and `after` (a task) begin the lists, `name` filters tasks.
    """
    now, part = services.clock.now(), query.get("name", "").strip()
    run_page = services.runs.list(row, skip_token=query.get("runs"), page_size=runs)
    task_page = services.tasks.list(row, query.get("after", ""), part, tasks)
    address = f"/registries/{row.name}?"

    def view(task: dict[str, Any]) -> View:
        runs = services.runs.of_task(row, task["name"], 1).runs
        last = run_view(row.name, runs[0], now) if runs else None
        return task_view(row.name, task, last, now, next_firings(task, now))

    kept = {"name": part} if part else {}
    return {
        "name": row.name,
        "location": row.location,
        "group": row.resource_group_name,
        "id": row.id,
        "task_count": services.tasks.store.count(row.key),
        "runs": [run_view(row.name, document, now) for document in run_page.runs],
        "older_runs": address + urlencode({"runs": run_page.skip_token}) if run_page.skip_token else None,
        "tasks": [view(task) for task in task_page.tasks],
        "more_tasks": address + urlencode({**kept, "after": task_page.after}) if task_page.after else None,
        "part": part,
    }


def _see_other(path: str) -> Response:
    return Response(status_code=303, headers={**_HEADERS, "Location": path})


def _page(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    services = services_of(request)
    values.setdefault("active", services.runs.active_count() > 0)
    text = _templates.get_template(template).render(about=services.about, **values)
    return Response(text, status, media_type="text/html; charset=utf-8", headers=_HEADERS)


ROUTES: list[BaseRoute] = [
    Route("/", index, methods=["GET"]),
    Route("/registries/{registry}", registry_page, methods=["GET"]),
    Route("/tasks/{registry}/{task}", task_page, methods=["GET"]),
    Route("/tasks/{registry}/{task}/run", run_now, methods=["POST"]),
    Route("/runs/{registry}/{run}", run_page, methods=["GET"]),
    Route("/runs/{registry}/{run}/cancel", cancel, methods=["POST"]),
    Route("/runs/{registry}/{run}/log", run_log, methods=["GET"]),
    Route("/runs/{registry}/{run}/log/{position}", run_log_after, methods=["GET"]),
    Route("/assets/{name}", asset, methods=["GET"]),
]
