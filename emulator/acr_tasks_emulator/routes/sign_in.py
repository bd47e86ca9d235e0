"""Sign-in: the metadata that clients read before, and the token endpoints, whose bodies are never logged."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match
from starlette.types import Scope

from acr_tasks_emulator.routes.http import ArmRoute, answer, api_version, bytes_of, origin, query, services_of
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.sign_in import metadata

FORM_LIMIT = 64 * 1024


async def endpoints(request: Request) -> Response:
    """Return the cloud's endpoints and suffixes."""
    version = api_version(request)
    return answer(metadata.endpoints(origin(request), version))


async def openid_configuration(request: Request) -> Response:
    """Return the OpenID configuration of a tenant of any name."""
    return answer(metadata.openid_configuration(origin(request), request.path_params["tenant"]))


async def keys(request: Request) -> Response:
    """Return no keys: tokens are signed with a secret, so only the emulator can check them."""
    return answer({"keys": []})


async def instance(request: Request) -> Response:
    """Answer instance discovery: clients may trust this authority."""
    return answer(metadata.instance(origin(request), query(request, "authorization_endpoint") or ""))


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
    """Tell whether a request needs no token because it belongs to sign-in."""
    return any(route.matches(scope)[0] is Match.FULL for route in ROUTES)


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
    ArmRoute("/metadata/endpoints", endpoints, methods=["GET"]),
    ArmRoute("/common/discovery/instance", instance, methods=["GET"]),
    ArmRoute("/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration, methods=["GET"]),
    ArmRoute("/{tenant}/discovery/v2.0/keys", keys, methods=["GET"]),
    ArmRoute("/{tenant}/oauth2/v2.0/token", token, methods=["POST"]),
    ArmRoute("/{tenant}/oauth2/v2.0/devicecode", person, methods=["POST"]),
    ArmRoute("/{tenant}/oauth2/v2.0/authorize", person, methods=["GET"]),
    ArmRoute("/msi/token", managed_identity, methods=["GET"]),
    ArmRoute("/msi", managed_identity, methods=["GET"]),
]
