"""Rules about when tasks start."""

from __future__ import annotations

from typing import Any

import pytest

Row = tuple[str, str, dict[str, Any], dict[str, Any], list[str]]

FREQUENCY = "acr-task-limit-timer-frequency"


def timers(*schedules: str) -> dict[str, Any]:
    return {
        "trigger/timerTriggers": [{"name": f"t{number}", "schedule": each} for number, each in enumerate(schedules)]
    }


def too_often(pause: str, index: int = 0, limit: int = 60) -> str:
    return (
        f"trigger.timer_triggers[{index}].schedule fires again after {pause}: "
        f"leave at least {limit} minutes between two firings."
    )


ROWS: list[Row] = [
    (FREQUENCY, "task", timers("*/5 * * * *"), {}, [too_often("5 minutes")]),
    (FREQUENCY, "task", timers("* * * * *"), {}, [too_often("1 minute")]),
    # two firings that are near each other, and then none for a day
    (FREQUENCY, "task", timers("0 3 * * *", "0,10 3 * * *"), {}, [too_often("10 minutes", 1)]),
    # the last minute of an hour and the first of the next one
    (FREQUENCY, "task", timers("0,59 * * * *"), {}, [too_often("1 minute")]),
    # the last minute of a day and the first of the next one
    (FREQUENCY, "task", timers("0,59 0,23 * * *"), {"minMinutes": 5}, [too_often("1 minute", 0, 5)]),
    (FREQUENCY, "task", timers("0 * * * *"), {}, []),
    (FREQUENCY, "task", timers("0 * * * *"), {"minMinutes": 61}, [too_often("60 minutes", 0, 61)]),
    (FREQUENCY, "task", timers("*/120 * * * *"), {}, []),  # any step is taken: once an hour
    (FREQUENCY, "task", timers("0 22-6 * * *"), {"minMinutes": 61}, [too_often("60 minutes", 0, 61)]),
    (FREQUENCY, "task", timers("0 3 * * mo"), {"minMinutes": 10080}, []),
    (FREQUENCY, "task", timers("0 3 30 2 *"), {}, []),  # never
    (FREQUENCY, "task", timers("every day"), {}, []),  # the service refuses it
    (FREQUENCY, "task", timers("0 3 * * 7"), {}, []),  # no day of the week
    (FREQUENCY, "task", {"trigger/timerTriggers/0": {"schedule": "* * * * *", "status": "Disabled"}}, {}, []),
]


@pytest.mark.parametrize(("rule", "kind", "changes", "config", "expected"), ROWS)
def test_a_spoiled_field_is_reported(
    rule: str, kind: str, changes: dict[str, Any], config: dict[str, Any], expected: list[str], judged: Any
) -> None:
    """Each row spoils one field of the good task or run, and names the sentences that follow."""
    assert judged(rule, kind, changes, config) == expected
