"""The link to a log. A new one is requested seldom, because the service counts each request as a write."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from pulumi_acr_tasks.arm.clock import EventClock
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    NotFoundError,
    ServiceError,
    ThrottledError,
    TransportError,
    UnavailableError,
)

_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds before another request for a link; the last one repeats."""

_ANSWERS = 10  # answers without a usable link, after which the log is given up
_LIFETIME = 300.0  # seconds; a link that worked for so long has expired, and is renewed at once

# The service is busy, does not answer, or does not know a run yet that was scheduled a moment ago.
_TRANSIENT = (ThrottledError, UnavailableError, TransportError, NotFoundError)


class LogUnavailableError(AcrTasksError):
    """The reason why the log of a run cannot be read. The run itself goes on."""


class LogLink:
    """The link to the log of one run. `request` asks the service for a new one."""

    def __init__(self, request: Callable[[], str], clock: EventClock) -> None:
        self._request, self._clock = request, clock
        self._url = ""
        self._since = clock.now()
        self._due = self._since
        self._requests = self._failures = 0
        self._worked = False

    def get(self) -> str:
        """Return the link; empty before the service has given one. Requests repeat after a growing pause.

        Raises LogUnavailableError after ten answers without a link, and any other error of the service.
        """
        now = self._clock.now()
        if self._url or now < self._due:
            return self._url
        self._since, self._due = now, now + _PAUSES[min(self._requests, len(_PAUSES) - 1)]
        self._requests += 1
        answered, reason = True, "its answer has none"
        try:
            self._url = _address(self._request())
        except _TRANSIENT as error:
            answered = isinstance(error, ServiceError)
            reason = str(error)
        self._failures += answered and not self._url
        if self._failures >= _ANSWERS:
            raise LogUnavailableError(
                f"The log cannot be shown: the service was asked for a link to it {_ANSWERS} times, and gave none. "
                f"The run goes on. {reason}"
            )
        return self._url

    def worked(self) -> None:
        """Record that the storage accepts the link, whether or not the log exists yet."""
        self._worked, self._failures = True, 0

    def refused(self) -> None:
        """Drop a link that the storage refuses, because it has expired.

        Raises LogUnavailableError for a link that never worked.
        """
        if not self._worked:
            raise LogUnavailableError(
                "The log cannot be shown: the storage refuses the link that the service gave (HTTP 403). "
                "The run goes on. A firewall between here and the registry's log storage is the usual reason."
            )
        now = self._clock.now()
        if now - self._since >= _LIFETIME:
            self._requests, self._due = 0, now
        self._url, self._worked = "", False


def _address(link: str) -> str:
    """Return a link that is an HTTP address; empty for any other."""
    try:
        parts = urlsplit(link)
        return link if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""
