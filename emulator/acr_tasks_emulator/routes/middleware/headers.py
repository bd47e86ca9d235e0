"""What happens around every request: what is noted, and which headers every answer has."""

from __future__ import annotations

import re
import threading
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.routes.sign_in import is_sign_in
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.conditions.request_log import RequestEntry, without_signature

_VISIBLE = re.compile(r"[\x21-\x7e]{1,128}")
_ARM = re.compile(r"/(subscriptions|tenants|providers)(/|\Z)", re.IGNORECASE | re.ASCII)
_EVERYWHERE = {"x-content-type-options": "nosniff"}


class ArmHeaders:
    """Gives every request its correlation id, and every answer of Resource Manager the common headers (facts 2.1).

    It stands around the guard, so that refusals have them too. No answer of any kind may be taken for another by its
    content.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Headers(scope=scope)
        correlation_id = _correlation_id(asked)
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        added = self._headers(correlation_id) if is_arm(scope["path"]) else _EVERYWHERE
        if "sec-fetch-site" in asked:
            # A browser would from then on ask for https at every port of localhost, whoever serves there.
            added = {name: value for name, value in added.items() if name != "strict-transport-security"}

        async def add(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, add)

    def _headers(self, correlation_id: str) -> dict[str, str]:
        request_id, now = str(uuid.uuid4()), round_trip(self._clock.now())
        return {
            "cache-control": "no-cache",
            "pragma": "no-cache",
            "expires": "-1",
            "strict-transport-security": "max-age=31536000; includeSubDomains",
            "x-content-type-options": "nosniff",
            "x-cache": "CONFIG_NOCACHE",
            "x-msedge-ref": f"Ref A: {uuid.uuid4().hex.upper()} Ref B: EMULATOR Ref C: {now}",
            "x-ms-operation-identifier": f"tenantId=,objectId=/emulator/{request_id}",
            "x-ms-request-id": request_id,
            "x-ms-correlation-request-id": correlation_id,
            "x-ms-routing-request-id": f"EMULATOR:{request_id}",
        }


class Activity:
    """Knows for how long nobody has asked for anything."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._under_way = 0
        self._last = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        self._count(+1)
        try:
            await self._app(scope, receive, send)
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self._under_way += change
            self._last = time.monotonic()

    def idle_seconds(self) -> float:
        """Return the seconds since the last request ended; 0 while one is under way."""
        with self._lock:
            return 0.0 if self._under_way else time.monotonic() - self._last


class Recorder:
    """Notes requests for Resource Manager, blobs and sign-in. `app` answers the first two, `rest` everything else."""

    def __init__(self, app: ASGIApp, rest: ASGIApp, services: Services) -> None:
        self._app = app
        self._rest = rest
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        app = self._app if is_arm(path) or path.startswith("/blobs/") else self._rest
        if scope["type"] != "http" or (app is self._rest and not is_sign_in(scope)):
            await self._rest(scope, receive, send)
            return
        began, time_text, status, noted = time.perf_counter(), round_trip(self._services.clock.now()), 0, False

        def note() -> None:
            nonlocal noted
            if noted:
                return
            noted = True
            entry = RequestEntry(
                time=time_text,
                method=scope["method"],
                path=path,
                query=without_signature(scope["query_string"].decode("latin-1")),
                status=status,
                milliseconds=round((time.perf_counter() - began) * 1000, 3),
                correlationId=scope["state"]["correlation_id"],
            )
            self._services.request_log.add(entry)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif not message.get("more_body"):
                note()  # before the caller has it all: who asks then finds the request in the list
            await send(message)

        try:
            await app(scope, receive, sending)
        except BaseException:
            status = status or 500
            raise
        finally:
            note()


def is_arm(path: str) -> bool:
    """Tell whether Resource Manager answers for a path."""
    return _ARM.match(path) is not None


def _correlation_id(headers: Headers) -> str:
    """Return the caller's correlation id, or a new one when there is none that fits into a header."""
    given = headers.get("x-ms-correlation-request-id", "")
    return given if _VISIBLE.fullmatch(given) else str(uuid.uuid4())
