"""A ban on branches as sources: a branch moves, so the same program builds another source later."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from ...place import Place
from ...resource import Resource
from ...rule import Config, rule

_REPOSITORY = re.compile(
    r"(git://|git@|ssh://|https?://[^#?]*\.git($|[#?:/])|https?://[^/]*github[^/]*/)", re.IGNORECASE
)
_COMMIT = re.compile(r"#[0-9a-f]{40}(:.*)?$", re.IGNORECASE)


def _sources(resource: Resource) -> Iterator[Place]:
    if resource.kind == "run":
        yield from resource.addresses()


@rule(
    "acr-run-disallow-remote-branch",
    "Checks that runs build a commit of a repository, not a branch.",
    severity=Severity.MEDIUM,
    over=_sources,
    tags=["runs", "supply-chain"],
    steps="Write the commit's 40 digits behind the repository's address: …/app.git#<commit>:folder.",
    url="container-registry-tasks-overview",
)
def disallow_remote_branch(place: Place, _config: Config) -> str | None:
    """Return the violation message when an address names a repository without a commit; archives and folders pass."""
    address = place.text() or ""
    if not _REPOSITORY.match(address) or _COMMIT.search(address):
        return None
    return f"{place.path} is a repository without a commit: add #<commit> with its 40 digits, so that builds repeat."
