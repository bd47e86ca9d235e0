"""The rings around a request, put together: which of them there are, and in which order."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx

from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.arm.http.answers import read_answers
from pulumi_acr_tasks.arm.http.connection import open_http
from pulumi_acr_tasks.arm.http.deadlines import cancelable
from pulumi_acr_tasks.arm.http.retry import retry
from pulumi_acr_tasks.arm.http.sign_in import sign_in
from pulumi_acr_tasks.arm.http.throttle import throttle
from pulumi_acr_tasks.arm.http.transport import restart_service, transport
from pulumi_acr_tasks.arm.operation import Send

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.credentials import TokenCredential

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
    """Return a client of the Resource Manager at `endpoint` (a URL), pooled, for any number of threads.

    `credential` gives the tokens (None: requests carry no Authorization header), for `audience` (default: the
    endpoint). `log` gets a redacted line for every request, with `verbose` also the sizes of the bodies and how many
    requests are left. `stop` ends waiting when it is set. `start` starts a service of our own that does not listen any
    more, and returns whether it listens now.
    """
    # The INFO and DEBUG lines of the first two carry whole URLs, signatures included; the third repeats what it raises.
    for name, level in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("azure.identity", logging.ERROR)):
        logging.getLogger(name).setLevel(level)
    clock = SystemClock(stop)
    send = cancelable(transport(open_http(limits=_LIMITS), log, verbose=verbose), stop)
    if start is not None:
        send = restart_service(send, start)
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
    """Put the rings around the innermost `send`: throttle, then the reading of answers, retry, and sign-in."""
    send = retry(read_answers(throttle(send, clock)), clock, jitter=jitter)
    return sign_in(send, credential, audience or endpoint, endpoint, stop) if credential is not None else send
