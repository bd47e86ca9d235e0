"""The time that requests wait by, so that tests need not wait and a canceled update does not."""

from __future__ import annotations

import threading
import time
from typing import Protocol

from pulumi_acr_tasks.arm.http.deadlines import affordable
from pulumi_acr_tasks.arm.http.deadlines import interruptible as may_be_interrupted
from pulumi_acr_tasks.errors import CanceledError, DeadlineError


class Clock(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> float:
        """Gives seconds since some fixed moment."""
        ...

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        """Let `seconds` pass.

        Raises CanceledError when the update is canceled meanwhile, if that may interrupt; DeadlineError, at once, when
        the limit of this thread is nearer.
        """
        ...


class EventClock(Protocol):
    """A clock that also waits for events."""

    def now(self) -> float:
        """Return the seconds since some fixed moment."""

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set, for `seconds` at most; return whether it is set."""


class SystemClock:
    """Is the machine's clock; `stop` is set when the user cancels the update."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        if not affordable(seconds):
            raise DeadlineError("no time is left to wait for the service")
        if not interruptible or not may_be_interrupted():
            time.sleep(seconds)
        elif self._stop.wait(seconds):
            raise CanceledError("canceled while waiting for the service")
