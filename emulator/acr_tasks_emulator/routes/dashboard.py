"""The web page: `/` for tasks and runs, `/runs/{registry}/{run_id}` for one run and its log."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from acr_tasks_emulator import dashboard
from acr_tasks_emulator.dashboard import views
from acr_tasks_emulator.routes import blobs
from acr_tasks_emulator.routes.arm import services_of
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.blobs import COMPLETE
from acr_tasks_emulator.services.errors import ServiceError
from acr_tasks_emulator.services.triggers import next_firing
from acr_tasks_emulator.store.registries import RegistryRow

LOG_SHOWN = 512 * 1024
RUNS_SHOWN = 25
_FOLDER = Path(dashboard.__file__).parent
_ASSETS = {"page.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    # With no-referrer a browser would post our own buttons from the origin `null`.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_templates = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True
)


async def index(request: Request) -> Response:
    """Show tasks and the newest runs of every registry."""
    services = services_of(request)
    registries = await run_in_threadpool(
        lambda: [_registry(services, row, request.query_params.get(row.name)) for row in services.registries.all()]
    )
    active = services.runs.active_count() > 0
    return _page("index.html", services, registries=registries, active=active)


async def run(request: Request) -> Response:
    """Show one run with its log."""
    services = services_of(request)
    registry = services.registries.named(request.path_params["registry"])
    document = _find(services, registry, request.path_params["run_id"])
    if registry is None or document is None:
        return _message(services, 404, "Not found", "There is no such run here.")
    view = views.run_view(registry.name, document, services.clock.now())
    log = services.blobs.find_log(registry, view.run_id)
    text, start, offset = b"", 0, 0
    if log is not None:
        start, offset = max(0, log.length - LOG_SHOWN), log.length
        text = await run_in_threadpool(_slice, log.path, start, offset)
    return _page(
        "run.html",
        services,
        run=view,
        active=view.is_active,
        log=text.decode(errors="replace").replace("\r\n", "\n"),
        log_url=f"/runs/{registry.name}/{view.run_id}/log",
        offset=offset,
        cut=start > 0,
        complete=log is not None and COMPLETE in log.metadata,
    )


async def run_log(request: Request) -> Response:
    """Return a run's log as plain text, by ranges when asked."""
    services = services_of(request)
    registry = services.registries.named(request.path_params["registry"])
    document = _find(services, registry, request.path_params["run_id"])
    log = services.blobs.find_log(registry, document["name"]) if registry and document else None
    if log is None:
        return Response(status_code=404, headers=_HEADERS)
    try:
        return blobs.content(request, log, dict(_HEADERS))
    except ServiceError as nothing_new:
        # The page asks for what comes next, and has to learn from the same answer whether anything will.
        known = {f"x-ms-meta-{name.lower()}": value for name, value in log.metadata.items()}
        return Response(status_code=nothing_new.status, headers={**_HEADERS, **known})


async def run_now(request: Request) -> Response:
    """Run a task, and show the run."""
    services = services_of(request)
    registry = services.registries.named(request.path_params["registry"])
    if registry is None:
        return _message(services, 404, "Not found", "There is no such registry here.")
    body = {"type": "TaskRunRequest", "taskName": request.path_params["task"]}
    try:
        started = await run_in_threadpool(services.runs.schedule, registry, body)
    except ServiceError as error:
        return _message(services, error.status, "Not run", error.message)
    return _see_other(f"/runs/{registry.name}/{started['name']}")


async def cancel(request: Request) -> Response:
    """Cancel a run, and show it."""
    services = services_of(request)
    registry = services.registries.named(request.path_params["registry"])
    document = _find(services, registry, request.path_params["run_id"])
    if registry is None or document is None:
        return _message(services, 404, "Not found", "There is no such run here.")
    try:
        await run_in_threadpool(services.runs.cancel, registry, document["name"])
    except ServiceError as error:
        return _message(services, error.status, "Not canceled", error.message)
    return _see_other(f"/runs/{registry.name}/{document['name']}")


async def asset(request: Request) -> Response:
    """Return the style sheet or the script."""
    name = request.path_params["name"]
    if name not in _ASSETS:
        return Response(status_code=404)
    return Response((_FOLDER / "assets" / name).read_bytes(), headers={**_HEADERS, "Content-Type": _ASSETS[name]})


def _registry(services: Services, row: RegistryRow, skip_token: str | None) -> dict[str, Any]:
    now = services.clock.now()
    page = services.runs.list(row, skip_token=skip_token, page_size=RUNS_SHOWN)
    runs = [views.run_view(row.name, document, now) for document in page.runs]
    last = {view.task: view for view in reversed(runs) if view.task}
    tasks = services.tasks.list(row)
    return {
        "name": row.name,
        "location": row.location,
        "runs": runs,
        "older": urlencode({row.name: page.skip_token}) if page.skip_token else None,
        "tasks": [views.task_view(task, last.get(task["name"]), now, next_firing(task, now)) for task in tasks.tasks],
        "more_tasks": tasks.after is not None,
    }


def _message(services: Services, status: int, title: str, what: str) -> Response:
    return _page("missing.html", services, status, title=title, what=what, active=False)


def _see_other(path: str) -> Response:
    return Response(status_code=303, headers={**_HEADERS, "Location": path})


def _find(services: Services, registry: RegistryRow | None, run_id: str) -> dict[str, Any] | None:
    return None if registry is None else services.runs.find(registry, run_id)


def _slice(path: Path, start: int, end: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(end - start)


def _page(template: str, services: Services, status: int = 200, **values: Any) -> Response:
    text = _templates.get_template(template).render(about=services.about, **values)
    return Response(text, status, media_type="text/html; charset=utf-8", headers=_HEADERS)


ROUTES: list[BaseRoute] = [
    Route("/", index, methods=["GET"]),
    Route("/runs/{registry}/{run_id}", run, methods=["GET"]),
    Route("/runs/{registry}/{run_id}/log", run_log, methods=["GET"]),
    Route("/runs/{registry}/{run_id}/cancel", cancel, methods=["POST"]),
    Route("/tasks/{registry}/{task}/run", run_now, methods=["POST"]),
    Route("/assets/{name}", asset, methods=["GET"]),
]
