"""A limit on timeouts: a run that hangs holds an agent until its timeout."""

from __future__ import annotations

from pulumi_policy import Severity

from ...parts import Timeout
from ...resource import Resource
from ...rule import Config, rule


def shorten(timeout: Timeout, config: Config) -> None:
    """Set the longest timeout that is allowed."""
    timeout.place.write(int(config["maxSeconds"]))


@rule(
    "acr-task-limit-timeout",
    "Checks that tasks and runs give up after a limited time.",
    severity=Severity.LOW,
    over=Resource.timeouts,
    tags=["cost"],
    steps="Set `timeout` to the seconds that the slowest good run takes, with a margin.",
    url="container-registry-tasks-reference-yaml",
    # The bounds are the service's own for a timeout: no remedy writes a value that the service refuses.
    config={"maxSeconds": {"type": "integer", "minimum": 300, "maximum": 28800, "default": 3600}},
    remedy=shorten,
)
def limit_timeout(timeout: Timeout, config: Config) -> str | None:
    """Return the violation message when the timeout is above the limit, be it set or the default of the service."""
    limit = int(config["maxSeconds"])
    if timeout.seconds <= limit:
        return None
    state = f"is {timeout.seconds:g}" if timeout.is_set else f"is left out, which means {timeout.seconds:g}"
    return f"{timeout.path} {state} seconds: set it to {limit} or less."
