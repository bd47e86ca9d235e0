"""A run that hangs holds an agent until its timeout."""

from __future__ import annotations

from pulumi_policy import EnforcementLevel, Severity

from ..resource import Resource, Timeout
from ..rule import Config, rule


def shorten(timeout: Timeout, config: Config) -> None:
    """Sets the longest timeout that is allowed."""
    timeout.place.write(int(config["maxSeconds"]))


@rule(
    "acr-task-limit-timeout",
    "Checks that tasks and runs give up after a limited time.",
    severity=Severity.LOW,
    level=EnforcementLevel.ADVISORY,
    over=Resource.timeouts,
    # The bounds are the service's own for a timeout: no remedy writes what it would refuse.
    config={"maxSeconds": {"type": "integer", "minimum": 300, "maximum": 28800, "default": 3600}},
    remedy=shorten,
)
def limit_timeout(timeout: Timeout, config: Config) -> str | None:
    """Says the limit when the timeout, or the one that the service takes instead, is above it."""
    limit = int(config["maxSeconds"])
    if timeout.seconds <= limit:
        return None
    state = f"is {timeout.seconds:g}" if timeout.is_set else f"is left out, which means {timeout.seconds:g}"
    return f"{timeout.path} {state} seconds: set it to {limit} or less."
