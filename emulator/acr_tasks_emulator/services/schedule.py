"""Which schedules a timer may have: NCrontab, five fields (facts sections 3.3 and 13, and the notes at their end)."""

from __future__ import annotations

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
# Name, lowest and highest value, and the names that stand for values from the lowest.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 6, _DAYS),
)
_PART = re.compile(r"(?P<first>\*|[a-z]+|\d{1,2})(?:-(?P<last>[a-z]+|\d{1,2}))?(?:/(?P<step>\d{1,2}))?", re.IGNORECASE)


def problem_of(schedule: str) -> str | None:
    """Return what is wrong with a schedule as a phrase, or None when nothing is."""
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return f"it has {len(fields)} fields, not the five of minute, hour, day, month and weekday"
    for text, (name, lowest, highest, names) in zip(fields, _FIELDS, strict=True):
        for part in text.split(","):
            if not _is_part(part, lowest, highest, names):
                return f"{text} is not a {name}"
    return None


def _is_part(part: str, lowest: int, highest: int, names: tuple[str, ...]) -> bool:
    match = _PART.fullmatch(part)
    if match is None:
        return False
    first, last, step = match["first"], match["last"], match["step"]
    if step is not None and int(step) == 0:
        return False
    if first == "*":
        return last is None
    values = [_value(text, lowest, names) for text in (first, last) if text is not None]
    return all(lowest <= value <= highest for value in values)


def _value(text: str, lowest: int, names: tuple[str, ...]) -> int:
    """Return the number that a part means; -1 for a name that means none. Names may be longer than three letters."""
    if text.isdigit():
        return int(text)
    short = text[:3].lower()
    return names.index(short) + lowest if short in names else -1
