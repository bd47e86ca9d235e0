"""The run's log in the agent's form: UTC times, CRLF, and secrets masked."""

from __future__ import annotations

import codecs
import threading
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import IO, Protocol

LIMIT_BYTES = 64 * 1024 * 1024
"""A log longer than this is cut, and says so; the run goes on."""

COMPLETE_VALUES = {
    "Succeeded": "successful",
    "Failed": "failed",
    "Canceled": "canceled",
    "Timeout": "timedout",
    "Error": "internalerror",
}
"""The log's metadata `Complete` by the status of the run, as clients of the service read it."""

_LINE_BYTES = 64 * 1024
_MASK = "***"
_SHORTEST = 3
"""How many characters a line of a secret of several lines has to have to be masked."""


class LogSink(Protocol):
    """The destination of a log: the blob that the service's log link points to."""

    def write(self, data: bytes) -> None:
        """Append `data`."""

    def complete(self, value: str) -> None:
        """Mark the log as ended: `successful`, `failed`, `canceled`, `timedout` or `internalerror`. Called once."""


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)


class RunLog:
    """A writer of log lines in the agent's form. Safe to use from several threads: lines are never mixed.

    secrets: values that are replaced by `***` wherever they appear, line by line when a value has several lines; lines
    of such a value that reveal nothing, such as a brace, are shown.
    """

    def __init__(self, sink: LogSink, secrets: Iterable[str] = (), now: Callable[[], datetime] = _utc_now) -> None:
        self._sink = sink
        self._now = now
        self._lock = threading.Lock()
        self._secrets: list[str] = []
        self._size = 0
        self._cut = False
        self.hide(secrets)

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask these values too, from now on."""
        pieces = set(self._secrets)
        for secret in secrets:
            lines = [line.strip() for line in secret.splitlines()]
            pieces.update(line for line in lines if len(lines) == 1 or _reveals(line))
        self._secrets = sorted((piece for piece in pieces if piece), key=len, reverse=True)

    def say(self, text: str) -> None:
        """Write one line of the agent's own, with the time before it."""
        self._append(self._now().strftime("%Y/%m/%d %H:%M:%S ") + _one_line(self.masked(text)))

    def line(self, text: str = "") -> None:
        """Write text as it is, one line or several."""
        for line in text.split("\n"):
            self._append(self.masked(line.rstrip("\r")))

    def copy_from(self, stream: IO[bytes], rename: Callable[[str], str | None] | None = None) -> None:
        """Write what a program prints, line by line as it comes, until it ends.

        rename: gives the line to write in place of each line, None for none.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pending = ""
        while data := stream.readline(_LINE_BYTES):
            pending += decoder.decode(data)
            if pending.endswith("\n"):
                self._pass_on(pending.rstrip("\r\n"), rename)
                pending = ""
            elif len(pending) >= _LINE_BYTES + self._longest:
                cut = self._cut_before_a_secret(pending)
                self._pass_on(pending[:cut], rename)
                pending = pending[cut:]
        pending += decoder.decode(b"", final=True)
        if pending:
            self._pass_on(pending.rstrip("\r\n"), rename)

    def _pass_on(self, text: str, rename: Callable[[str], str | None] | None) -> None:
        written = rename(text) if rename is not None else text
        if written is not None:
            self.line(written)

    @property
    def _longest(self) -> int:
        return max(map(len, self._secrets), default=0)

    def _cut_before_a_secret(self, text: str) -> int:
        """Return where to cut a line that is too long: never inside of a secret, nor of the possible start of one."""
        cut = len(text) - self._longest
        moved = True
        while moved and cut > 0:
            moved = False
            for secret in self._secrets:
                at = text.find(secret, max(cut - len(secret) + 1, 0), cut + len(secret) - 1)
                if 0 <= at < cut:
                    cut, moved = at, True
        return cut if cut > 0 else len(text)

    def masked(self, text: str) -> str:
        """Return the text without the values that must not be shown, and without what UTF-8 cannot spell."""
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text.encode(errors="replace").decode()

    def end(self, run_id: str, seconds: float, status: str, error: str | None) -> None:
        """Write the agent's last line and mark the log as ended."""
        after = f"after {round(seconds)}s"
        reason = f" Error: {_one_line(self.masked(error))}" if error else ""
        last = {
            "Succeeded": f"Run ID: {run_id} was successful {after}",
            "Canceled": f"Run ID: {run_id} was canceled {after}",
            "Timeout": f"Run ID: {run_id} timed out {after}.{reason}",
        }.get(status, f"Run ID: {run_id} failed {after}.{reason}")
        self._cut = False
        self._append("")
        self._append(last, always=True)
        self._sink.complete(COMPLETE_VALUES[status])

    def _append(self, line: str, always: bool = False) -> None:
        data = line.encode() + b"\r\n"
        with self._lock:
            if self._size + len(data) > LIMIT_BYTES and not always:
                if self._cut:
                    return
                self._cut = True
                data = b"The log is longer than %d MiB: the rest is left out.\r\n" % (LIMIT_BYTES // 1024 // 1024)
            self._size += len(data)
            self._sink.write(data)


def _reveals(line: str) -> bool:
    """Tell whether one line of a secret reveals something: `{`, `],` and `}` stand in many logs."""
    return len(line) >= _SHORTEST and any(character.isalnum() for character in line)


def _one_line(text: str) -> str:
    """Return the text on one line: a name from a user must not forge lines of the agent."""
    return " ".join(text.splitlines())
