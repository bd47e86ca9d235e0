"""The rings next to the transport: ^C and limits end a request under way; an emulator that died is started again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.http.deadlines import attended
from pulumi_acr_tasks.arm.operation import operation_of
from pulumi_acr_tasks.errors import CanceledError, TransportError

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.operation import Send

_GRACE = 5.0
"""Seconds after ^C for the answer to a request that changes something: without it nobody knows what was done."""


def attend(send: Send, stop: threading.Event | None) -> Send:
    """Sends a request, and leaves it when `stop` is set or the limit of this thread is reached.

    A request that only reads is left at once, any other after five seconds; that one is a TransportError then, because
    it may have arrived.
    """

    def attending(request: httpx.Request) -> httpx.Response:
        operation = operation_of(request)
        doing = f"{operation.action} {operation.resource_id}"
        # A GET that waits for the end of what was accepted is a part of that.
        reads = request.method in ("GET", "HEAD") and operation.idempotent
        heeded = None if operation.after_cancel else stop
        try:
            return attended(lambda: send(request), heeded, doing, 0.0 if reads else _GRACE)
        except CanceledError as error:
            if reads:
                raise
            raise TransportError(str(error), lasting=True) from error

    return attending


def revive(send: Send, start: Callable[[], bool]) -> Send:
    """Sends a request, and once more when nobody listened and `start` has brought the service back.

    `start` returns False when it cannot help.
    """

    def reviving(request: httpx.Request) -> httpx.Response:
        try:
            return send(request)
        except TransportError as error:
            if error.arrived or error.lasting or not start():
                raise
        return send(request)

    return reviving
