"""Schedules of timers, by NCrontab's rules: stricter than cron's.

Five fields, in UTC: minute 0-59, hour 0-23, day 1-31, month 1-12 or names, weekday 0-6 or names; both days must hold.
No seconds, no 7 for Sunday, no `L W # ?`. (Source: facts, section 13 and Notes on use.)
"""

from __future__ import annotations

import re
from typing import NamedTuple

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_ITEM = re.compile(r"(?P<first>\*|[a-z0-9]+)(?:-(?P<last>[a-z0-9]+))?(?:/(?P<step>\d+))?")


class _Field(NamedTuple):
    name: str
    lowest: int
    highest: int
    names: tuple[str, ...] = ()


_FIELDS = (
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("weekday", 0, 6, _WEEKDAYS),
)


def check_schedule(text: str) -> list[str]:
    """Says what is wrong with a schedule: nothing when it is right."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        return [f"is {text!r}; a schedule has five fields, minute hour day month weekday, and this has {len(fields)}"]
    try:
        allowed = _allowed(text)
    except ValueError as error:
        return [f"is {text!r}; {error}"]
    return [] if _ever_fires(allowed) else [f"is {text!r}; it never fires, no such month has such a day"]


def occasions(text: str) -> tuple[tuple[int, ...], ...] | None:
    """Gives the minutes, hours, days, months and weekdays of a schedule; None when it is not right.

    Two schedules fire at the same times when they have the same.
    """
    return None if check_schedule(text) else tuple(tuple(sorted(values)) for values in _allowed(text))


def _allowed(text: str) -> list[set[int]]:
    return [_values(item, field) for item, field in zip(text.split(), _FIELDS, strict=True)]


def _ever_fires(allowed: list[set[int]]) -> bool:
    from croniter import CroniterBadCronError, CroniterBadDateError, croniter

    # In numbers: croniter knows other names than NCrontab. Both days must hold. The year 2000 stands for any: it is the
    # first of the calendar's cycle of 400 years, and 29 February is on each weekday within 50.
    expression = " ".join(",".join(str(value) for value in sorted(values)) for values in allowed)
    try:
        croniter(expression, 946684800.0, day_or=False).get_next(float)
    except (CroniterBadCronError, CroniterBadDateError):
        return False
    return True


def _values(text: str, field: _Field) -> set[int]:
    """Gives the values that a field allows; raises ValueError that says what is wrong with it."""
    values: set[int] = set()
    for item in text.split(","):
        match = _ITEM.fullmatch(item.lower())
        if match is None:
            raise ValueError(f"{item!r} is no {field.name}: numbers, names, *, ranges, lists and steps are allowed")
        step = int(match["step"] or 1)
        if step == 0:
            raise ValueError(f"the {field.name}'s step in {item!r} is 0")
        if match["first"] == "*":
            if match["last"]:
                raise ValueError(f"{item!r} is no {field.name}: a range has no *")
            first, last = field.lowest, field.highest
        else:
            first = _number(match["first"], field)
            last = _number(match["last"], field) if match["last"] else field.highest if match["step"] else first
        if last < first:
            raise ValueError(f"the {field.name}s {item!r} run backwards")
        values.update(range(first, last + 1, step))
    return values


def _number(text: str, field: _Field) -> int:
    if text.isdigit():
        number = int(text)
        if field.lowest <= number <= field.highest:
            return number
        raise ValueError(f"{text} is no {field.name}: {field.lowest} to {field.highest}")
    if len(text) >= 3:
        for index, name in enumerate(field.names):
            if name.startswith(text):
                return field.lowest + index
    raise ValueError(f"{text!r} is no {field.name}")
