"""Turns the colours that programs print for terminals into HTML that our style sheet colours.

The eight colours of the palette are all that there is: brighter ones, the 256 and the sixteen million become the
nearest of them, because every one of the eight is readable on a light and on a dark page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup, escape

Style = frozenset[str]
"""Names of classes: b(old), d(im), i(talic), u(nderlined), r(everse), f0 to f7 and g0 to g7 for the ground."""

PLAIN: Style = frozenset()
CLASSES = frozenset("bdiur") | {f"{kind}{number}" for kind in "fg" for number in range(8)}

# A style (its numbers are the group), any other sequence, a control character that is no tab and no line feed.
_SEQUENCE = re.compile(
    r"\x1b(?:\[([0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f]"
)
_ON = {1: "b", 2: "d", 3: "i", 4: "u", 7: "r"}
_OFF = {22: "bd", 23: "i", 24: "u", 27: "r"}
_GREY_FROM = 232


def to_html(text: str, style: Style = PLAIN) -> tuple[Markup, Style]:
    """Return text as HTML, and the style in which the text after it goes on.

    style: what the text before it left switched on. What a carriage return overwrites is left out; sequences that
    move the cursor, set titles and the like are dropped, other control characters too.
    """
    text = "\n".join(map(_last_written, text.replace("\r\n", "\n").split("\n")))
    parts, at = list[str](), 0
    for found in _SEQUENCE.finditer(text):
        parts.append(_span(text[at : found.start()], style))
        at = found.end()
        if found[1] is not None:
            style = _changed(style, found[1])
    parts.append(_span(text[at:], style))
    return Markup("".join(parts)), style  # noqa: S704 - every part is escaped


def _last_written(line: str) -> str:
    """Return what is to be seen of a line in which carriage returns lead back to its beginning."""
    line = line.rstrip("\r")
    return line[line.rfind("\r") + 1 :]


def _span(text: str, style: Style) -> str:
    if not text:
        return ""
    return f'<span class="{" ".join(sorted(style))}">{escape(text)}</span>' if style else str(escape(text))


def _changed(style: Style, text: str) -> Style:
    numbers = iter([int(number[:4] or 0) for number in text.replace(":", ";").split(";")])
    for number in numbers:
        if number == 0:
            style = PLAIN
        elif number in _ON:
            style |= {_ON[number]}
        elif number in _OFF:
            style -= set(_OFF[number])
        elif number % 10 == 8 and number in {38, 48}:
            style = _coloured(style, "f" if number == 38 else "g", _extended(numbers))
        elif 30 <= number <= 39 or 90 <= number <= 97:
            style = _coloured(style, "f", None if number == 39 else number % 10)
        elif 40 <= number <= 49 or 100 <= number <= 107:
            style = _coloured(style, "g", None if number == 49 else number % 10)
    return style


def _coloured(style: Style, kind: str, colour: int | None) -> Style:
    kept = frozenset(name for name in style if not (name[0] == kind and len(name) == 2))
    return kept if colour is None else kept | {f"{kind}{colour}"}


def _extended(numbers: Iterator[int]) -> int | None:
    """Read a colour of 256 (`5;n`) or of all (`2;r;g;b`); return the nearest of the palette."""
    kind = next(numbers, 0)
    if kind == 2:
        return _nearest([next(numbers, 0) for _ in range(3)])
    if kind != 5:
        return None
    number = next(numbers, 0)
    if number < 16:
        return number % 8
    if number >= _GREY_FROM:
        return 0 if number < _GREY_FROM + 12 else 7
    number -= 16
    return _nearest([51 * (number // 36), 51 * (number // 6 % 6), 51 * (number % 6)])


def _nearest(channels: list[int]) -> int:
    """Return the colour of the palette in which the strong channels are on: bit 0 red, bit 1 green, bit 2 blue."""
    threshold = max(max(channels) * 3 // 5, 64)
    return sum(1 << bit for bit, strength in enumerate(channels) if strength >= threshold)
