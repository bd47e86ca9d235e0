"""The innermost ring: one pooled httpx.Client, whose exceptions never leave this module."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.arm.http.answers import understood
from pulumi_acr_tasks.arm.http.connection import open_http
from pulumi_acr_tasks.arm.http.interrupt import attend, revive
from pulumi_acr_tasks.arm.http.reason import reason_of
from pulumi_acr_tasks.arm.http.retry import retry
from pulumi_acr_tasks.arm.http.sign_in import TokenCredential, sign_in
from pulumi_acr_tasks.arm.http.throttle import throttle
from pulumi_acr_tasks.arm.operation import CORRELATION_ID, UNCERTAIN, Send, operation_of
from pulumi_acr_tasks.errors import TransportError

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
    (httpx.InvalidURL, False, "the endpoint is no valid URL"),
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
# As wide as the pool of threads that the engine's requests run in.
_LIMITS = httpx.Limits(max_connections=None, max_keepalive_connections=64)


def open_client(
    endpoint: str,
    credential: TokenCredential | None = None,
    *,
    audience: str = "",
    log: Callable[[str], None] | None = None,
    verbose: bool = False,
    stop: threading.Event | None = None,
    start: Callable[[], bool] | None = None,
) -> Client:
    """Opens a client of the Resource Manager at `endpoint` (an URL), pooled, for any number of threads.

    `credential` gives the tokens (None: requests carry no Authorization header), `audience` what they are asked for
    (default: the endpoint). `log` gets a redacted line for every request, with `verbose` also the sizes of
    the bodies and how many requests are left. `stop` ends waiting when it is set. `start` starts a service of our own
    that does not listen any more, and returns whether it does now.
    """
    # The INFO and DEBUG lines of the first two carry whole URLs, signatures included; the third repeats what it raises.
    for name, level in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("azure.identity", logging.ERROR)):
        logging.getLogger(name).setLevel(level)
    clock = SystemClock(stop)
    send = attend(transport(open_http(limits=_LIMITS), log, verbose=verbose), stop)
    if start is not None:
        send = revive(send, start)
    return Client(rings(send, endpoint, credential, audience, clock, stop=stop), endpoint, clock)


def rings(
    send: Send,
    endpoint: str,
    credential: TokenCredential | None,
    audience: str,
    clock: Clock,
    *,
    jitter: bool = True,
    stop: threading.Event | None = None,
) -> Send:
    """Put the rings around the innermost `send`: throttle, then understanding, retry, and sign-in."""
    send = retry(understood(throttle(send, clock)), clock, jitter=jitter)
    return sign_in(send, credential, audience or endpoint, endpoint, stop) if credential is not None else send


def transport(client: httpx.Client, log: Callable[[str], None] | None = None, *, verbose: bool = False) -> Send:
    """Makes the innermost `send`: a fresh correlation id for every request, foreign exceptions translated."""

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


def translate(error: Exception, request: httpx.Request) -> TransportError | None:
    """Return our error for one of httpx's, or None for an error that is not httpx's own."""
    for kind, arrived, words in TRANSLATIONS:
        if isinstance(error, kind):
            operation = operation_of(request)
            origin = f"{request.url.scheme}://{request.url.netloc.decode()}"
            reason = reason_of(error, request.url)
            said = f"{reason.words or words} ({origin}: {type(error).__name__})"
            lines = [
                f"{operation.action} {operation.resource_id}: {said}",
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
    """Gives the sizes of both bodies, and the headers that say how busy the service is; never what is in a body."""
    shown = [
        f"{name}: {value}"
        for name, value in response.headers.items()
        if name in ("x-ms-request-id", "retry-after") or name.startswith("x-ms-ratelimit-remaining-")
    ]
    sizes = f"{len(response.request.content)} bytes sent, {len(response.content)} received"
    return f" ({'; '.join([sizes, *shown])})"


def redacted(url: str) -> str:
    """Gives an URL without the values of its query, other than the API's version and filters."""
    parts = urlsplit(url)
    shown = ("api-version", "$filter", "$top")
    query = [(key, value if key in shown else "REDACTED") for key, value in parse_qsl(parts.query)]
    return f"{parts.scheme}://{parts.netloc}{parts.path}" + (f"?{urlencode(query, safe='$')}" if query else "")
