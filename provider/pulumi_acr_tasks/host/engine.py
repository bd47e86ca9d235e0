"""The engine's life: a provider whose engine was killed has nobody to report to, and ends.

The engine puts its plugins into process groups of their own and ends them itself; killed with SIGKILL it cannot, and
the plugin would await its runs for hours (`facts/pulumi.md` section 2.6). What was scheduled goes on at the service,
and the journal knows it.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable

from pulumi_acr_tasks.host.log import engine_address

Connect = Callable[[tuple[str, int], float], socket.socket]

LOST = "an engine that was killed: this process then ends only with its runs"

_EVERY = 2.0  # seconds between two looks
_PATIENCE = 10.0  # seconds; Windows tries a refused port for two, and only then says that it is refused
_REFUSED = (errno.ECONNREFUSED, 10061)
"""10061 is WSAECONNREFUSED, the number that Windows' sockets report."""

_TIMES = 2  # looks in a row that must find nobody: a single refusal may be a machine that is out of ports


def attach() -> None:
    """End this process soon after its engine is gone.

    Raises LookupError when the process was not started by one.
    """
    address = engine_address()
    threading.Thread(target=watch, args=(address, _gone), name="engine", daemon=True).start()


def watch(
    address: str, gone: Callable[[], None], every: float = _EVERY, connect: Connect = socket.create_connection
) -> None:
    """Look every so many seconds whether somebody listens at `address` (`host:port`); when nobody does any more, call
    `gone` and return. `connect` takes the address and how many seconds it may take."""
    host, _, port = address.rpartition(":")
    missed, pause = 0, threading.Event()
    while missed < _TIMES:
        pause.wait(every)
        missed = 0 if _listens((host.strip("[]"), int(port)), connect) else missed + 1
    gone()


def _listens(address: tuple[str, int], connect: Connect) -> bool:
    try:
        connect(address, _PATIENCE).close()
    except OSError as error:
        # Anything but a refusal (slow, no descriptor left) says nothing of the engine.
        return not (isinstance(error, ConnectionRefusedError) or error.errno in _REFUSED)
    return True


def _gone() -> None:
    # Not sys.exit: that ends a thread, and the threads that wait for runs would hold the process for hours.
    os._exit(1)
