"""The link to a log: asked for seldom, because each one is a write at the service."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from pulumi_acr_tasks.errors import (
    AcrTasksError,
    NotFoundError,
    ServiceError,
    ThrottledError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.run.wait.clock import Clock

_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds before a link is asked for again; the last one for all that follow."""

_ANSWERS = 10  # answers without a usable link, after which none is expected any more
_LASTING = 300.0  # seconds; a link that lived so long is renewed at once when it has expired

# The service is busy or does not answer; or does not know the run yet, which was scheduled a moment ago.
_PASSING = (ThrottledError, UnavailableError, TransportError, NotFoundError)


class LogUnavailableError(AcrTasksError):
    """Says why the log of a run cannot be read; the run itself goes on."""


class LogLink:
    """The link to the log of one run. `ask` asks the service for a new one."""

    def __init__(self, ask: Callable[[], str], clock: Clock) -> None:
        self._ask, self._clock = ask, clock
        self._url = ""
        self._since = clock.now()
        self._due = self._since
        self._asked = self._in_vain = 0
        self._worked = False

    def get(self) -> str:
        """Return the link, or nothing while there is none: it is asked for again after a growing pause.

        Raises LogUnavailableError after ten answers without a link, and whatever else the service refuses with.
        """
        now = self._clock.now()
        if self._url or now < self._due:
            return self._url
        self._since, self._due = now, now + _PAUSES[min(self._asked, len(_PAUSES) - 1)]
        self._asked += 1
        answered, reason = True, "its answer has none"
        try:
            self._url = _address(self._ask())
        except _PASSING as error:
            answered = isinstance(error, ServiceError)
            reason = str(error)
        self._in_vain += answered and not self._url
        if self._in_vain >= _ANSWERS:
            raise LogUnavailableError(
                f"The log cannot be shown: the service was asked for a link to it {_ANSWERS} times, and gave none. "
                f"The run goes on. {reason}"
            )
        return self._url

    def worked(self) -> None:
        """Take note that the storage takes the link, whether or not the log is there yet."""
        self._worked, self._in_vain = True, 0

    def refused(self) -> None:
        """Give back a link that the storage refuses; one that used to work has expired.

        Raises LogUnavailableError for one that never did.
        """
        if not self._worked:
            raise LogUnavailableError(
                "The log cannot be shown: the storage refuses the link that the service gave (HTTP 403). "
                "The run goes on. A firewall between here and the registry's log storage is the usual reason."
            )
        now = self._clock.now()
        if now - self._since >= _LASTING:
            self._asked, self._due = 0, now
        self._url, self._worked = "", False


def _address(link: str) -> str:
    """Return a link that is the address of a blob; nothing for any other."""
    try:
        parts = urlsplit(link)
        return link if parts.scheme in ("http", "https") and parts.hostname else ""
    except ValueError:
        return ""
