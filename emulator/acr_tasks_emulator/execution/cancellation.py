"""Cancellation of runs and steps."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Cancellation:
    """A request to end a run or a step, with a reason: `canceled`, `timedout` or `closed`. The first reason counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requested = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self.reason: str | None = None

    @property
    def requested(self) -> bool:
        """Return whether the cancellation was requested."""
        return self._requested.is_set()

    def cancel(self, reason: str) -> None:
        """Request the cancellation; the callbacks of `when_canceled` run in this thread."""
        with self._lock:
            if self._requested.is_set():
                return
            self.reason = reason
            self._requested.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds`; return True as soon as the cancellation is requested."""
        return self._requested.wait(seconds)

    @contextlib.contextmanager
    def canceled_after(self, seconds: float, reason: str) -> Iterator[None]:
        """Cancel with that reason when the block takes longer than `seconds`."""
        timer = threading.Timer(seconds, self.cancel, (reason,))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    @contextlib.contextmanager
    def when_canceled(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` on a cancellation within the block, at once after an earlier one."""
        with self._lock:
            self._callbacks.append(callback)
            requested = self._requested.is_set()
        try:
            if requested:
                callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
