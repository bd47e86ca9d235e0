"""The status of a run, and the patience of one who awaits it.

By `status`, never by `provisioningState`, which says `Succeeded` while the run is still queued
(`facts/acr-tasks-api.md` section 1).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pulumi_acr_tasks.errors import AcrTasksError

TERMINAL = frozenset({"Succeeded", "Failed", "Canceled", "Error", "Timeout"})
QUEUED = "Queued"


class RunLike(Protocol):
    """A run as the service answers it: what is read here."""

    @property
    def properties(self) -> Any: ...


class WaitStoppedError(Exception):
    """The waiting was ended from outside."""


class WaitExpiredError(Exception):
    """The run did not end in the time that it was given.

    `queued` is True when it had not even begun; `by_queue` when it was the patience for queued runs that ended.
    """

    def __init__(self, *, queued: bool, by_queue: bool = False) -> None:
        super().__init__("queued for too long" if by_queue else "took too long")
        self.queued, self.by_queue = queued, by_queue


class WaitUnansweredError(Exception):
    """The service did not answer for `seconds`; `reason` is why the last question had no answer."""

    def __init__(self, seconds: float, reason: AcrTasksError) -> None:
        super().__init__("unanswered")
        self.seconds, self.reason = seconds, reason


@dataclass
class Wait:
    """The patience for one run, and what may end it early.

    `stop` ends the waiting. `hurry` is set when there is reason to believe that the run has ended: the status is then
    asked for at once; the watcher sets it too, when it has seen the end. `until` and `queued_until` are times of the
    clock, None without a limit; the second counts only until an agent has taken the run. `noticed` is told each status
    that is not the one before, `looked` each run as it was seen, the final one excepted. `silence` is the number of
    seconds for which the service may leave questions unanswered, None without a limit; `silent` is told after ten of
    them and now and then later, with the reason, and `spoke` once, when there is an answer again.
    """

    stop: threading.Event
    hurry: threading.Event = field(default_factory=threading.Event)
    until: float | None = None
    queued_until: float | None = None
    noticed: Callable[[str], None] = lambda status: None
    looked: Callable[[Any], None] = lambda run: None
    silence: float | None = None
    silent: Callable[[float, AcrTasksError], None] = lambda seconds, reason: None
    spoke: Callable[[float], None] = lambda seconds: None

    def check(self, now: float, *, queued: bool) -> None:
        """Raise WaitStoppedError or WaitExpiredError when the waiting is over at the time `now`."""
        if self.stop.is_set():
            raise WaitStoppedError
        if queued and self.queued_until is not None and now >= self.queued_until:
            raise WaitExpiredError(queued=True, by_queue=True)
        if self.until is not None and now >= self.until:
            raise WaitExpiredError(queued=queued)

    def end(self, due: float, *, queued: bool) -> float:
        """The time at which there is something to do: at `due`, or when the patience ends."""
        limits = (self.until, self.queued_until if queued else None)
        return min([due, *(limit for limit in limits if limit is not None)])
