from __future__ import annotations

import pytest

from acr_tasks_emulator.services.triggers.schedules import problem_of


@pytest.mark.parametrize(
    "schedule",
    ["* * * * *", "30 9 * * 1-5", "0 */6 * Jan-Mar,Dec Mon-Fri", "0,15,30,45 0 1 1 0", "10-50/10 5 31 12 sunday"],
)
def test_a_schedule_of_five_fields_is_fine(schedule: str) -> None:
    """Lists, ranges, steps and names are allowed."""
    assert problem_of(schedule) is None


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("* * * *", "4 fields"),
        ("0 30 9 * * 1-5", "6 fields"),
        ("60 * * * *", "60 is not a minute"),
        ("* 24 * * *", "not a hour"),
        ("* * 0 * *", "not a day"),
        ("* * * 13 *", "not a month"),
        ("* * * * 7", "not a weekday"),
        ("* * ? * *", "not a day"),
        ("* * L * *", "not a day"),
        ("* * * Mon *", "not a month"),
        ("*/ * * * *", "not a minute"),
        ("* * * * monkey", "not a weekday"),
        ("1- * * * *", "not a minute"),
        ("1,,2 * * * *", "not a minute"),
    ],
)
def test_what_is_no_ncrontab_is_named(schedule: str, said: str) -> None:
    """The field that is wrong stands in the phrase."""
    assert said in (problem_of(schedule) or "")
