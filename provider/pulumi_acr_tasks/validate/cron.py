"""Schedules of timers, by the rules of the NCrontab library, which the service uses.

Five fields, in UTC: minute 0-59, hour 0-23, day 1-31, month 1-12 or names, weekday 0-6 or names; both days must match.
No seconds, no 7 for Sunday, no `L W # ?`. Any step is accepted, a range that runs backwards is reversed, and names may
be abbreviated to any length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


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


_ISO = re.compile(r"P(?:\d|T\d).*|R\d*/.*|\d{4}-\d\d-\d\d.*", re.IGNORECASE)
_WORDS = {"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0"}
_WORDS |= {"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *"}


@dataclass
class _Schedule:
    """The values of each field, and warnings about them."""

    allowed: list[set[int]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_schedule(text: str) -> list[str]:
    """Return the problems of a schedule that the service refuses; nothing for any other."""
    try:
        _read(text)
    except ValueError as error:
        return [f"is {text!r}; {error}"]
    return []


def schedule_warnings(text: str) -> list[str]:
    """Return what a valid schedule does that its author has probably not meant."""
    try:
        schedule = _read(text)
    except ValueError:
        return []
    found = list(schedule.warnings)
    if not _ever_fires(schedule.allowed):
        found.append("it never fires: no such month has such a day")
    fields = text.split(" ")
    day, weekday = [part for part in fields if part][2::2]
    if len(schedule.allowed[2]) < 31 and len(schedule.allowed[4]) < 7:
        found.append(f"day {day} and weekday {weekday} must both hold; cron would take either")
    return [f"is {text!r}; {sentence}" for sentence in found]


def firing_times(text: str) -> tuple[tuple[int, ...], ...] | None:
    """Return the minutes, hours, days, months and weekdays of a schedule; None for an invalid one.

    Schedules with the same values fire at the same times.
    """
    try:
        return tuple(tuple(sorted(values)) for values in _read(text).allowed)
    except ValueError:
        return None


def _read(text: str) -> _Schedule:
    """Return the values of a schedule. Raises ValueError with the reason for an invalid one."""
    # Only blanks separate fields; tabs do not.
    parts = [part for part in text.split(" ") if part]
    if len(parts) != len(_FIELDS):
        hint = ""
        if _ISO.fullmatch(text.strip()):
            hint = "; dates and durations of ISO 8601 are not accepted: write */30 * * * * for each half hour"
        elif text.strip().lower() in _WORDS:
            hint = f"; write {_WORDS[text.strip().lower()]}"
        raise ValueError(f"a schedule has five fields, minute hour day month weekday, and this has {len(parts)}{hint}")
    schedule = _Schedule()
    for part, of in zip(parts, _FIELDS, strict=True):
        values: set[int] = set()
        for item in part.split(","):
            values |= _values(item, of, schedule.warnings)
        schedule.allowed.append(values)
    return schedule


def _values(item: str, of: _Field, warnings: list[str]) -> set[int]:
    """Return the values that one item of a field's list allows."""
    span, slash, step_text = item.partition("/")
    step = _step(step_text, item, of) if slash else 1
    first_text, dash, last_text = span.partition("-")
    if span == "*":
        first, last = of.lowest, of.highest
    elif dash:
        first, last = _number(first_text, of), _number(last_text, of)
    else:
        first = _number(span, of)
        last = of.highest if slash and step > 1 else first
    if last < first:
        first, last = last, first
        warnings.append(f"the {of.name}s {span} run backwards and are read as {first}-{last}")
    if slash and step > max(1, last - first):
        warnings.append(f"the {of.name}'s step in {item} is longer than its range: only {of.name} {first} is hit")
    if slash and step < 1:
        warnings.append(f"the {of.name}'s step in {item} is below 1 and means every {of.name}")
    return set(range(first, last + 1, max(step, 1)))


def _step(text: str, item: str, of: _Field) -> int:
    if not re.fullmatch(r"-?[0-9]+", text):
        raise ValueError(f"{item!r} is no {of.name}: a step is a whole number")
    return int(text)


def _number(text: str, of: _Field) -> int:
    if re.fullmatch(r"[0-9]+", text):
        number = int(text)
        if of.lowest <= number <= of.highest:
            return number
        hint = "; Sunday is 0" if of.name == "weekday" and number == 7 else ""
        raise ValueError(f"{text} is no {of.name}: {of.lowest} to {of.highest}{hint}")
    for index, name in enumerate(of.names if text else ()):
        if name.startswith(text.lower()):
            return of.lowest + index
    raise ValueError(f"{text!r} is no {of.name}: numbers, names, *, ranges, lists and steps are allowed")


def _ever_fires(allowed: list[set[int]]) -> bool:
    # Imported here: a program without timers does not need it.
    from croniter import CroniterBadCronError, CroniterBadDateError, croniter

    # In numbers, because croniter has other names than NCrontab. The search begins in the year 2000, the first of the
    # calendar's cycle of 400 years; within 50 years after it, 29 February falls on each weekday.
    expression = " ".join(",".join(str(value) for value in sorted(values)) for values in allowed)
    try:
        croniter(expression, 946684800.0, day_or=False).get_next(float)
    except (CroniterBadCronError, CroniterBadDateError):
        return False
    return True
