"""The terms of a wait for a run: its final statuses, cancellation, deadlines, outages of the service, queue messages.

A run is judged by `status`. Its `provisioningState` says `Succeeded` while the run is still queued.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pulumi_acr_tasks.errors import AcrTasksError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.clock import ServerTime
    from pulumi_acr_tasks.arm.models import Run


TERMINAL = frozenset({"Succeeded", "Failed", "Canceled", "Error", "Timeout"})
QUEUED = "Queued"

_MINUTE = 60


class RunLike(Protocol):
    """The part of a run that a poller reads."""

    @property
    def properties(self) -> Any: ...


class WaitCanceledError(Exception):
    """The end of a wait because the update was canceled."""


class WaitTimeoutError(Exception):
    """The end of a wait because a deadline has passed.

    `queued`: the run had not begun. `by_queue`: the deadline was the one for queued runs.
    """

    def __init__(self, *, queued: bool, by_queue: bool = False) -> None:
        super().__init__("queued for too long" if by_queue else "took too long")
        self.queued, self.by_queue = queued, by_queue


class WaitOutageError(Exception):
    """The end of a wait because the service did not answer for `seconds`; `reason` is the last failure."""

    def __init__(self, seconds: float, reason: AcrTasksError) -> None:
        super().__init__("unanswered")
        self.seconds, self.reason = seconds, reason


@dataclass
class Wait:
    """The terms of a wait for one run.

    `cancel`: set when the update is canceled; it ends the wait.
    `poll_now`: set when the run has probably ended, such as at the end of its log; the next poll then comes at once.
    `deadline`, `queue_deadline`: times of the clock, None without a limit. The second one counts until an agent takes
    the run.
    `on_status`: called with each new status. `on_run`: called with the run of each poll, except the final one.
    `answer_timeout`: seconds that an outage of the service may last, None without a limit.
    `on_outage`: called with the seconds so far and the reason while an outage lasts. `on_recovery`: called with the
    seconds when it has ended.
    """

    cancel: threading.Event
    poll_now: threading.Event = field(default_factory=threading.Event)
    deadline: float | None = None
    queue_deadline: float | None = None
    on_status: Callable[[str], None] = lambda status: None
    on_run: Callable[[Any], None] = lambda run: None
    answer_timeout: float | None = None
    on_outage: Callable[[float, AcrTasksError], None] = lambda seconds, reason: None
    on_recovery: Callable[[float], None] = lambda seconds: None

    def check(self, now: float, *, queued: bool) -> None:
        """Raise WaitCanceledError or WaitTimeoutError when the wait is over at the time `now`."""
        if self.cancel.is_set():
            raise WaitCanceledError
        if queued and self.queue_deadline is not None and now >= self.queue_deadline:
            raise WaitTimeoutError(queued=True, by_queue=True)
        if self.deadline is not None and now >= self.deadline:
            raise WaitTimeoutError(queued=queued)

    def wake_at(self, due: float, *, queued: bool) -> float:
        """Return the time of the next poll, due at `due`, or of the deadline that comes before it."""
        limits = (self.deadline, self.queue_deadline if queued else None)
        return min([due, *(limit for limit in limits if limit is not None)])


class QueueMessages:
    """A message for each minute that a run is queued, by the service's clock, which also dates the run."""

    def __init__(self, run_id: str, time: ServerTime, show: Callable[[str], None]) -> None:
        self._run_id, self._time, self._show = run_id, time, show
        self._minutes_shown = 0

    def update(self, run: Run) -> None:
        """Show a message when another minute has passed for `run`, as the service has just described it."""
        created = run.properties.create_time.moment if run.properties.create_time else None
        now = self._time.now()
        if created is None or now is None or (run.properties.status or QUEUED) != QUEUED:
            return
        minutes = int((now - created).total_seconds() // _MINUTE)
        if minutes > self._minutes_shown:
            self._minutes_shown = minutes
            self._show(
                f"{self._run_id} has been Queued for {minutes} min: all agents are busy, "
                "or a firewall of the registry keeps them out"
            )


_REPORTS = (10.0, 30.0, 60.0)
"""Seconds after which an outage is reported; later reports follow once a minute."""


class Outage:
    """The failed polls of one run since its last answer."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._since: float | None = None
        self._reason: AcrTasksError | None = None
        self._reports = 0

    def failed(self, polled_at: float, reason: AcrTasksError) -> None:
        """Record a poll that got no answer."""
        self._since = polled_at if self._since is None else self._since
        self._reason = reason

    def answered(self, now: float) -> None:
        """Record an answer; report the end of an outage that was reported."""
        if self._since is not None and self._reports:
            self._wait.on_recovery(now - self._since)
        self._since, self._reports = None, 0

    def check(self, now: float) -> None:
        """Report an outage that lasts.

        Raises WaitOutageError when it has lasted longer than the wait allows.
        """
        if self._since is None or self._reason is None:
            return
        seconds, limit = now - self._since, self._wait.answer_timeout
        if limit is not None and seconds >= limit:
            raise WaitOutageError(seconds, self._reason)
        if seconds >= self._next_report():
            self._wait.on_outage(seconds, self._reason)
            while seconds >= self._next_report():
                self._reports += 1

    def wake_at(self, due: float) -> float:
        """Return the time of the next poll, due at `due`, of the next report or of the limit, whichever is first."""
        if self._since is None:
            return due
        limit = self._wait.answer_timeout
        return min(due, self._since + self._next_report(), *([] if limit is None else [self._since + limit]))

    def _next_report(self) -> float:
        return _REPORTS[self._reports] if self._reports < len(_REPORTS) else 60.0 * (self._reports - len(_REPORTS) + 2)
