"""The packing of a context, shown while it goes on, and ended by ^C."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from pulumi_acr_tasks.arm.http.deadlines import affordable
from pulumi_acr_tasks.errors import CanceledError, DeadlineError

_EVERY = 1.0  # seconds between two lines


class Packing:
    """Shows how many bytes of a context have been packed, once a second; is called with their sum.

    Raises CanceledError when `stop` is set, DeadlineError when the limit of this thread is reached.
    """

    def __init__(self, show: Callable[[str], None], stop: threading.Event) -> None:
        self._show, self._stop = show, stop
        self._shown = time.monotonic()

    def __call__(self, size: int) -> None:
        if self._stop.is_set():
            raise CanceledError("The update was cancelled while the context was packed: no run was scheduled.")
        if not affordable(0):
            raise DeadlineError("the context was not packed in the time that was left", arrived=False)
        now = time.monotonic()
        if now - self._shown >= _EVERY:
            self._shown = now
            self._show(f"packing the context, {size >> 20} MiB so far")
