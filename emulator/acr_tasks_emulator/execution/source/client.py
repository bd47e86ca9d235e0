"""The HTTP client for sources, whose connections end with their run."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from acr_tasks_emulator.execution.cancellation import Cancellation

_TIMEOUT = httpx.Timeout(30, connect=10)
"""How long one part of an answer may take. A cancellation waits for a connection that is being made."""


@contextlib.contextmanager
def client_for(cancellation: Cancellation, **options: Any) -> Iterator[httpx.Client]:
    """Yield a client whose connections a cancellation breaks at once: requests then raise httpx.HTTPError.

    Otherwise nothing would end the wait for a host that sends a byte now and then, not even the run's timeout. options:
    of httpx.Client.
    """
    opened: list[socket.socket] = []

    def note(event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.complete":
            # A duplicate, because TLS takes the socket itself away.
            opened.append(info["return_value"].get_extra_info("socket").dup())
            if cancellation.requested:
                break_all()

    def break_all() -> None:
        for each in opened:
            with contextlib.suppress(OSError):  # the other end has closed it
                each.shutdown(socket.SHUT_RDWR)

    hooks = {"request": [lambda request: request.extensions.update(trace=note)]}
    try:
        with (
            httpx.Client(timeout=_TIMEOUT, event_hooks=hooks, **options) as client,
            cancellation.when_canceled(break_all),
        ):
            yield client
    finally:
        for each in opened:
            each.close()
