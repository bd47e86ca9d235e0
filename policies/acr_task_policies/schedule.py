"""The firings of a timer, by the rules of the service for the five cron fields of a schedule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise

from croniter import croniter

_MONTHS = [
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
]  # fmt: skip
_DAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"]
_FIELDS: tuple[tuple[int, int, list[str], int], ...] = (
    (0, 59, [], 0),
    (0, 23, [], 0),
    (1, 31, [], 0),
    (1, 12, _MONTHS, 1),
    (0, 6, _DAYS, 0),
)
_START = datetime(2024, 1, 1, tzinfo=timezone.utc)  # a leap year, so that every date of a schedule comes up
_HORIZON = timedelta(days=366)
_MOST = 1500  # the number of firings to compare: one for each minute of a day, and some of the next day


@lru_cache(maxsize=1024)
def shortest_pause(schedule: str) -> float | None:
    """Return the minutes between the two nearest firings; None when it fires once or cannot be parsed."""
    times = list(firings(schedule, _START, _START + _HORIZON, _MOST))
    pauses = [(later - sooner).total_seconds() / 60 for sooner, later in pairwise(times)]
    return min(pauses, default=None)


def firings(schedule: str, since: datetime, until: datetime, most: int) -> Iterator[datetime]:
    """Yield at most `most` firings from `since` on and before `until`. A schedule that cannot be parsed has none."""
    spelled = _spelled(schedule)
    if spelled is None:
        return
    times = croniter(spelled, since - timedelta(minutes=1), day_or=False, max_years_between_matches=8)
    for _ in range(most):
        try:
            time = times.get_next(datetime)
        except (ValueError, KeyError):  # a date that never comes, such as the 30th of February
            return
        if time >= until:
            return
        yield time


def _spelled(schedule: str) -> str | None:
    """Return the schedule with each field as a list of numbers: the service accepts forms that croniter refuses.

    None for a schedule that the service refuses too.
    """
    fields = schedule.split()
    if len(fields) != len(_FIELDS):
        return None
    spelled = [_field(text, *limits) for text, limits in zip(fields, _FIELDS, strict=True)]
    return None if None in spelled else " ".join(str(field) for field in spelled)


def _field(text: str, low: int, high: int, names: list[str], first: int) -> str | None:
    values: set[int] = set()
    for item in text.split(","):
        span, slash, step = item.partition("/")
        if slash and not re.fullmatch(r"-?\d+", step):
            return None
        if span == "*":
            begin, end = low, high
        else:
            bounds = [bound for each in span.split("-", 1) if (bound := _number(each, names, first)) is not None]
            if len(bounds) != len(span.split("-", 1)) or not all(low <= bound <= high for bound in bounds):
                return None
            begin, end = min(bounds), max(bounds)
            end = high if slash and len(bounds) == 1 else end
        values.update(range(begin, end + 1, max(int(step), 1) if slash else 1))
    return ",".join(str(value) for value in sorted(values)) or None


def _number(text: str, names: list[str], first: int) -> int | None:
    if re.fullmatch(r"\d+", text):
        return int(text)
    found = [index for index, name in enumerate(names) if text and name.startswith(text.lower())]
    return found[0] + first if found else None
