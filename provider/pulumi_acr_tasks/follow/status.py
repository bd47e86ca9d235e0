"""The status of a run, awaited.

By `status`, never by `provisioningState`, which says `Succeeded` while the run is still queued
(`facts/acr-tasks-api.md` section 1).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pulumi_acr_tasks.errors import ThrottledError, TransportError, UnavailableError
from pulumi_acr_tasks.follow.clock import Clock, SystemClock

TERMINAL = frozenset({"Succeeded", "Failed", "Canceled", "Error", "Timeout"})
_QUEUED = frozenset({"", "Queued"})  # nothing is known at first

_SOON = 1.0  # seconds between the first two questions
_CLOSE = 0.5  # seconds between questions once the log has ended, to begin with
_LATE = 15.0  # seconds between two questions in the long run
_GROWTH = 1.5
_SLICE = 0.25  # seconds in which a stop is noticed while waiting for something else


class RunLike(Protocol):
    """A run as the service answers it: what is read here."""

    @property
    def properties(self) -> Any: ...


R = TypeVar("R", bound=RunLike)


class WaitStoppedError(Exception):
    """The waiting was ended from outside."""


class WaitExpiredError(Exception):
    """The run did not end in the time that it was given.

    `queued` is True when it had not even begun; `by_queue` when it was the patience for queued runs that ended.
    """

    def __init__(self, *, queued: bool, by_queue: bool = False) -> None:
        super().__init__("queued for too long" if by_queue else "took too long")
        self.queued, self.by_queue = queued, by_queue


@dataclass
class Wait:
    """The patience for one run, and what may end it early.

    `stop` ends the waiting. `hurry` is set when there is reason to believe that the run has ended: the status is then
    asked for at once. `until` and `queued_until` are times of the clock, None without a limit; the second counts only
    while no agent has taken the run. `noticed` is told each status that is not the one before.
    """

    stop: threading.Event
    hurry: threading.Event = field(default_factory=threading.Event)
    until: float | None = None
    queued_until: float | None = None
    noticed: Callable[[str], None] = lambda status: None


class Watcher(Generic[R]):
    """Awaits the ends of runs.

    `get` asks the service for one run by its id. Callers know only `wait`, so that one question for all the runs of a
    registry can take the place of one for each.
    """

    def __init__(self, get: Callable[[str], R], clock: Clock | None = None) -> None:
        self._get = get
        self._clock = clock or SystemClock()

    def wait(self, run_id: str, wait: Wait) -> R:
        """Return the run once its status is final.

        A service that is busy or does not answer is asked again. Raises WaitStoppedError, WaitExpiredError, and
        whatever else `get` raises.
        """
        pause, status, hurried = _SOON, "", False
        while True:
            if wait.hurry.is_set() and not hurried:
                # The log ends a moment before the status changes: stay close to it from now on.
                pause, hurried = _CLOSE, True
            run = self._ask(run_id)
            if run is not None:
                before, status = status, run.properties.status or "Queued"
                if status in TERMINAL:
                    return run
                if status != before:
                    wait.noticed(status)
            # Once an agent has the run, the patience for queued runs counts no more.
            limits = [wait.until, wait.queued_until if status in _QUEUED else None]
            self._check(wait, status)
            self._sleep(pause, wait, limits, hurried)
            pause = min(pause * _GROWTH, _LATE)

    def _ask(self, run_id: str) -> R | None:
        """The run, or None when the service cannot say just now (the client's own retries are behind us then)."""
        try:
            return self._get(run_id)
        except (ThrottledError, UnavailableError, TransportError):
            return None

    def _sleep(self, seconds: float, wait: Wait, limits: list[float | None], hurried: bool) -> None:
        """Sleep until it is time to ask again, there is reason to hurry, the waiting is stopped, or the patience
        ends."""
        end = min([self._clock.now() + seconds, *(limit for limit in limits if limit is not None)])
        while (left := end - self._clock.now()) > 0 and not wait.stop.is_set():
            if hurried:
                self._clock.wait(wait.stop, left)
            elif self._clock.wait(wait.hurry, min(left, _SLICE)):
                return

    def _check(self, wait: Wait, status: str) -> None:
        if wait.stop.is_set():
            raise WaitStoppedError
        now = self._clock.now()
        queued = status in _QUEUED
        if queued and wait.queued_until is not None and now >= wait.queued_until:
            raise WaitExpiredError(queued=True, by_queue=True)
        if wait.until is not None and now >= wait.until:
            raise WaitExpiredError(queued=queued)
