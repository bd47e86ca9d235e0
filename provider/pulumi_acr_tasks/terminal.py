"""Control sequences of a terminal, removed from the output of a build: only text and colors stay.

The log of a build reaches the user's terminal. Sequences that move the cursor or erase take effect within their line;
every other control sequence is dropped.
"""

from __future__ import annotations

import os
import re

_SEQUENCE = re.compile(
    # A control sequence: parameters, intermediates, final character. A truncated one is dropped.
    r"(?:\x1b\[|\x9b)(?P<parameters>[0-?]*)(?P<between>[ -/]*)(?P<final>[@-~]?)"
    # A string for the terminal (title, link, clipboard, …), to its terminator or the end of the line.
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x18\x1a\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    # Any other escape, and every other control character.
    r"|\x1b[ -/]*[0-~]?"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_WIDTH = 240
"""The last column to which a sequence can move the cursor beyond the end of a line."""

_STYLES = {
    **dict.fromkeys((1, 2, 22), "weight"),
    **dict.fromkeys((3, 23), "slant"),
    **dict.fromkeys((4, 21, 24), "underline"),
    **dict.fromkeys((7, 27), "inverse"),
    **dict.fromkeys((9, 29), "strike"),
    **dict.fromkeys((*range(30, 40), *range(90, 98)), "foreground"),
    **dict.fromkeys((*range(40, 50), *range(100, 108)), "background"),
}
_OFF = (22, 23, 24, 27, 29, 39, 49)

_Style = tuple[tuple[str, str], ...]


class Terminal:
    """A terminal for one line after the other; a color lasts until it changes, also beyond the end of a line.

    A line with a color ends with a reset. Without `colors` they are dropped too.
    """

    def __init__(self, *, colors: bool = True) -> None:
        self._colors = colors
        self._style: _Style = ()

    def line(self, text: str) -> str:
        """Return one line as the terminal shows it in the end."""
        if not self._style and not _CONTROL.search(text):
            return text
        cells: list[tuple[str, _Style]] = []
        column = seen = 0
        for match in _SEQUENCE.finditer(text):
            column = self._write(cells, column, text[seen : match.start()])
            seen = match.end()
            if match["control"]:
                column = self._control(cells, column, match["control"])
            elif match["final"] and not match["between"]:
                column = self._sequence(cells, column, match["final"], match["parameters"])
        self._write(cells, column, text[seen:])
        return _rendered(cells)

    def _write(self, cells: list[tuple[str, _Style]], column: int, text: str) -> int:
        if text:
            _pad(cells, column)
            cells[column : column + len(text)] = [(character, self._style) for character in text]
        return column + len(text)

    def _control(self, cells: list[tuple[str, _Style]], column: int, character: str) -> int:
        if character == "\r":
            return 0
        if character == "\b":
            return max(0, column - 1)
        if character == "\t":
            # Over text the cursor moves to the next tab stop; at the end of the line a tab stays.
            return min(len(cells), column // 8 * 8 + 8) if column < len(cells) else self._write(cells, column, "\t")
        return column

    def _sequence(self, cells: list[tuple[str, _Style]], column: int, final: str, parameters: str) -> int:
        """Carry out a control sequence; return the new column of the cursor."""
        if final == "m":
            if self._colors and not parameters.strip("0123456789;:"):
                self._style = _styled(self._style, parameters)
            return column
        number = _number(parameters)
        if final in "CDG`":
            one = max(1, number)
            furthest = max(len(cells), _WIDTH)
            column = {"C": column + one, "D": column - one}.get(final, one - 1)
            return max(0, min(column, furthest))
        if final in "KJ":
            if number == 0:
                del cells[column:]
            elif final == "K":  # the whole screen is not erased: a log keeps its lines
                _blank(cells, 0, len(cells) if number > 1 else column + 1)
        elif final == "P":
            del cells[column : column + max(1, number)]
        elif final == "X":
            _blank(cells, column, column + max(1, number))
        elif final == "@" and column < len(cells):
            cells[column:column] = [(" ", ())] * min(max(1, number), _WIDTH)
        return column


def readable(text: str) -> str:
    """Return a text of several lines as a terminal shows it in the end."""
    if not _CONTROL.search(text.replace("\n", "")):
        return text
    terminal = Terminal(colors=colors_wanted())
    return "\n".join(terminal.line(line) for line in text.split("\n"))


def colors_wanted() -> bool:
    """Return whether the user wants colors; NO_COLOR asks for none."""
    return not os.environ.get("NO_COLOR")


def _number(parameters: str) -> int:
    first = parameters.partition(";")[0][:6]
    return int(first) if first.isdigit() else 0


def _pad(cells: list[tuple[str, _Style]], column: int) -> None:
    cells += [(" ", ())] * (column - len(cells))


def _blank(cells: list[tuple[str, _Style]], first: int, end: int) -> None:
    for index in range(first, min(end, len(cells))):
        cells[index] = (" ", ())


def _rendered(cells: list[tuple[str, _Style]]) -> str:
    while cells and cells[-1] == (" ", ()):
        cells.pop()
    parts: list[str] = []
    current: _Style = ()
    for character, style in cells:
        if style != current:
            parts += ["\x1b[0m"] * bool(current)
            parts += [f"\x1b[{';'.join(code for _, code in style)}m"] * bool(style)
            current = style
        parts.append(character)
    return "".join(parts) + "\x1b[0m" * bool(current)


def _styled(style: _Style, parameters: str) -> _Style:
    """Return a style changed by the parameters of a "select graphic rendition"; unknown ones are left out."""
    found = dict(style)
    codes = parameters.split(";")
    while codes:
        code = codes.pop(0)
        number = int(code.partition(":")[0][:4] or "0")
        if number in (38, 48) and ":" not in code:
            count = {"5": 2, "2": 4}.get(codes[0] if codes else "", len(codes))
            code, codes = ";".join([code, *codes[:count]]), codes[count:]
        if number == 0:
            found.clear()
        elif number in _OFF:
            found.pop(_STYLES[number], None)
        elif number in _STYLES and len(code) <= 32:
            found[_STYLES[number]] = code
    return tuple(found.items())
