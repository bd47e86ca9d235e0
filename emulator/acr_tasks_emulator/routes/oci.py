"""The login server: it forwards /v2/ to the OCI registry, which starts at the first request."""

from __future__ import annotations

import re

import httpx
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from acr_tasks_emulator.execution.registry.oci_registry import RegistryError
from acr_tasks_emulator.routes.http import services_of
from acr_tasks_emulator.services import errors

# Headers that belong to one connection (RFC 9110, section 7.6.1), not to the message.
_HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade"),
}
# The registry would build links from the forwarding headers. It needs no sign-in and must not see the emulator's token.
_NOT_PASSED = {"authorization", "cookie", "forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"}
# A decoded address of the distribution specification: none of its parts is `.` or `..`.
_ADDRESS = re.compile(r"/v2/?|/v2(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9._:=+-]+)+/?")


async def pass_on(request: Request) -> Response:
    """Forward the request to the registry and return its answer."""
    if not _ADDRESS.fullmatch(request.scope["path"]) or b"#" in request.scope["raw_path"]:
        raise errors.INVALID_IMAGE_ADDRESS()
    try:
        address = await run_in_threadpool(services_of(request).oci.address)
    except RegistryError as error:
        raise errors.IMAGE_REGISTRY_FAILED(reason=error) from None
    if address is None:
        raise errors.NO_IMAGE_REGISTRY()
    client: httpx.AsyncClient = request.app.state.registry_client
    # Forward the address's bytes unchanged: a decoded path could name another resource.
    target = request.scope["raw_path"].split(b"?")[0]
    if request.url.query:
        target += b"?" + request.scope["query_string"]
    host, _, port = address.rpartition(":")
    url = httpx.URL(scheme="http", host=host, port=int(port), raw_path=target)
    kept_back = _HOP_BY_HOP | _NOT_PASSED | _named_by_connection(request)
    if "transfer-encoding" in request.headers:
        kept_back |= {"content-length"}  # RFC 9112: Transfer-Encoding overrides Content-Length
    headers = [(k, v) for k, v in request.headers.items() if k not in kept_back]
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    outgoing = client.build_request(
        request.method, url, headers=headers, content=request.stream() if has_body else None
    )
    try:
        incoming = await client.send(outgoing, stream=True)
    except httpx.TransportError as error:
        raise errors.IMAGE_REGISTRY_FAILED(reason=type(error).__name__) from None
    answer = StreamingResponse(incoming.aiter_raw(), incoming.status_code, background=BackgroundTask(incoming.aclose))
    answer.raw_headers = [(k.lower(), v) for k, v in incoming.headers.raw if k.lower().decode() not in _HOP_BY_HOP]
    return answer


def _named_by_connection(request: Request) -> set[str]:
    values = request.headers.getlist("connection")
    # Host and length belong to the message, even when a caller lists them.
    return {name.strip().lower() for value in values for name in value.split(",")} - {"host", "content-length"}


_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ROUTES: list[BaseRoute] = [Route("/v2/{rest:path}", pass_on, methods=_METHODS), Route("/v2", pass_on, methods=_METHODS)]
