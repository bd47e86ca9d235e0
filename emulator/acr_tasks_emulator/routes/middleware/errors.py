"""Errors as answers: Resource Manager's JSON, the blob service's XML, Entra ID's and the login server's JSON."""

from __future__ import annotations

import uuid
from datetime import datetime, timezone
from typing import Any, cast
from xml.sax.saxutils import escape

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from acr_tasks_emulator.routes.http import answer
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.errors import ServiceError


async def service_error(request: Request, error: Exception) -> Response:
    """Answer an error that a service raised."""
    return error_answer(cast(ServiceError, error))


async def http_error(request: Request, error: Exception) -> Response:
    """Answer a request for an unknown address, or with a method that its address does not have."""
    problem = cast(HTTPException, error)
    if problem.status_code == 405:
        headers = {"Allow": ", ".join(sorted(_methods(request)))}
        return error_answer(errors.METHOD_NOT_ALLOWED(headers=headers, method=request.method, path=request.url.path))
    return error_answer(errors.RESOURCE_TYPE_NOT_FOUND())


def _methods(request: Request) -> set[str]:
    """Return the methods of an address; each may have its own route."""
    routes = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    return {method for route in routes for method in route.methods or ()}


async def storage_full(request: Request, error: Exception) -> Response:
    """Answer that the disk is full."""
    is_blob = request.url.path.startswith("/blobs/")
    return error_answer(errors.BLOB_STORAGE_FULL() if is_blob else errors.STORAGE_FULL())


class _NoAnswer(Response):
    """The answer to a client that is gone: nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pass


async def client_disconnected(request: Request, error: Exception) -> Response:
    """Answer nothing to a client that went away before its body was whole."""
    return _NoAnswer()


async def unexpected_error(request: Request, error: Exception) -> Response:
    """Answer an unexpected exception; its traceback goes to the emulator's log."""
    return error_answer(errors.INTERNAL_ERROR())


def error_answer(error: ServiceError) -> Response:
    """Return an error as its service spells it."""
    if error.kind.style == "blob":
        text = (
            '<?xml version="1.0" encoding="utf-8"?>'
            f"<Error><Code>{error.code}</Code><Message>{escape(error.message)}</Message></Error>"
        )
        response = Response(text.encode(), error.status, media_type="application/xml")
        response.headers["x-ms-error-code"] = error.code
    elif error.kind.style == "login-server":
        response = answer({"errors": [{"code": error.code, "message": error.message}]}, error.status)
    elif error.kind.style == "sign-in":
        response = answer(_sign_in_error(error), error.status)
    else:
        content: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.target is not None:
            content["target"] = error.target
        response = answer({"error": content}, error.status)
    for name, value in error.headers.items():
        response.headers[name] = value
    return response


def _sign_in_error(error: ServiceError) -> dict[str, Any]:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    timestamp = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M:%SZ")
    where = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {timestamp}"
    return {
        "error": error.code,
        "error_description": f"AADSTS{error.kind.number}: {error.message} {where}",
        "error_codes": [error.kind.number],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
    }
