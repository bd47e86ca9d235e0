"""Runs that timers start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
from croniter import croniter

from ..arm import Arm
from ..conftest import Body

SCHEDULE = [{"name": "t1", "schedule": "*/5 * * * *"}, {"name": "t2", "schedule": "0 0 * * *", "status": "Disabled"}]


@pytest.mark.arm_documented("13, 5.1 and the example RunsGet_WithTimerTrigger")
def test_timers(emulated: Callable[..., Arm], quick_task: Body) -> None:
    """A timer runs its task whenever it is due, and the run has the timer's name and time."""
    arm = emulated(switches={"page-size": 1000})  # one page, because a timer may fire between two
    arm.ok("PUT", "tasks/timed-task", quick_task(trigger={"timerTriggers": SCHEDULE}))
    arm.ok("POST", "/_emulator/clock/advance", {"seconds": 24 * 60 * 60})
    runs = arm.ok("GET", "runs")["value"]
    occurrences = {run["properties"]["timerTrigger"]["scheduleOccurrence"] for run in runs}
    assert len(occurrences) == len(runs) > 100
    newest = arm.until(runs[0]["name"])["properties"]
    assert (newest["task"], newest["runType"], newest["status"]) == ("timed-task", "AutoRun", "Succeeded")
    assert newest["timerTrigger"]["timerTriggerName"] == "t1"


SCHEDULES = (
    *("0 * * * *", "*/15 * * * *", "30 3 * * 1-5", "5,35 8-18/2 * * *", "0 0 1 * *", "59 23 * * SUN"),
    *("0 12 */2 * MON", "0 12 2-30/2 * MON", "0 12 */2 * TUE", "0 12 2-30/2 * TUE"),  # on any day some fit by half
    *("7-59/13 */6 * * *", "* 4 * * *", "*/5 * * * *"),
)


@pytest.mark.arm_documented("13: NCrontab in UTC, a day has to be right by both fields")
def test_a_day_of_a_hundred_timers(emulated: Callable[..., Arm], quick_task: Body) -> None:
    """When the clock is moved by a day, every timer fires exactly once at each of its times."""
    arm = emulated(switches={"page-size": 1000})
    began = {}
    for number in range(100):
        name, schedule = f"timed-{number:02}", SCHEDULES[number % len(SCHEDULES)]
        timer = {"name": "t", "schedule": schedule}
        task = arm.ok("PUT", f"tasks/{name}", quick_task(trigger={"timerTriggers": [timer]}))
        began[name] = (schedule, moment_of(task["properties"]["creationDate"]))
    now = moment_of(arm.ok("POST", "/_emulator/clock/advance", {"seconds": 24 * 60 * 60})["now"])
    expected = sorted(
        (name, moment) for name, (schedule, after) in began.items() for moment in firing_times(schedule, after, now)
    )
    assert len(expected) > 3000
    runs = arm.ok("GET", "runs")
    found = runs["value"]
    while "nextLink" in runs:
        runs = arm.http.get(runs["nextLink"]).json()
        found += runs["value"]
    fired = [(run["properties"]["task"], occurrence(run)) for run in found]
    assert sorted(each for each in fired if each[1] <= now) == expected
    in_order = [moment for _, moment in reversed(fired)]
    assert in_order == sorted(in_order)
    assert {run["properties"]["timerTrigger"]["timerTriggerName"] for run in found} == {"t"}


def firing_times(schedule: str, after: datetime, until: datetime) -> Iterator[datetime]:
    """Return when a schedule is due, by croniter alone."""
    calendar = croniter(schedule, after, day_or=False)
    while (moment := calendar.get_next(datetime)) <= until:
        yield moment


def moment_of(text: str) -> datetime:
    """Return a date as .NET spells it; Python 3.10 reads six digits of a second, not seven."""
    return datetime.fromisoformat(f"{text[:26]}+00:00")


def occurrence(run: dict[str, Any]) -> datetime:
    text = run["properties"]["timerTrigger"]["scheduleOccurrence"]
    return datetime.strptime(text, "%m/%d/%Y %I:%M %p").replace(tzinfo=timezone.utc)
