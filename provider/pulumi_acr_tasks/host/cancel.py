"""^C: an event that is set when the engine cancels.

The dynamic server answers Cancel without telling anybody (`facts/pulumi.md` section 2.6), and the engine then waits
for what is in flight without a limit. The handler was bound when the server started, so the method cannot be
replaced, but its code can.

The engine sends Cancel to every provider at the end of every command too, successful or not, and after a ^C once
more. A command that is killed sends none. So the event means something only to what still waits, and what `on_cancel`
takes is called when the engine has recorded the results of all calls that have returned.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Any

LOST = "^C: a run in flight goes on until it ends, and pulumi waits for it"

canceled = threading.Event()
"""Set when the engine sends Cancel; never cleared: the process ends with the command."""

_callbacks: list[Callable[[], None]] = []


def on_cancel(callback: Callable[[], None]) -> None:
    """Have `callback` called at each Cancel, after `canceled` is set; a second registration changes nothing."""
    if callback not in _callbacks:
        _callbacks.append(callback)


def end_command() -> None:
    """Set `canceled`, then call what was registered; what a callback raises is dropped."""
    canceled.set()
    for callback in list(_callbacks):
        with contextlib.suppress(Exception):  # Cancel has no answer that could carry it
            callback()


def _cancel(self: Any, request: Any, context: Any) -> Any:
    """End the command, then answer as the stock method does. Runs with the server's globals, so it imports what it
    needs."""
    from google.protobuf import empty_pb2  # type: ignore[import-untyped]

    from pulumi_acr_tasks.host.cancel import end_command

    end_command()
    return empty_pb2.Empty()


def attach() -> None:
    """Make the server's Cancel set `canceled`.

    Raises AttributeError when the server has no such method, ValueError when its code cannot be exchanged.
    """
    method = sys.modules["__main__"].DynamicResourceProviderServicer.Cancel
    method.__code__ = _cancel.__code__
