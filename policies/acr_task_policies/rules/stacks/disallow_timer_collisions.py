"""Tasks of one registry that start in the same minute wait for each other's agents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone

from pulumi_policy import Severity
from pulumi_policy.proxy import UnknownValueError

from ...resource import Resource
from ...rule import Config, stack_rule
from ...schedule import firings

_WEEK = timedelta(days=7)
_MOST = 7 * 24 * 60


@stack_rule(
    "acr-stack-disallow-timer-collisions",
    "Checks that not too many tasks of a registry start in the same minute.",
    severity=Severity.LOW,
    tags=["cost"],
    steps="Spread the minutes of the schedules.",
    url="container-registry-tasks-scheduled",
    config={"max": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 10}},
)
def disallow_timer_collisions(resources: list[tuple[str, Resource]], config: Config) -> Iterable[tuple[str, str]]:
    """Yield a violation message for each task beyond the limit in the fullest minute of a week, by registry."""
    monday = datetime.now(timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
    minutes: dict[tuple[str, datetime], dict[str, None]] = defaultdict(dict)
    for urn, task in resources:
        try:
            registry = task.registry()
            schedules = [timer.schedule for timer in task.timers() if task.is_enabled]
        except UnknownValueError:
            continue
        for schedule in schedules:
            for moment in firings(schedule, monday, monday + _WEEK, _MOST):
                minutes[registry, moment][urn] = None
    limit, reported = int(config["max"]), set[str]()
    for (_, moment), urns in sorted(minutes.items(), key=lambda each: (-len(each[1]), each[0])):
        for urn in list(urns)[limit:]:
            if urn not in reported:
                reported.add(urn)
                yield (
                    urn,
                    (
                        f"{len(urns)} tasks of this registry start at {moment:%A %H:%M} UTC, and {limit} are allowed: "
                        "move this one to another minute."
                    ),
                )
