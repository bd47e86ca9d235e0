"""The conditions that tests ask for, around Resource Manager and blobs: latency, throttling and faults."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import anyio
from joserfc import jws
from joserfc.errors import JoseError
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acr_tasks_emulator import connection
from acr_tasks_emulator.routes.http import is_arm
from acr_tasks_emulator.routes.middleware.errors import error_answer
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.conditions.faults import Rule

_CLAIMS = ("oid", "appid", "sub")


class Conditions:
    """A middleware that waits `latency` milliseconds, answers 429 to callers over their quota, and applies the first
    fault rule that matches. Blobs have neither latency nor quota.
    """

    def __init__(self, app: ASGIApp, services: Services, latency: float) -> None:
        self._app = app
        self._quota, self._faults = services.quota, services.faults
        self._latency = latency / 1000

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not (scope["path"].startswith("/blobs/") or is_arm(scope["path"])):
            await self._app(scope, receive, send)
            return
        parts = scope["path"].split("/")
        if parts[1].lower() == "subscriptions":
            if self._latency:
                await anyio.sleep(self._latency)
            subscription = parts[2] if len(parts) > 2 else ""
            spent = self._quota.spend(scope["method"], subscription, principal_of(Headers(scope=scope)))
            scope["state"]["headers"].update(spent.headers)  # the recorder writes them into the answer
            if spent.refusal is not None:
                await error_answer(spent.refusal)(scope, receive, send)
                return
        rule = self._faults.take(scope["method"], scope["path"])
        if rule is None:
            await self._app(scope, receive, send)
        else:
            await self._apply(rule, scope, receive, send)

    async def _apply(self, rule: Rule, scope: Scope, receive: Receive, send: Send) -> None:
        if rule.delay_ms:
            await anyio.sleep(rule.delay_ms / 1000)
        if rule.status is not None:
            await _read_to_the_end(receive)
            await _answer_of(rule, rule.status)(scope, receive, send)
        elif rule.drop is None:
            await self._app(scope, receive, send)
        else:
            if rule.drop == "after":
                await self._app(scope, receive, _discard)
            await connection.drop(scope, receive)


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


async def _discard(message: Message) -> None:
    pass


async def _read_to_the_end(receive: Receive) -> None:
    # Without this, a client in the middle of an upload sees a broken connection instead of the answer.
    message: dict[str, Any] = {"more_body": True}
    while message.get("more_body"):
        message = dict(await receive())


def _answer_of(rule: Rule, status: int) -> Response:
    body, kind = b"", None
    if isinstance(rule.body, str):
        body, kind = rule.body.encode(), "application/xml" if rule.body.startswith("<") else "text/plain"
    elif rule.body is not None:
        body, kind = json.dumps(rule.body).encode(), "application/json; charset=utf-8"
    response = Response(body, status)
    if kind is not None:
        response.headers["content-type"] = kind
    for name, value in (rule.headers or {}).items():
        response.headers[name] = str(value)
    return response
