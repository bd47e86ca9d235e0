"""A watch on the engine: the provider ends when its engine was killed, as nobody would read its results.

The engine puts its plugins into process groups of their own and ends them itself. An engine that is killed with SIGKILL
cannot, and its plugin would await runs for hours. Scheduled runs go on at the service, and the journal knows them.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
from collections.abc import Callable

from pulumi_acr_tasks.engine.log import engine_address

Connect = Callable[[tuple[str, int], float], socket.socket]

_EVERY = 2.0  # seconds between two checks
_CONNECT_TIMEOUT = 10.0  # seconds; Windows reports a refused port only after two
_REFUSED = (errno.ECONNREFUSED, 10061)
"""10061 is WSAECONNREFUSED, the number that Windows' sockets report."""

_TIMES = 2  # refusals in a row that prove the engine gone: a single one may come from a machine that is out of ports


def attach() -> None:
    """End this process soon after its engine is gone.

    Raises LookupError when no engine started this process.
    """
    address = engine_address()
    threading.Thread(target=watch, args=(address, _gone), name="engine", daemon=True).start()


def watch(
    address: str, gone: Callable[[], None], every: float = _EVERY, connect: Connect = socket.create_connection
) -> None:
    """Call `gone` and return when nothing listens at `address` (`host:port`) any more.

    `every` is the pause between two checks, in seconds. `connect` takes the address and a timeout in seconds.
    """
    host, _, port = address.rpartition(":")
    missed, pause = 0, threading.Event()
    while missed < _TIMES:
        pause.wait(every)
        missed = 0 if _listens((host.strip("[]"), int(port)), connect) else missed + 1
    gone()


def _listens(address: tuple[str, int], connect: Connect) -> bool:
    try:
        connect(address, _CONNECT_TIMEOUT).close()
    except OSError as error:
        # Anything but a refusal (slow, no descriptor left) says nothing of the engine.
        return not (isinstance(error, ConnectionRefusedError) or error.errno in _REFUSED)
    return True


def _gone() -> None:
    # Not sys.exit: that ends a thread, and the threads that wait for runs would hold the process for hours.
    os._exit(1)
