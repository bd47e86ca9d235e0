"""Text in base64, such as a task file: read it, and say in which lines two of them differ."""

from __future__ import annotations

import base64
from difflib import SequenceMatcher
from typing import Any

_SHOWN = 3
_LONGEST = 2000  # lines of a file that is compared: the time grows with their square


def decoded(value: str) -> str | None:
    """Return the text behind base64, or None when `value` is not base64 of UTF-8.

    Line breaks within the base64 are ignored; blanks are not.
    """
    try:
        return base64.b64decode(value.replace("\r", "").replace("\n", ""), validate=True).decode("utf-8")
    except ValueError:  # characters that base64 does not have, a wrong length, or bytes that are not UTF-8
        return None


def changed_lines(old: Any, new: Any) -> str:
    """Return `line 3` or `lines 3, 5-7 …` of the new text, and never the lines themselves, which may be secret.

    For removed lines, name the line above them. Return an empty string where either value is not base64 of text.
    """
    texts = [decoded(content) if isinstance(content, str) else None for content in (old, new)]
    before, after = ((text or "").splitlines() for text in texts)
    if None in texts or max(len(before), len(after)) > _LONGEST:
        return ""
    spans = [
        (min(first + 1, last) or 1, last or 1)
        for kind, _, _, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if kind != "equal"
    ]
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in spans[:_SHOWN]]
    more = " …" if len(spans) > _SHOWN else ""
    noun = "line" if len(spans) == 1 and "-" not in shown[0] else "lines"
    return f"{noun} {', '.join(shown)}{more}" if shown else ""
