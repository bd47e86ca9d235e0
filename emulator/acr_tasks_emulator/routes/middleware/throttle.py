"""Latency and throttling around Resource Manager."""

from __future__ import annotations

import hashlib
import json

import anyio
from joserfc import jws
from joserfc.errors import JoseError
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acr_tasks_emulator.routes.middleware.errors import error_answer
from acr_tasks_emulator.services.conditions.quota import Quota

_CLAIMS = ("oid", "appid", "sub")


class Throttle:
    """A middleware that waits `latency` milliseconds and answers 429 to callers over their quota. Blobs pass."""

    def __init__(self, app: ASGIApp, quota: Quota, latency: float) -> None:
        self._app = app
        self._quota = quota
        self._latency = latency / 1000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = scope["path"].split("/")
        if parts[1].lower() != "subscriptions":
            await self._app(scope, receive, send)
            return
        if self._latency:
            await anyio.sleep(self._latency)
        subscription = parts[2] if len(parts) > 2 else ""
        spent = self._quota.spend(scope["method"], subscription, principal_of(Headers(scope=scope)))

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in spent.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._app if spent.refusal is None else error_answer(spent.refusal)
        await app(scope, receive, with_headers)


def principal_of(headers: Headers) -> str:
    """Return the caller of a request: the object id in its JWT, or a hash of any other token."""
    token = headers.get("authorization", "").partition(" ")[2].strip()
    if not token:
        return "anonymous"
    claims = _claims(token)
    for name in _CLAIMS:
        if isinstance(claims.get(name), str):
            return str(claims[name])
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _claims(token: str) -> dict[str, object]:
    # The claims grant nothing, so the signature is not checked.
    try:
        claims = json.loads(jws.extract_compact(token.encode()).payload)
    except (JoseError, ValueError, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
