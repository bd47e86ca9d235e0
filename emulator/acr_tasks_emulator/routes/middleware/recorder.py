"""The outermost middleware: correlation ids, common headers, the request log, and how long the emulator is idle."""

from __future__ import annotations

import re
import threading
import time
import uuid
from urllib.parse import unquote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acr_tasks_emulator.clock import round_trip
from acr_tasks_emulator.routes.http import is_arm
from acr_tasks_emulator.routes.sign_in import is_sign_in
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.conditions.request_log import RequestEntry, without_signature

_VISIBLE = re.compile(r"[\x21-\x7e]{1,128}")
_ABSOLUTE = re.compile(rb"https?://([^/]*)(/.*)?", re.IGNORECASE | re.DOTALL)
# Browsers may not guess the type of any answer.
_EVERYWHERE = {"x-content-type-options": "nosniff"}


class Recorder:
    """A middleware around everything, the guard too, so that refusals have headers and are logged.

    Requests for Resource Manager and blobs are logged, and sign-ins.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._lock = threading.Lock()
        self._open = 0
        self._last = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = _in_origin_form(scope)
        asked, path = Headers(scope=scope), scope["path"]
        now = round_trip(self._services.clock.now())
        of_arm = is_arm(path)
        logged = of_arm or path.startswith("/blobs/") or is_sign_in(scope)
        log = _Entry(scope, self._services, now) if logged else None
        correlation_id = _correlation_id(asked)
        added = _arm_headers(correlation_id, now) if of_arm else dict(_EVERYWHERE)
        if "sec-fetch-site" in asked:
            # A browser would use https for every port of localhost from then on, also for other programs.
            added.pop("strict-transport-security", None)
        scope.setdefault("state", {}).update(correlation_id=correlation_id, headers=added)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            if log is not None:
                log.see(message)
            await send(message)

        self._count(+1)
        try:
            await self._app(scope, receive, sending)
        except BaseException:
            if log is not None:
                log.status = log.status or 500
            raise
        finally:
            if log is not None:
                log.write()
            self._count(-1)

    def idle_seconds(self) -> float:
        """Return the seconds since the last request ended; 0 while one is in progress."""
        with self._lock:
            return 0.0 if self._open else time.monotonic() - self._last

    def _count(self, change: int) -> None:
        with self._lock:
            self._open += change
            self._last = time.monotonic()


class _Entry:
    """An entry of the request log, written once."""

    def __init__(self, scope: Scope, services: Services, now: str) -> None:
        self._scope = scope
        self._log = services.request_log
        self._cleared = self._log.cleared
        self._began, self._time = time.perf_counter(), now
        self._written = False
        self.status = 0

    def see(self, message: Message) -> None:
        """Note the status; write the entry before the answer ends, so that a caller with all of it finds the entry."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif not message.get("more_body"):
            self.write()

    def write(self) -> None:
        if self._written:
            return
        self._written = True
        self._log.add(
            RequestEntry(
                time=self._time,
                method=self._scope["method"],
                path=self._scope["path"],
                query=without_signature(self._scope["query_string"].decode("latin-1")),
                status=self.status,
                milliseconds=round((time.perf_counter() - self._began) * 1000, 3),
                correlationId=self._scope["state"]["correlation_id"],
            ),
            self._cleared,
        )


def _in_origin_form(scope: Scope) -> Scope:
    """Return a request for `http://host/path` as one for `/path` of that host, as RFC 9112 demands of servers."""
    absolute = _ABSOLUTE.fullmatch(scope["raw_path"])
    if absolute is None:
        return scope
    host, path = absolute[1], absolute[2] or b"/"
    others = [(name, value) for name, value in scope["headers"] if name != b"host"]
    return {**scope, "raw_path": path, "path": unquote(path.decode("ascii")), "headers": [(b"host", host), *others]}


def _arm_headers(correlation_id: str, now: str) -> dict[str, str]:
    request_id = str(uuid.uuid4())
    return {
        "cache-control": "no-cache",
        "pragma": "no-cache",
        "expires": "-1",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
        **_EVERYWHERE,
        "x-cache": "CONFIG_NOCACHE",
        "x-msedge-ref": f"Ref A: {uuid.uuid4().hex.upper()} Ref B: EMULATOR Ref C: {now}",
        "x-ms-operation-identifier": f"tenantId=,objectId=/emulator/{request_id}",
        "x-ms-request-id": request_id,
        "x-ms-correlation-request-id": correlation_id,
        "x-ms-routing-request-id": f"EMULATOR:{request_id}",
    }


def _correlation_id(headers: Headers) -> str:
    """Return the caller's correlation id, or a new one when it has none that fits into a header."""
    given = headers.get("x-ms-correlation-request-id", "")
    return given if _VISIBLE.fullmatch(given) else str(uuid.uuid4())
