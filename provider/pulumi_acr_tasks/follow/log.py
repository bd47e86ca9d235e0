"""The log of a run, followed while it grows.

It is a plain blob behind a link that reads it and nothing else (`facts/acr-tasks-api.md` section 8): not there until
an agent starts, growing then, at last marked by metadata `Complete`. It may be replaced by a shorter one when the
agent restarts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import httpx

from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.follow.clock import Clock, SystemClock
from pulumi_acr_tasks.follow.lines import Lines

_SOON = 0.3  # seconds between two looks at a log that grows; blobs are not throttled as the Resource Manager is
_LATE = 1.5  # the longest while between two looks: the log's end is how we learn first that a run has ended
_GROWTH = 1.4
_AS_STORED = {"Accept-Encoding": "identity"}  # lengths and offsets are those of the blob


class LogUnavailableError(AcrTasksError):
    """Says why the log of a run cannot be read; the run itself goes on."""


class LogFollower:
    """Reads one log to its end.

    `link` gives a link to the log, a new one with each call: each is a request to the service, so it is called once,
    and again only when the storage says 403 to a link that used to work. `show` takes the lines that are new, without
    their ends.
    """

    def __init__(
        self,
        http: httpx.Client,
        link: Callable[[], str],
        show: Callable[[list[str]], None],
        clock: Clock | None = None,
    ) -> None:
        self._http, self._link, self._show = http, link, show
        self._clock = clock or SystemClock()
        self._url = ""
        self._proven = False
        self._offset = 0
        self._lines = Lines()

    def follow(self, stop: threading.Event) -> str | None:
        """Show every line until the log is complete or `stop` is set; when it is, what is there by then is read once
        more.

        Returns the value of `Complete` (`successful`, `failed`, `canceled`, `timedout`, `internalerror`, in lower
        case), None when it never came. A storage that does not answer is asked again. Raises LogUnavailableError when
        the storage refuses a fresh link.
        """
        pause = _SOON
        while True:
            # Asked before the look: whatever was written before the stop is then still seen.
            stopping = stop.is_set()
            try:
                complete, grown = self._look()
            except httpx.TransportError:
                complete, grown = None, False
            if complete is not None or stopping:
                self._print(self._lines.flush())
                return complete
            pause = _SOON if grown else min(pause * _GROWTH, _LATE)
            self._clock.wait(stop, pause)

    def _look(self) -> tuple[str | None, bool]:
        """One look: the value of `Complete`, once all that came before it has been shown, and whether anything was
        new."""
        if not self._url:
            self._url = self._link()
        head = self._http.head(self._url, headers=_AS_STORED)
        if not self._readable(head):
            return None, False
        length = int(head.headers.get("content-length", 0))
        complete: str | None = head.headers.get("x-ms-meta-complete")
        if length < self._offset:
            self._start_again()
        grown = length > self._offset and self._read()
        if complete is not None and self._offset >= length:
            return complete.lower(), grown
        return None, grown

    def _read(self) -> bool:
        """Read what is new; True when there was something."""
        answer = self._http.get(self._url, headers={**_AS_STORED, "Range": f"bytes={self._offset}-"})
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            self._start_again()
            return False
        if not self._readable(answer):
            return False
        # A storage that ignores the range answers 200 with everything.
        data = answer.content if answer.status_code == httpx.codes.PARTIAL_CONTENT else answer.content[self._offset :]
        self._offset += len(data)
        self._print(self._lines.feed(data))
        return bool(data)

    def _readable(self, answer: httpx.Response) -> bool:
        """True when an answer can be used; a refused link is dropped, and a new one that is refused too is the end."""
        if answer.is_success:
            self._proven = True
            return True
        if answer.status_code == httpx.codes.FORBIDDEN:
            if not self._proven:
                raise LogUnavailableError(
                    "The log cannot be shown: the storage refuses the link that the service gave (HTTP 403). "
                    "The run goes on. A firewall between here and the registry's log storage is the usual reason."
                )
            self._url, self._proven = "", False
        # 404: no agent has started yet. 5xx and 429: the storage is busy. Both are looked at again.
        return False

    def _start_again(self) -> None:
        self._print([*self._lines.flush(), "(the agent was restarted: the log begins again)"])
        self._offset = 0
        self._lines = Lines()

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._show(lines)
