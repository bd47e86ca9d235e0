"""From the bytes of a log to its lines."""

from __future__ import annotations

import codecs


class Lines:
    """Cuts a stream of bytes into lines: partial characters and partial lines wait for the rest.

    Lines end in CRLF or LF. What a carriage return within a line has overwritten (progress bars) is dropped. Bytes
    that are no UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        return [_visible(line) for line in lines]

    def flush(self) -> list[str]:
        """The last line, when it has no end."""
        rest = self._rest + self._decoder.decode(b"", final=True)
        self._rest = ""
        return [_visible(rest)] if rest else []


def _visible(line: str) -> str:
    """What a terminal would show of a line in the end."""
    return line.rstrip("\r").rpartition("\r")[2]
