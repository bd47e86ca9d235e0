"""Colours that programs print for terminals, as HTML for our style sheet.

rich reads the sequences. The page has eight colours, each readable on a light and on a dark page. Every other colour
becomes the nearest of the eight.
"""

from __future__ import annotations

import re
from functools import lru_cache

from markupsafe import Markup, escape
from rich.ansi import AnsiDecoder
from rich.color import Color, ColorSystem
from rich.style import Style

PLAIN = Style.null()
_ATTRIBUTES = {"b": "bold", "d": "dim", "i": "italic", "u": "underline", "r": "reverse"}
CLASSES = frozenset(_ATTRIBUTES) | {f"{kind}{number}" for kind in "fg" for number in range(8)}
"""Class names: b(old), d(im), i(talic), u(nderlined), r(everse), f0 to f7 for text, g0 to g7 for its background."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f]|\x1b(?![\[\]\\])[ -/]*[0-~]?")
_LINE_END = re.compile(r"\r+(?=\n|\Z)")


def to_html(text: str, style: Style = PLAIN) -> tuple[Markup, Style]:
    """Return text as HTML, and the style in which the text after it continues.

    style: the style that earlier text has switched on. Text that a carriage return overwrites is left out, and so are
    control characters and sequences that move the cursor or set titles.
    """
    decoder = AnsiDecoder()
    decoder.style = style
    # A window title ends with BEL or with ESC \; rich knows only the second.
    text = _CONTROL.sub("", _LINE_END.sub("", text.replace("\x07", "\x1b\\")))
    html = "\n".join(_line(decoder, line) for line in text.split("\n"))
    return Markup(html), decoder.style  # noqa: S704 - every part is escaped


@lru_cache(maxsize=1000)
def classes_of(style: Style) -> tuple[str, ...]:
    """Return the names of a style's classes, sorted."""
    found = [name for name, attribute in _ATTRIBUTES.items() if getattr(style, attribute)]
    for kind, color in (("f", style.color), ("g", style.bgcolor)):
        if color is not None and not color.is_default:
            found.append(f"{kind}{(color.downgrade(ColorSystem.STANDARD).number or 0) % 8}")
    return tuple(sorted(found))


def style_of(classes: list[str]) -> Style:
    """Return the style with classes of these names."""
    colors = {name[0]: Color.from_ansi(int(name[1])) for name in classes if len(name) == 2}
    plain = Style(color=colors.get("f"), bgcolor=colors.get("g"))
    return plain + Style.parse(" ".join(_ATTRIBUTES[name] for name in classes if name in _ATTRIBUTES))


def _line(decoder: AnsiDecoder, line: str) -> str:
    found = decoder.decode_line(line)
    text, parts, at = found.plain, list[str](), 0
    for span in found.spans:
        classes = " ".join(classes_of(span.style)) if isinstance(span.style, Style) else ""
        part = str(escape(text[span.start : span.end]))
        parts += [str(escape(text[at : span.start])), f'<span class="{classes}">{part}</span>' if classes else part]
        at = span.end
    # rich leaves the beginning of a sequence that has no end.
    return "".join([*parts, str(escape(text[at:]))]).replace("\x1b", "")
