"""When a timer fires, by NCrontab's rules, in UTC (facts section 13, and the notes at the facts' end)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone

from croniter import CroniterBadDateError, croniter

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    (0, 59, ()),
    (0, 23, ()),
    (1, 31, ()),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)


def occurrences(schedule: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments at which a schedule is due, later than `after` and not later than `until`, in order.

    schedule: five fields that `services.schedule.problem_of` found nothing wrong with. Both times are aware.
    """
    try:
        calendar = _calendar(schedule, after)
        while (moment := calendar.get_next(datetime)) <= until:
            yield moment
    except CroniterBadDateError:
        return


def next_occurrence(schedule: str, after: datetime) -> datetime | None:
    """Return the first moment later than `after` at which a schedule is due; None when it never is (30 February)."""
    try:
        found = _calendar(schedule, after).get_next(datetime)
    except CroniterBadDateError:
        return None
    return found if isinstance(found, datetime) else None


def _calendar(schedule: str, after: datetime) -> croniter:
    # A day has to be right by both fields, month's and week's; cron itself would take either.
    return croniter(_in_numbers(schedule), after.astimezone(timezone.utc), day_or=False)


def in_words(moment: datetime) -> str:
    """Spell a moment as a run's `scheduleOccurrence`: `6/4/2019 9:30 AM` (azure-spec, RunsGet_WithTimerTrigger)."""
    moment = moment.astimezone(timezone.utc)
    hour = moment.hour % 12 or 12
    half = "AM" if moment.hour < 12 else "PM"
    return f"{moment.month}/{moment.day}/{moment.year} {hour}:{moment.minute:02d} {half}"


def _in_numbers(schedule: str) -> str:
    """The schedule with every name, range and step written out, so that only the calendar is left to croniter."""
    return " ".join(
        text if text == "*" else ",".join(map(str, sorted(_values(text, *bounds))))
        for text, bounds in zip(schedule.split(), _FIELDS, strict=True)
    )


def _values(text: str, lowest: int, highest: int, names: tuple[str, ...]) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if first == "*":
            start, end = lowest, highest
        else:
            start = _value(first, lowest, names)
            end = _value(last, lowest, names) if dash else (highest if step else start)
        # NCrontab reads a range that runs backwards as the same range forwards.
        found.update(range(min(start, end), max(start, end) + 1, int(step or 1)))
    return found


def _value(text: str, lowest: int, names: tuple[str, ...]) -> int:
    return int(text) if text.isdigit() else names.index(text[:3].lower()) + lowest
