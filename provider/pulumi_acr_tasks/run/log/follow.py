"""The log of a run, followed while it grows.

It is a plain blob behind a link that reads it and nothing else (`facts/acr-tasks-api.md` section 8): not there until
an agent starts, growing then, at last marked by metadata `Complete`. When the agent restarts, another log takes its
place, which may be shorter or longer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from pulumi_acr_tasks.run.log.lines import Lines
from pulumi_acr_tasks.run.log.link import LogLink, LogUnavailableError
from pulumi_acr_tasks.run.wait.clock import Clock, SystemClock

__all__ = ["LogFollower", "LogUnavailableError"]

_SOON = 0.3  # seconds between two looks at a log that grows; blobs are not throttled as the Resource Manager is
_LATE = 1.5  # the longest while between two looks: the log's end is how we learn first that a run has ended
_GROWTH = 1.4
_OVERLAP = 256  # bytes that are read again, to see that the log is still the one that was read
_AS_STORED = {"Accept-Encoding": "identity"}  # lengths and offsets are those of the blob


class LogFollower:
    """Reads one log to its end.

    `link` gives a link to the log, a new one with each call. `show` takes the lines that are new, without their ends.
    `unreachable` is called when the storage stops answering.
    """

    def __init__(
        self,
        http: httpx.Client,
        link: Callable[[], str],
        show: Callable[[list[str]], None],
        clock: Clock | None = None,
        unreachable: Callable[[], None] = lambda: None,
    ) -> None:
        self._http, self._show, self._unreachable = http, show, unreachable
        self._clock = clock or SystemClock()
        self._link = LogLink(link, self._clock)
        self._offset = 0
        self._end = b""  # the last bytes that were read
        self._etag = ""
        self._vanished = False
        self._lines = Lines()

    def follow(self, stop: threading.Event) -> str | None:
        """Show every line until the log is complete or `stop` is set; when it is, what is there by then is read once
        more.

        Returns the value of `Complete` (`successful`, `failed`, `canceled`, `timedout`, `internalerror`, in lower
        case), None when it never came. A storage that does not answer is asked again. Raises LogUnavailableError when
        the service gives no link that the storage takes, and AcrTasksError when the service refuses to give one.
        """
        pause, answers = _SOON, True
        while True:
            # Asked before the look: whatever was written before the stop is then still seen.
            stopping = stop.is_set()
            try:
                complete, grown = self._look()
                answers = True
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
                complete, grown = None, False
                if answers:
                    self._unreachable()
                answers = False
            if complete is not None or stopping:
                self._print(self._lines.flush())
                return complete
            pause = _SOON if grown else min(pause * _GROWTH, _LATE)
            self._clock.wait(stop, pause)

    def _look(self) -> tuple[str | None, bool]:
        """One look: the value of `Complete`, once all that came before it has been shown, and whether anything was
        new."""
        url = self._link.get()
        if not url:
            return None, False
        head = self._http.head(url, headers=_AS_STORED)
        if not self._readable(head):
            return None, False
        told = head.headers.get("content-length", "")
        length = int(told) if told.isascii() and told.isdigit() else 0
        complete: str | None = head.headers.get("x-ms-meta-complete")
        if self._vanished or length < self._offset:
            self._start_again()
        changed = self._offset > 0 and head.headers.get("etag", "") != self._etag
        grown = (length > self._offset or changed) and self._read(url, head.headers.get("etag", ""))
        if complete is not None and self._offset >= length:
            return complete.lower(), grown
        return None, grown

    def _read(self, url: str, etag: str) -> bool:
        """Read what is new; True when there was something.

        Each write changes the ETag, also one that appends. The last bytes that were read tell whether the log is
        another one.
        """
        known = self._end if etag != self._etag else b""
        start = self._offset - len(known)
        answer = self._http.get(url, headers={**_AS_STORED, "Range": f"bytes={start}-"})
        if answer.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            if self._offset:
                self._start_again()
            return False
        if not self._readable(answer):
            return False
        # A storage that ignores the range answers 200 with everything.
        data = answer.content if answer.status_code == httpx.codes.PARTIAL_CONTENT else answer.content[start:]
        if not data.startswith(known):
            self._start_again()
            return True
        data = data[len(known) :]
        self._offset += len(data)
        self._end = (self._end + data)[-_OVERLAP:]
        self._etag = etag
        self._print(self._lines.feed(data))
        return bool(data)

    def _readable(self, answer: httpx.Response) -> bool:
        """True when an answer can be used; a link that the storage refuses is given back."""
        if answer.status_code == httpx.codes.FORBIDDEN:
            self._link.refused()
            return False
        if answer.is_redirect:
            host = urlsplit(answer.headers["location"]).hostname or "another address"
            raise LogUnavailableError(
                f"The log cannot be shown: its storage redirects to {host}, and the link is not sent there. "
                "The run goes on."
            )
        # 404: no agent has started yet, or again. 5xx and 429: the storage is busy. Both are looked at again.
        self._link.worked()
        self._vanished |= answer.status_code == httpx.codes.NOT_FOUND and self._offset > 0
        return answer.is_success

    def _start_again(self) -> None:
        self._print([*self._lines.flush(), "(the agent was restarted: the log begins again)"])
        self._offset, self._end, self._etag, self._vanished = 0, b"", "", False
        self._lines = Lines()

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._show(lines)
