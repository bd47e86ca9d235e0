"""The wish that a run should end before it is done."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Cancellation:
    """Set once, with a reason: `canceled`, `timedout` or `closed`. The first reason counts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked = threading.Event()
        self._callbacks: list[Callable[[], None]] = []
        self.reason: str | None = None

    @property
    def requested(self) -> bool:
        """Whether somebody wants the run to end."""
        return self._asked.is_set()

    def cancel(self, reason: str) -> None:
        """Ask the run to end; what `when_canceled` registered is called in this thread."""
        with self._lock:
            if self._asked.is_set():
                return
            self.reason = reason
            self._asked.set()
            callbacks = list(self._callbacks)
        for callback in callbacks:
            callback()

    def wait(self, seconds: float) -> bool:
        """Wait at most `seconds`; True as soon as somebody asked."""
        return self._asked.wait(seconds)

    @contextlib.contextmanager
    def when_canceled(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` when somebody asks within the block, at once when somebody already has."""
        with self._lock:
            self._callbacks.append(callback)
            requested = self._asked.is_set()
        try:
            if requested:
                callback()
            yield
        finally:
            with self._lock:
                self._callbacks.remove(callback)
