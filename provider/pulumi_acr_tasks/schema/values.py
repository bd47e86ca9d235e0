"""Values as the engine hands them over: numbers, unknown values, and text in base64 such as a task file."""

from __future__ import annotations

import base64
from difflib import SequenceMatcher
from typing import Any

_SHOWN = 3  # spans of changed lines in a message
_LONGEST = 2000  # lines of a file that is compared: the time grows with their square


class Unknown:
    """A value that the engine does not know yet; it equals nothing, not even itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]  # an unhashable class, as the language spells it

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def from_engine(value: Any) -> Any:
    """Return a value from the engine as the program wrote it: whole floats become ints.

    The engine hands over every number as a float. Booleans, fractions, and objects that are neither dicts nor lists
    (Pulumi's own Unknown among them) come back untouched.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: from_engine(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_engine(item) for item in value]
    return value


def is_unknown(value: Any) -> bool:
    """Return whether a value itself is unknown."""
    return isinstance(value, Unknown)


def contains_unknown(value: Any) -> bool:
    """Return whether a value, or any value within it, is unknown."""
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return is_unknown(value)


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


def change_of(old: Any, new: Any) -> str:
    """Return the kind of a change: add, delete or update. None is a value that is not there."""
    return "delete" if new is None else "add" if old is None else "update"
