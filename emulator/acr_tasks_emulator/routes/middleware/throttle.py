"""The ring around Resource Manager that is slow, counts, and refuses who asks too often."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acr_tasks_emulator.routes.middleware.errors import error_answer
from acr_tasks_emulator.services.conditions.quota import Quota

_CLAIMS = ("oid", "appid", "sub")


class Throttle:
    """Waits `latency` milliseconds, takes a token, and passes requests on or answers 429; blobs pass untouched."""

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

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in spent.headers.items():
                    headers.setdefault(name, value)
            await send(message)

        app = self._app if spent.refusal is None else error_answer(spent.refusal)
        await app(scope, receive, tell)


def principal_of(headers: Headers) -> str:
    """Return who asks: the object of a token that is a JWT, or else something that is the same for the same token."""
    token = headers.get("authorization", "").partition(" ")[2].strip()
    if not token:
        return "anonymous"
    claims = _claims(token)
    for name in _CLAIMS:
        if isinstance(claims.get(name), str):
            return str(claims[name])
    return hashlib.sha256(token.encode()).hexdigest()[:16]


def _claims(token: str) -> dict[str, object]:
    # Nothing is granted by these claims, so the signature is not looked at.
    parts = token.split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
