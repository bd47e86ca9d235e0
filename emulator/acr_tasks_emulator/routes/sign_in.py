"""The token endpoints of tenants and of managed identities. Their bodies are never logged."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from acr_tasks_emulator.routes import metadata
from acr_tasks_emulator.routes.http import ArmRoute, answer, api_version, bytes_of, origin, services_of
from acr_tasks_emulator.services import errors

FORM_LIMIT = 64 * 1024


async def token(request: Request) -> Response:
    """Sign an application in."""
    service = services_of(request).sign_in
    return _secret(service.token(origin(request), request.path_params["tenant"], await _form(request)))


async def person(request: Request) -> Response:
    """Refuse to sign a person in, by a device code or a page: the emulator signs in applications only."""
    raise errors.UNSUPPORTED_GRANT(grant="device_code" if request.method == "POST" else "authorization_code")


async def managed_identity(request: Request) -> Response:
    """Sign a managed identity in, as on App Service: IDENTITY_ENDPOINT is this address."""
    api_version(request)
    header = request.headers.get("x-identity-header")
    service = services_of(request).sign_in
    return _secret(service.managed_identity(origin(request), request.query_params, header))


def is_sign_in(scope: Scope) -> bool:
    """Tell whether a request needs no token because it belongs to sign-in. These routes and the metadata's do."""
    return any(route.matches(scope)[0] is Match.FULL for route in (*metadata.ROUTES, *ROUTES))


async def _form(request: Request) -> dict[str, str]:
    """Read a form of at most 64 KiB. Raises ServiceError."""
    data = await bytes_of(request, FORM_LIMIT)
    try:
        return dict(parse_qsl(data.decode(), max_num_fields=100))
    except ValueError:
        raise errors.PARAMETER_MISSING(name="grant_type") from None


def _secret(content: dict[str, object]) -> Response:
    response = answer(content)
    response.headers["Cache-Control"] = "no-store, no-cache"
    return response


ROUTES: list[BaseRoute] = [
    ArmRoute("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
    ArmRoute("/{tenant}/oauth2/v2.0/devicecode", person, methods=["POST"]),
    ArmRoute("/{tenant}/oauth2/v2.0/authorize", person, methods=["GET"]),
    ArmRoute("/msi/token", managed_identity, methods=["GET"]),
    ArmRoute("/msi", managed_identity, methods=["GET"]),
]
