"""Outages: how long the service has not answered, why, and when the user hears of it."""

from __future__ import annotations

from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.run.wait.status import Wait, WaitOutageError

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
