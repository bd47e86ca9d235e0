"""The server's side of one TCP connection, so that a fault can break it, which ASGI cannot."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.types import Receive, Scope
from uvicorn.protocols.http.auto import AutoHTTPProtocol

FIRST_REQUEST_SECONDS = 60.0
"""How long a connection may be open before the headers of its first request have come; later, uvicorn's limits hold."""
_KEY = "connection"
_FAREWELL_SECONDS = 0.25


class Connection(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # chosen at run time
    """Uvicorn's HTTP protocol, which hands its transport on with each request."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # Each request's `state` begins as a copy of this.
        self.app_state: dict[str, Any] = {**self.app_state, _KEY: transport}
        self._is_tls = transport.get_extra_info("sslcontext") is not None
        self._waiting = self.loop.call_later(FIRST_REQUEST_SECONDS, self._end_without_request)

    def connection_lost(self, error: Exception | None) -> None:
        self._waiting.cancel()
        super().connection_lost(error)

    def _end_without_request(self) -> None:
        if self.cycle is None:  # there is one as soon as a request's headers are complete
            self.transport.close()

    def shutdown(self) -> None:
        # A TLS transport that is closed twice forgets its connection (asyncio's sslproto): nothing could end that then.
        if not self.transport.is_closing():
            super().shutdown()
        # TLS waits for the close of the other end too. A client that keeps a connection does not answer: the emulator
        # would not end.
        if self._is_tls and self.transport.is_closing():
            self.loop.call_later(_FAREWELL_SECONDS, self.transport.abort)


async def drop(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request that has no answer yet, and return when it is gone."""
    cast(asyncio.Transport, scope["state"][_KEY]).abort()
    while (await receive())["type"] != "http.disconnect":
        pass
