"""A requirement to wait for runs: without waiting, a run that fails does not fail the deployment."""

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
    steps="Leave `wait` out, or set it to true.",
    url="container-registry-tasks-overview",
)
def require_wait(run: Resource, _config: Config) -> str | None:
    """Return the violation message when the deployment does not wait for the run."""
    if run.top["wait"].flag() is not False:
        return None
    return "wait is false: set it to true, so that a run that fails also fails the deployment."
