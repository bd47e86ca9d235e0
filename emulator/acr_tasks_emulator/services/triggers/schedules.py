"""Schedules of timers: NCrontab's five fields, and the times at which they are due, in UTC.

NCrontab is what the service's documentation names: day and weekday must both fit, unlike in cron.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone

from croniter import CroniterBadDateError, croniter

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september"),
    *("october", "november", "december"),
)
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("weekday", 0, 6, _DAYS),
)
_NUMBER = re.compile(r"[0-9]{1,9}")
_STEP = re.compile(r"[+-]?[0-9]{1,9}")


class ScheduleError(ValueError):
    """A text that is not a schedule; the error's own text is a phrase with the reason."""


def fields(schedule: str) -> list[set[int]]:
    """Return the values that each of the five fields allows. Only blanks stand between fields. Raises ScheduleError."""
    texts = [text for text in schedule.split(" ") if text]
    if len(texts) != len(_FIELDS):
        raise ScheduleError(f"it has {len(texts)} fields, not the five of minute, hour, day, month and weekday")
    return [_values(text, *bounds) for text, bounds in zip(texts, _FIELDS, strict=True)]


def problem_of(schedule: str) -> str | None:
    """Return what is wrong with a schedule as a phrase, or None when nothing is."""
    try:
        fields(schedule)
    except ScheduleError as error:
        return str(error)
    return None


def occurrences(schedule: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the times at which a valid schedule is due, later than `after` and not later than `until`, in order.

    Both times are aware.
    """
    try:
        calendar = _calendar(schedule, after)
        while (due := calendar.get_next(datetime)) <= until:
            yield due
    except CroniterBadDateError:
        return


def next_occurrence(schedule: str, after: datetime) -> datetime | None:
    """Return the first time later than `after` at which a schedule is due; None when it never is (30 February)."""
    try:
        found = _calendar(schedule, after).get_next(datetime)
    except CroniterBadDateError:
        return None
    return found if isinstance(found, datetime) else None


def _calendar(schedule: str, after: datetime) -> croniter:
    # A day must fit both fields, that of the month and that of the week; cron itself would take either.
    return croniter(_in_numbers(schedule), after.astimezone(timezone.utc), day_or=False)


def occurrence_text(due: datetime) -> str:
    """Return a time as a run's `scheduleOccurrence` has it: `6/4/2019 9:30 AM`."""
    due = due.astimezone(timezone.utc)
    return f"{due.month}/{due.day}/{due.year} {due.hour % 12 or 12}:{due:%M %p}"


def _in_numbers(schedule: str) -> str:
    """Return a schedule with every name, range and step written out: croniter decides on the calendar alone."""
    return " ".join(
        "*" if len(values) > highest - lowest else ",".join(map(str, sorted(values)))
        for values, (_, lowest, highest, _) in zip(fields(schedule), _FIELDS, strict=True)
    )


def _values(text: str, name: str, lowest: int, highest: int, names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step = part.partition("/")
        if slash and not _STEP.fullmatch(step):
            raise ScheduleError(f"{text} is not a {name}")
        first, dash, last = span.partition("-")
        if span == "*":
            start, end = lowest, highest
        else:
            start = _value(first, lowest, names)
            end = _value(last, lowest, names) if dash else (highest if slash else start)
        if not (lowest <= start <= highest and lowest <= end <= highest):
            raise ScheduleError(f"{text} is not a {name}")
        # A range that runs backwards is the same range forwards, and a step below 1 means every value.
        found.update(range(min(start, end), max(start, end) + 1, max(int(step or 1), 1)))
    return found


def _value(text: str, lowest: int, names: tuple[str, ...]) -> int:
    """Return the number of a part, -1 when it has none. A name may be shortened: the first that begins so counts."""
    if _NUMBER.fullmatch(text):
        return int(text)
    short = text.lower()
    return next((number for number, name in enumerate(names, lowest) if short and name.startswith(short)), -1)
