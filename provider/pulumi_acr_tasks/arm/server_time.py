"""The time as the service has it: this machine's clock may be minutes off, and runs are dated by the service's."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.clock import Clock


class ServerTime:
    """Is the service's clock, as the `Date` of its last answer and the time since then tell it; to about a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._noted: tuple[datetime, float] | None = None

    def note(self, response: httpx.Response) -> None:
        """Learns the time from an answer; one without a readable `Date` teaches nothing."""
        try:
            date = parsedate_to_datetime(response.headers.get("date", ""))
        except (TypeError, ValueError):
            return
        if date.tzinfo is None:
            date = date.replace(tzinfo=timezone.utc)
        with self._lock:
            self._noted = date, self._clock.now()

    def now(self) -> datetime | None:
        """Gives the service's time, None before its first answer."""
        return self.at(self._clock.now())

    def at(self, moment: float) -> datetime | None:
        """Gives the service's time at a moment of our own clock, None before its first answer."""
        with self._lock:
            if self._noted is None:
                return None
            date, seen = self._noted
            return date + timedelta(seconds=moment - seen)
