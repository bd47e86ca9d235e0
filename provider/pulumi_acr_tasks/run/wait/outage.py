"""A service that does not answer: since when, why, and when that is told."""

from __future__ import annotations

from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.run.wait.status import Wait, WaitUnansweredError

_TOLD = (10.0, 30.0, 60.0)
"""Seconds after which a silence is told; after that once a minute."""


class Silence:
    """The questions for one run that have had no answer since the last one that had."""

    def __init__(self, wait: Wait) -> None:
        self._wait = wait
        self._since: float | None = None
        self._reason: AcrTasksError | None = None
        self._told = 0

    def begins(self, asked: float, reason: AcrTasksError) -> None:
        """Take note that a question, put at the time `asked`, had no answer."""
        self._since = asked if self._since is None else self._since
        self._reason = reason

    def ends(self, now: float) -> None:
        """Take note of an answer; tell it when the silence was told."""
        if self._since is not None and self._told:
            self._wait.spoke(now - self._since)
        self._since, self._told = None, 0

    def check(self, now: float) -> None:
        """Tell of a silence that lasts.

        Raises WaitUnansweredError when it has lasted too long.
        """
        if self._since is None or self._reason is None:
            return
        seconds, limit = now - self._since, self._wait.silence
        if limit is not None and seconds >= limit:
            raise WaitUnansweredError(seconds, self._reason)
        if seconds >= self._next():
            self._wait.silent(seconds, self._reason)
            while seconds >= self._next():
                self._told += 1

    def end(self, due: float) -> float:
        """The time at which there is something to do: at `due`, or when there is something to tell."""
        if self._since is None:
            return due
        limit = self._wait.silence
        return min(due, self._since + self._next(), *([] if limit is None else [self._since + limit]))

    def _next(self) -> float:
        return _TOLD[self._told] if self._told < len(_TOLD) else 60.0 * (self._told - len(_TOLD) + 2)
