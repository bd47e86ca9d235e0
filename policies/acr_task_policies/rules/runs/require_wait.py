"""A run that nobody awaits fails without anybody's notice."""

from __future__ import annotations

from pulumi_policy import Severity

from ...resource import Resource
from ...rule import Config, rule


@rule(
    "acr-run-require-wait",
    "Checks that deployments await their runs.",
    severity=Severity.MEDIUM,
    over=Resource.runs,
    tags=["runs"],
    steps="Leave `wait` out, or set it to True.",
    url="container-registry-tasks-overview",
)
def require_wait(run: Resource, _config: Config) -> str | None:
    """Return that the run is not awaited."""
    if run.top["wait"].flag() is not False:
        return None
    return "wait is False: set it to True, so that a run that fails also fails the deployment."
