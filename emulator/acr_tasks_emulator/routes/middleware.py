"""What happens around every request: who may ask, what is noted, which headers every answer has."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.routes.errors import error_answer
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.all import Services
from acr_tasks_emulator.services.request_log import RequestEntry, without_signature
from acr_tasks_emulator.settings import is_loopback

_SAFE = {"GET", "HEAD", "OPTIONS"}
_VISIBLE = re.compile(r"[\x21-\x7e]{1,128}")
_ARM = re.compile(r"/(subscriptions|tenants|providers)(/|$)", re.IGNORECASE)
_WILDCARDS = {"0.0.0.0", "::", ""}  # noqa: S104 - compared, not bound


class Guard:
    """Refuses foreign hosts (DNS rebinding), posts by pages of other sites, and callers without the token.

    `is_named` tells whether the server's certificate, if any, makes a host ours.
    """

    def __init__(self, app: ASGIApp, host: str, token: str | None, is_named: Callable[[str], bool]) -> None:
        self._app = app
        self._is_named = is_named
        self._host = host.lower()
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        error = self._refusal(scope, headers)
        if error is None:
            await self._app(scope, receive, send)
        else:
            await error_answer(error)(scope, receive, send)

    def _refusal(self, scope: Scope, headers: Headers) -> errors.ServiceError | None:
        host = headers.get("host", "")
        if not self._is_ours(host):
            return errors.FOREIGN_HOST(host=host)
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != host.lower()
        if scope["method"] not in _SAFE and (foreign or headers.get("sec-fetch-site") == "cross-site"):
            return errors.FOREIGN_ORIGIN(origin=origin or "another site")
        if self._token is None or scope["path"].startswith("/blobs/"):
            return None  # a blob's link carries its own signature
        return self._sign_in(headers.get("authorization", ""), scope["path"])

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").lower()
        except ValueError:
            return False
        if name == self._host or is_loopback(name) or name.endswith(".localhost") or self._is_named(name):
            return True
        if self._host not in _WILDCARDS:
            return False
        try:
            ipaddress.ip_address(name)  # no name of an attacker's domain is an address
        except ValueError:
            return name in {socket.gethostname().lower(), socket.getfqdn().lower()}
        return True

    def _sign_in(self, authorization: str, path: str) -> errors.ServiceError | None:
        # A browser and docker can show the token only as a password, so Basic is taken as well.
        basic = {"WWW-Authenticate": 'Basic realm="acr-tasks-emulator", charset="UTF-8"'}
        challenge = {"WWW-Authenticate": 'Bearer error="invalid_token"'} if is_arm(path) else basic
        if not authorization:
            return errors.AUTHENTICATION_FAILED(headers=challenge)
        kind, _, shown = authorization.partition(" ")
        if kind.lower() == "basic":
            try:
                shown = base64.b64decode(shown, validate=True).decode().partition(":")[2]
            except (ValueError, binascii.Error):
                shown = ""
        if not hmac.compare_digest(shown.strip().encode(), (self._token or "").encode()):
            return errors.INVALID_AUTHENTICATION_TOKEN(headers=challenge)
        return None


class ArmHeaders:
    """Gives every request its correlation id, and every answer of Resource Manager the common headers (facts 2.1).

    It stands around the guard, so that refusals have them too.
    """

    def __init__(self, app: ASGIApp, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        correlation_id = _correlation_id(Headers(scope=scope))
        scope.setdefault("state", {})["correlation_id"] = correlation_id
        added = self._headers(correlation_id) if is_arm(scope["path"]) else {}

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
    """Notes requests for Resource Manager and blobs. `app` answers those, `rest` everything else."""

    def __init__(self, app: ASGIApp, rest: ASGIApp, services: Services) -> None:
        self._app = app
        self._rest = rest
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if scope["type"] != "http" or not (is_arm(path) or path.startswith("/blobs/")):
            await self._rest(scope, receive, send)
            return
        began, time_text, status = time.perf_counter(), round_trip(self._services.clock.now()), 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        except BaseException:
            status = status or 500
            raise
        finally:
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


def is_arm(path: str) -> bool:
    """Tell whether Resource Manager answers for a path."""
    return _ARM.match(path) is not None


def _correlation_id(headers: Headers) -> str:
    """Return the caller's correlation id, or a new one when there is none that fits into a header."""
    given = headers.get("x-ms-correlation-request-id", "")
    return given if _VISIBLE.fullmatch(given) else str(uuid.uuid4())
