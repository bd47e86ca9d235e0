"""Fault injection around Resource Manager and blobs."""

from __future__ import annotations

import json
from typing import Any

import anyio
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acr_tasks_emulator import connection
from acr_tasks_emulator.services.conditions.faults import Faults, Rule


class FaultInjection:
    """A middleware that applies the first matching rule to a request, and passes on a request that no rule matches."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = self._faults.take(scope["method"], scope["path"])
        if rule is None:
            await self._app(scope, receive, send)
            return
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
