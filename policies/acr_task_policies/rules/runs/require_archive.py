"""A requirement to archive runs: the service deletes other runs after 30 days."""

from __future__ import annotations

from pulumi_policy import Severity

from ...resource import Resource
from ...rule import Config, rule


def archive(run: Resource, _config: Config) -> None:
    """Archive the run."""
    run.body["isArchiveEnabled"].write(True)


@rule(
    "acr-run-require-archive",
    "Checks that runs are archived, so that their logs can be read later.",
    severity=Severity.LOW,
    over=Resource.runs,
    tags=["runs"],
    steps="Set `isArchiveEnabled` of the run request to true.",
    url="container-registry-tasks-logs",
    remedy=archive,
)
def require_archive(run: Resource, _config: Config) -> str | None:
    """Return the violation message when the run is not archived."""
    archived = run.body["isArchiveEnabled"]
    if archived.flag() is True:
        return None
    return f"{archived.path} is not true: set it to true, so that the run is kept for longer than 30 days."
