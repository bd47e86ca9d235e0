"""A limit on how often timers fire: each run occupies an agent and costs money."""

from __future__ import annotations

from pulumi_policy import Severity

from ...parts import Timer
from ...resource import Resource
from ...rule import Config, rule
from ...schedule import shortest_pause


@rule(
    "acr-task-limit-timer-frequency",
    "Checks that timers leave time between two runs.",
    severity=Severity.LOW,
    over=Resource.timers,
    tags=["cost"],
    steps="Write a schedule that fires less often, or start the runs by a source or base image trigger.",
    url="container-registry-tasks-scheduled",
    config={"minMinutes": {"type": "integer", "minimum": 1, "maximum": 10080, "default": 60}},
)
def limit_timer_frequency(timer: Timer, config: Config) -> str | None:
    """Return the violation message when the shortest pause between two firings is below the limit."""
    limit = int(config["minMinutes"])
    pause = shortest_pause(timer.schedule)
    if pause is None or pause >= limit:
        return None
    unit = "minute" if pause == 1 else "minutes"
    return f"{timer.path} fires again after {pause:g} {unit}: leave at least {limit} minutes between two firings."
