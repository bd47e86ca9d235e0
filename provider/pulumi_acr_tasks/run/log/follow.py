"""Reading of a run's log while it grows: the link to it, and its division into lines.

The log is a blob behind a link that can only read it. The blob appears when an agent starts, grows, and gets the
metadata `Complete` at the end. When the agent restarts, another log replaces it, which may be shorter or longer.
"""

from __future__ import annotations

import codecs
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx

from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    NotFoundError,
    ServiceError,
    ThrottledError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.terminal import Terminal, colors_wanted

_SHORTEST = 0.3  # seconds between two reads of a log that grows; blobs are not throttled as the Resource Manager is
_LONGEST = 1.5  # seconds between two reads at most: the end of the log is the first sign that a run has ended
_GROWTH = 1.4
_OVERLAP = 256  # bytes that are read again, to notice that another log has replaced the one that was read
_AS_STORED = {"Accept-Encoding": "identity"}  # lengths and offsets are those of the blob


class LogFollower:
    """A reader of one log to its end.

    `link`: returns a link to the log, a new one with each call. `show`: takes new lines, without their line ends.
    `on_outage`: called when the storage stops answering.
    """

    def __init__(
        self,
        http: httpx.Client,
        link: Callable[[], str],
        show: Callable[[list[str]], None],
        clock: Clock | None = None,
        on_outage: Callable[[], None] = lambda: None,
    ) -> None:
        self._http, self._show, self._on_outage = http, show, on_outage
        self._clock = clock or SystemClock()
        self._link = LogLink(link, self._clock)
        self._offset = 0
        self._end = b""  # the last bytes that were read
        self._etag = ""
        self._vanished = False
        self._lines = LineSplitter()

    def follow(self, stop: threading.Event) -> str | None:
        """Show every line until the log is complete or `stop` is set. After `stop` the log is read once more.

        Returns the value of `Complete` in lower case (`successful`, `failed`, `canceled`, `timedout`,
        `internalerror`), None without one. A storage that does not answer is read again. Raises LogUnavailableError
        when the storage refuses the service's links, and AcrTasksError when the service refuses to give one.
        """
        pause, answers = _SHORTEST, True
        while True:
            # Tested before the read, so that everything written before the stop is still read.
            stopping = stop.is_set()
            try:
                complete, grown = self._read_state()
                answers = True
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
                complete, grown = None, False
                if answers:
                    self._on_outage()
                answers = False
            if complete is not None or stopping:
                self._print(self._lines.flush())
                return complete
            pause = _SHORTEST if grown else min(pause * _GROWTH, _LONGEST)
            self._clock.wait(stop, pause)

    def _read_state(self) -> tuple[str | None, bool]:
        """Read what is new; return the value of `Complete`, once everything is shown, and whether anything was new."""
        url = self._link.get()
        if not url:
            return None, False
        head = self._http.head(url, headers=_AS_STORED)
        if not self._readable(head):
            return None, False
        size, etag = head.headers.get("content-length", ""), head.headers.get("etag", "")
        # A proxy may take the length away. Another ETag then says that there is more.
        unread = not self._offset or etag != self._etag
        length = int(size) if size.isascii() and size.isdigit() else self._offset + unread
        complete: str | None = head.headers.get("x-ms-meta-complete")
        if self._vanished or length < self._offset:
            self._start_again()
        changed = self._offset > 0 and etag != self._etag
        grown = (length > self._offset or changed) and self._read(url, etag)
        if complete is not None and self._offset >= length:
            return complete.lower(), grown
        return None, grown

    def _read(self, url: str, etag: str) -> bool:
        """Read what is new; return whether anything was.

        Each write changes the ETag, also one that appends. So the last bytes that were read are read again: they differ
        in another log.
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
        """Return whether an answer can be used; drop a link that the storage refuses."""
        if answer.status_code == httpx.codes.FORBIDDEN:
            self._link.refused()
            return False
        if answer.is_redirect:
            host = urlsplit(answer.headers["location"]).hostname or "another address"
            raise LogUnavailableError(
                f"The log cannot be shown: its storage redirects to {host}, and the link is not sent there. "
                "The run goes on."
            )
        # 404: no agent has started yet, or again. 5xx and 429: the storage is busy. Both are read again.
        self._link.worked()
        self._vanished |= answer.status_code == httpx.codes.NOT_FOUND and self._offset > 0
        return answer.is_success

    def _start_again(self) -> None:
        self._print([*self._lines.flush(), "(the agent was restarted: the log begins again)"])
        self._offset, self._end, self._etag, self._vanished = 0, b"", "", False
        self._lines = LineSplitter()

    def _print(self, lines: list[str]) -> None:
        if lines:
            self._show(lines)


class LineSplitter:
    """A splitter of a stream of bytes into lines; partial characters and lines wait for the rest.

    Lines end in CRLF or LF. Each line is what a terminal shows of it in the end, with no control sequence but colors.
    Bytes that are not UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._terminal = Terminal(colors=colors_wanted())
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """Return the lines that `data` completes."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        return [self._terminal.line(line.rstrip("\r")) for line in lines]

    def flush(self) -> list[str]:
        """Return the last line if it has no line end."""
        rest = self._rest + self._decoder.decode(b"", final=True)
        self._rest = ""
        return [self._terminal.line(rest.rstrip("\r"))] if rest else []


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

    def __init__(self, request: Callable[[], str], clock: Clock) -> None:
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
