"""The engine's Cancel: an event for all that waits, and callbacks for the end of a command."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable

canceled = threading.Event()
"""Set when the engine sends Cancel; never cleared: the process ends with the command."""

_callbacks: list[Callable[[], None]] = []


def on_cancel(callback: Callable[[], None]) -> None:
    """Have `callback` called at each Cancel, after `canceled` is set; a second registration changes nothing.

    The engine sends Cancel to every provider at the end of every command too, successful or not, and after a ^C once
    more. A command that is killed sends none. At that time the engine has recorded the results of all calls that have
    returned.
    """
    if callback not in _callbacks:
        _callbacks.append(callback)


def end_command() -> None:
    """Set `canceled`, then call the callbacks; ignore their exceptions."""
    canceled.set()
    for callback in list(_callbacks):
        with contextlib.suppress(Exception):  # Cancel has no answer that could carry it
            callback()
