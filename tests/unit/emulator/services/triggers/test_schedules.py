"""When timers fire."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest

from acr_tasks_emulator.services.triggers.schedules import next_occurrence, occurrence_text, occurrences, problem_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("schedule", "after", "expected"),
    [
        ("* * * * *", "2026-11-23 12:00", "2026-11-23 12:01"),
        ("* * * * *", "2026-11-23 12:00:59.999", "2026-11-23 12:01"),
        ("30 9 * * *", "2026-11-23 09:30", "2026-11-24 09:30"),
        ("0 0 13 * Fri", "2026-11-23 12:00", "2027-08-13 00:00"),  # day and weekday, not either of them
        ("0 0 29 Feb Monday", "2026-11-23 12:00", "2044-02-29 00:00"),
        ("*/15 9-17 * Jan-Mar Mon-Fri", "2026-11-23 12:00", "2027-01-01 09:00"),
        ("5/20 * * * *", "2026-11-23 12:26", "2026-11-23 12:45"),
        ("0 0 * * 0,6", "2026-11-23 12:00", "2026-11-28 00:00"),
        ("0 12 * * fri-mon", "2026-11-23 12:00", "2026-11-24 12:00"),  # as Mon-Fri
        ("59 23 31 12 *", "2026-12-31 23:59", "2027-12-31 23:59"),
        ("0 0 30 2 *", "2026-11-23 12:00", None),
        ("*/120 * * * *", "2026-11-23 12:26", "2026-11-23 13:00"),
        ("*/0 * * * *", "2026-11-23 12:26", "2026-11-23 12:27"),
        ("*/-5 * * * *", "2026-11-23 12:26", "2026-11-23 12:27"),
        ("007 * * * *", "2026-11-23 12:26", "2026-11-23 13:07"),
        ("0 22-6 * * *", "2026-11-23 12:00", "2026-11-23 13:00"),
        ("0 22-6 * * *", "2026-11-23 22:00", "2026-11-24 06:00"),
        ("0 0 * ju mo", "2026-11-23 12:00", "2027-06-07 00:00"),
        ("0  0 * * S", "2026-11-23 12:00", "2026-11-29 00:00"),
    ],
)
def test_the_next_occurrence(schedule: str, after: str, expected: str | None) -> None:
    """A schedule is due next when all five fields agree."""
    assert problem_of(schedule) is None
    assert next_occurrence(schedule, at(after)) == (at(expected) if expected else None)


@pytest.mark.parametrize(
    "schedule",
    [
        *(
            "0 0 * * monkey",
            "0 0 * * 7",
            "60 * * * *",
            "* * * *",
            "* * * * * *",
            "*\t* * * *",
            "a * * * *",
            "*/ * * * *",
        ),
        *(
            "5, * * * *",
            ",5 * * * *",
            "*-5 * * * *",
            "1-70 * * * *",
            "*/x * * * *",
            "? * * * *",
            "0 0 L * *",
            "0 0 1W * *",
        ),
        *("@daily", "", "\u0663 * * * *", "0 0 * 13 *", "0 0 0 * *"),
    ],
)
def test_malformed_schedules(schedule: str) -> None:
    """A schedule that NCrontab refuses is refused with the name of the field."""
    assert re.search(r"the five of minute|is not a (minute|hour|day|month|weekday)", problem_of(schedule) or "")


def test_every_occurrence_of_a_day() -> None:
    """The span includes its end and not its beginning; each occurrence comes once."""
    start = at("2028-02-28 23:59")
    found = list(occurrences("* * * * *", start, start + timedelta(days=1)))
    assert found == [start + timedelta(minutes=n) for n in range(1, 24 * 60 + 1)]
    assert list(occurrences("59 23 28 2 *", start, start + timedelta(days=1))) == []


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2019-06-04 09:30", "6/4/2019 9:30 AM"),
        ("2019-06-04 00:05", "6/4/2019 12:05 AM"),
        ("2019-12-24 12:00", "12/24/2019 12:00 PM"),
        ("2019-12-24 23:59", "12/24/2019 11:59 PM"),
    ],
)
def test_the_text_of_an_occurrence(moment: str, words: str) -> None:
    """An occurrence is spelled as in the United States."""
    assert occurrence_text(at(moment)) == words
