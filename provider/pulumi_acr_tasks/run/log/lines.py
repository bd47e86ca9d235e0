"""From the bytes of a log to its lines."""

from __future__ import annotations

import codecs

from pulumi_acr_tasks.terminal import Terminal, colours_wanted


class Lines:
    """Cuts a stream of bytes into lines: partial characters and partial lines wait for the rest.

    Lines end in CRLF or LF. Each line is what a terminal shows of it in the end: no control sequence is left but
    colours. Bytes that are no UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._terminal = Terminal(colours=colours_wanted())
        self._rest = ""

    def feed(self, data: bytes) -> list[str]:
        """The lines that `data` completes."""
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        return [self._terminal.line(line.rstrip("\r")) for line in lines]

    def flush(self) -> list[str]:
        """The last line, when it has no end."""
        rest = self._rest + self._decoder.decode(b"", final=True)
        self._rest = ""
        return [self._terminal.line(rest.rstrip("\r"))] if rest else []
