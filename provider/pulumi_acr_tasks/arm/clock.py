"""Clocks: this machine's, by which requests and runs wait, and the service's, which dates runs."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Protocol

from pulumi_acr_tasks.arm.http.deadlines import fits_deadline
from pulumi_acr_tasks.arm.http.deadlines import interruptible as may_be_interrupted
from pulumi_acr_tasks.errors import CanceledError, DeadlineError

if TYPE_CHECKING:
    import httpx


class Clock(Protocol):
    """A clock that tells the time and waits; tests have one of their own, so that they need not wait."""

    def now(self) -> float:
        """Return seconds since some fixed moment; the clock never goes back."""
        ...

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        """Wait `seconds`.

        Raise CanceledError when the update is canceled meanwhile, if `interruptible`. Raise DeadlineError at once when
        the deadline of this thread is nearer.
        """
        ...


class EventClock(Protocol):
    """A clock that waits for events."""

    def now(self) -> float:
        """Return seconds since some fixed moment; the clock never goes back."""
        ...

    def wait(self, event: threading.Event, seconds: float) -> bool:
        """Wait until `event` is set, for `seconds` at most; return whether it is set."""
        ...


class SystemClock:
    """The machine's clock; `stop` is set when the user cancels the update."""

    def __init__(self, stop: threading.Event | None = None) -> None:
        self._stop = stop or threading.Event()

    def now(self) -> float:
        return time.monotonic()

    def wait(self, event: threading.Event, seconds: float) -> bool:
        return event.wait(max(0.0, seconds))

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        if not fits_deadline(seconds):
            raise DeadlineError("no time is left to wait for the service")
        if not interruptible or not may_be_interrupted():
            time.sleep(seconds)
        elif self._stop.wait(seconds):
            raise CanceledError("canceled while waiting for the service")


class ServerTime:
    """The service's clock, to about a second: the `Date` of its last answer, and the time since then.

    This machine's clock may be minutes off, and the service dates runs by its own.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: tuple[datetime, float] | None = None

    def update(self, response: httpx.Response) -> None:
        """Set the clock by an answer, if it has a readable `Date`."""
        try:
            date = parsedate_to_datetime(response.headers.get("date", ""))
        except (TypeError, ValueError):
            return
        if date.tzinfo is None:
            date = date.replace(tzinfo=timezone.utc)
        with self._lock:
            self._noted = date, self._clock.now()

    def now(self) -> datetime | None:
        """Return the service's time, or None before its first answer."""
        return self.at(self._clock.now())

    def at(self, moment: float) -> datetime | None:
        """Return the service's time at a moment of our own clock, or None before its first answer."""
        with self._lock:
            if self._noted is None:
                return None
            date, seen = self._noted
            return date + timedelta(seconds=moment - seen)
