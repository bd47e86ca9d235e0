"""The transport of a request: its operation, one pooled httpx.Client, and our errors for the exceptions of httpx."""

from __future__ import annotations

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from pulumi_acr_tasks.arm.clock import run_cancelable
from pulumi_acr_tasks.arm.http.connection import reason_of
from pulumi_acr_tasks.errors import AcrTasksError, CanceledError, TransportError

# A function that sends a request and returns its answer: the transport, or middleware around it.
Send = Callable[["httpx.Request"], "httpx.Response"]

CORRELATION_ID = "x-ms-correlation-request-id"

# The extension of a request that may have been carried out: an attempt was sent, and no answer has its result.
UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Operation:
    """One of the specification's operations on one resource.

    `action` is the verb of its errors ("update task"); `resource_id` is the ARM id of the resource. `idempotent` is
    True when sending it twice does no harm. `after_cancel` is True for a request that is sent because of ^C, which must
    not interrupt its waiting. `reads` returns the caller's value from the answer's object, and raises ValueError for
    an object of another kind. `answers` is False when the answer may be empty.
    """

    action: str
    resource_id: str
    idempotent: bool = True
    after_cancel: bool = False
    reads: Callable[[dict[str, Any]], Any] | None = None
    answers: bool = True


def operation_of(request: httpx.Request) -> Operation:
    """Return the operation that a request was made for."""
    return cast("Operation", request.extensions["operation"])


@contextlib.contextmanager
def carried_out() -> Iterator[None]:
    """Mark every error within the block as uncertain: the service has accepted the request, and may carry it out."""
    try:
        yield
    except AcrTasksError as error:
        error.uncertain = True
        raise


_GRACE = 5.0
"""Seconds after ^C for the answer to a request that changes something: without it the change may or may not be made."""

# What httpx raises, and at last Python's codec for host names, most specific first: whether the request may have
# arrived, and what the user reads.
# (Source: httpx._exceptions; the request has certainly not arrived when no connection to the server was made.)
TRANSLATIONS: tuple[tuple[type[Exception], bool, str], ...] = (
    (httpx.ConnectError, False, "cannot connect"),
    (httpx.ConnectTimeout, False, "no connection in time"),
    (httpx.PoolTimeout, False, "no free connection in time"),
    (httpx.ProxyError, False, "the proxy refused the connection"),
    (httpx.UnsupportedProtocol, False, "the endpoint is neither http nor https"),
    (httpx.LocalProtocolError, False, "the request is not valid HTTP"),
    (httpx.InvalidURL, False, "the endpoint is not a valid URL"),
    (httpx.ReadTimeout, True, "no answer in time"),
    (httpx.WriteTimeout, True, "the request could not be sent in time"),
    (httpx.ReadError, True, "the connection broke while reading the answer"),
    (httpx.WriteError, True, "the connection broke while sending the request"),
    (httpx.CloseError, True, "the connection broke while closing it"),
    (httpx.RemoteProtocolError, True, "the server's answer is not valid HTTP, or the connection was closed"),
    (httpx.DecodingError, True, "the answer cannot be decoded"),
    (httpx.TooManyRedirects, True, "too many redirects"),
    (httpx.HTTPStatusError, True, "the answer has an unexpected status"),
    (httpx.CookieConflict, True, "the answer's cookies contradict each other"),
    (httpx.StreamError, True, "the answer's body cannot be read"),
    (httpx.HTTPError, True, "the request failed"),
    (UnicodeError, False, "the endpoint's name cannot be looked up"),
)

# Task operations take 2 to 4 s live; listing and webhooks may take longer.
_TIMEOUT = httpx.Timeout(100.0, connect=15.0, pool=None)


def transport(client: httpx.Client, log: Callable[[str], None] | None = None, *, verbose: bool = False) -> Send:
    """Return the innermost `send`: a fresh correlation id for every request, foreign exceptions translated."""

    def send(request: httpx.Request) -> httpx.Response:
        request.headers[CORRELATION_ID] = str(uuid.uuid4())
        # The pool's own timeouts hold only for requests that it builds itself.
        request.extensions["timeout"] = _TIMEOUT.as_dict()
        started = time.monotonic()
        try:
            response = client.send(request)
        except Exception as error:
            translated = translate(error, request)
            if translated is None:
                raise
            if translated.arrived:
                request.extensions[UNCERTAIN] = True
            _write(log, request, translated.args[0].splitlines()[-1], started)
            raise translated from error
        if response.status_code >= 500:
            request.extensions[UNCERTAIN] = True
        _write(log, request, str(response.status_code), started, _particulars(response) if verbose and log else "")
        return response

    return send


def cancelable(send: Send, stop: threading.Event | None) -> Send:
    """Send a request, and give it up when `stop` is set or at the deadline of this thread.

    A request that only reads is given up at once, any other after five seconds. The latter becomes a TransportError,
    because it may have arrived.
    """

    def cancelable_send(request: httpx.Request) -> httpx.Response:
        operation = operation_of(request)
        doing = f"{operation.action} {operation.resource_id}"
        # A GET that waits for the end of an accepted request is a part of that request.
        reads = request.method in ("GET", "HEAD") and operation.idempotent
        heeded = None if operation.after_cancel else stop
        try:
            return run_cancelable(lambda: send(request), heeded, doing, 0.0 if reads else _GRACE)
        except CanceledError as error:
            if reads:
                raise
            raise TransportError(str(error), lasting=True) from error

    return cancelable_send


def restart_service(send: Send, start: Callable[[], bool]) -> Send:
    """Send a request, and once more when nothing listened and `start` has brought the service back.

    `start` returns False when it cannot help. An answer is handed on after a restart that is under way meanwhile: the
    answer may end the update, and the restart has to be reported before that.
    """
    restart = threading.Lock()

    def started() -> bool:
        held = restart.acquire(blocking=False)  # others wait in `start`, where ^C and their deadlines reach them
        try:
            return start()
        finally:
            if held:
                restart.release()

    def restarting_send(request: httpx.Request) -> httpx.Response:
        try:
            response = send(request)
        except TransportError as error:
            if error.arrived or error.lasting or not started():
                raise
            response = send(request)
        with restart:
            return response

    return restarting_send


def translate(error: Exception, request: httpx.Request) -> TransportError | None:
    """Return our error for one of httpx's, or None for an error that is not httpx's own."""
    for kind, arrived, words in TRANSLATIONS:
        if isinstance(error, kind):
            operation = operation_of(request)
            origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
            reason = reason_of(error, request.url)
            what = f"{reason.words or words} ({origin}: {type(error).__name__})"
            lines = [
                f"{operation.action} {operation.resource_id}: {what}",
                reason.cure,
                f"correlation id {request.headers.get(CORRELATION_ID, '')}",
            ]
            return TransportError("\n".join(line for line in lines if line), arrived=arrived, lasting=reason.lasting)
    return None


def _write(
    log: Callable[[str], None] | None, request: httpx.Request, result: str, started: float, particulars: str = ""
) -> None:
    if log is not None:
        milliseconds = (time.monotonic() - started) * 1000
        correlation_id = request.headers[CORRELATION_ID]
        address = redacted(str(request.url))
        log(f"{request.method} {address} {result} {milliseconds:.0f} ms {correlation_id}{particulars}")


def _particulars(response: httpx.Response) -> str:
    """Return the sizes of both bodies, and the headers that say how busy the service is; never a body itself."""
    shown = [
        f"{name}: {value}"
        for name, value in response.headers.items()
        if name in ("x-ms-request-id", "retry-after") or name.startswith("x-ms-ratelimit-remaining-")
    ]
    sizes = f"{len(response.request.content)} bytes sent, {len(response.content)} received"
    return f" ({'; '.join([sizes, *shown])})"


def redacted(url: str) -> str:
    """Return a URL without the values of its query, other than the API's version and filters."""
    parts = urlsplit(url)
    shown = ("api-version", "$filter", "$top")
    query = [(key, value if key in shown else "REDACTED") for key, value in parse_qsl(parts.query)]
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{urlencode(query, safe='$')}" if query else "")
