"""A location decides where sources and images are processed."""

from __future__ import annotations

from pulumi_policy import Severity

from ...place import Place
from ...resource import Resource
from ...rule import GLOBS, Config, matches, rule


def _plain(location: str) -> str:
    return "".join(location.split()).lower()


@rule(
    "acr-task-limit-locations",
    "Checks that tasks live in locations that are allowed.",
    severity=Severity.MEDIUM,
    over=Resource.locations,
    tags=["placement"],
    steps="Use a registry in an allowed location; a task is always where its registry is.",
    url="container-registry-geo-replication",
    config={"allowed": {**GLOBS, "default": ["*"]}},
)
def limit_locations(place: Place, config: Config) -> str | None:
    """Return the violation message when the location is not allowed; `West Europe` is `westeurope`."""
    location = place.text() or ""
    if not location or matches(_plain(location), [_plain(glob) for glob in config["allowed"]]):
        return None
    return f"{place.path} is not an allowed location: choose one of {', '.join(config['allowed'])}."
