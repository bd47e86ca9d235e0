"""The schedules of timers: NCrontab's five fields."""

from __future__ import annotations

import pytest

from pulumi_acr_tasks.validate.cron import check_schedule, firing_times, schedule_warnings


@pytest.mark.parametrize(
    "schedule",
    [
        "0 9 * * *",
        "*/5 * * * *",
        "0 0 1,15 * Mon-Fri",
        "5/10 8-18/2 * jan,JUL *",
        "0 0 29 2 *",
        "0 0 * * SUNDAY",
        "0 0 29 2 Mon",
    ],
)
def test_a_schedule_of_ncrontab_is_right(schedule: str) -> None:
    """Names in any case, lists, ranges and steps are accepted."""
    assert check_schedule(schedule) == []


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ("0 0 9 * * *", "has five fields, minute hour day month weekday, and this has 6"),
        ("0 9 * *", "this has 4"),
        ("60 * * * *", "60 is no minute: 0 to 59"),
        ("0 24 * * *", "24 is no hour"),
        ("0 0 0 * *", "0 is no day: 1 to 31"),
        ("0 0 * 13 *", "13 is no month"),
        ("0 9 * * 7", "7 is no weekday: 0 to 6"),
        ("0 9 L * *", "'L' is no day"),
        ("0 9 15W * *", "'15W' is no day"),
        ("0 9 * * 5#2", "'5#2' is no weekday"),
        ("0 9 ? * 1", "'?' is no day"),
        ("*-5 * * * *", "'*' is no minute"),
        ("0,, * * * *", "'' is no minute"),
        ("0 0 * * monkey", "'monkey' is no weekday"),
        ("0 0 * * 7", "7 is no weekday: 0 to 6; Sunday is 0"),
        ("*/x * * * *", "'*/x' is no minute: a step is a whole number"),
        ("0\t0 * * *", "and this has 4"),
        ("PT30M", "dates and durations of ISO 8601 are not accepted: write */30 * * * *"),
        ("2024-05-01T00:00:00Z", "dates and durations of ISO 8601 are not accepted"),
        ("@daily", "write 0 0 * * *"),
    ],
)
def test_a_schedule_that_ncrontab_refuses_is_wrong(schedule: str, sentence: str) -> None:
    """The sentence names the field and the reason."""
    (said,) = check_schedule(schedule)
    assert sentence in said


@pytest.mark.parametrize(
    ("schedule", "sentence", "fires"),
    [
        ("*/120 * * * *", "the minute's step in */120 is longer than its range: only minute 0 is hit", ({0}, 0)),
        ("007 * * * *", None, ({7}, 0)),
        ("0 22-6 * * *", "the hours 22-6 run backwards and are read as 6-22", (set(range(6, 23)), 1)),
        ("0 0 * * SAT-SUN", "the weekdays SAT-SUN run backwards and are read as 0-6", (set(range(7)), 4)),
        ("*/0 * * * *", "the minute's step in */0 is below 1 and means every minute", (set(range(60)), 0)),
        ("*/-5 * * * *", "below 1", (set(range(60)), 0)),
        ("0 9 * * mo", None, ({1}, 4)),
        ("0 9 * * S", None, ({0}, 4)),
        ("0 0 * j *", None, ({1}, 3)),
        ("5/10 * * * *", None, ({5, 15, 25, 35, 45, 55}, 0)),
        ("5/1 * * * *", None, ({5}, 0)),
        ("0 0 30 2 *", "it never fires: no such month has such a day", ({30}, 2)),
        ("0 0 31 4,6,9,11 *", "it never fires", ({31}, 2)),
        ("0 0 1 * 1", "day 1 and weekday 1 must both hold; cron would take either", ({1}, 2)),
    ],
)
def test_a_valid_schedule_that_is_probably_a_mistake_is_a_warning(
    schedule: str, sentence: str | None, fires: tuple[set[int], int]
) -> None:
    """The warning says what NCrontab does with it."""
    assert check_schedule(schedule) == []
    found = firing_times(schedule)
    assert found is not None
    assert set(found[fires[1]]) == fires[0]
    told = schedule_warnings(schedule)
    assert told == [] if sentence is None else sentence in told[0]
