"""Metadata for clients that are not signed in yet: endpoints of the cloud and of a tenant, and its keys."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from acr_tasks_emulator.routes.http import ArmRoute, answer, api_version, origin, query
from acr_tasks_emulator.services.sign_in import metadata


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


ROUTES: list[BaseRoute] = [
    ArmRoute("/metadata/endpoints", endpoints, methods=["GET"]),
    ArmRoute("/common/discovery/instance", instance, methods=["GET"]),
    ArmRoute("/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration, methods=["GET"]),
    ArmRoute("/{tenant}/discovery/v2.0/keys", keys, methods=["GET"]),
]
