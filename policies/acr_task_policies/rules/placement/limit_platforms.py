"""A limit on platforms: images of another platform do not run on the machines of the team."""

from __future__ import annotations

from pulumi_policy import Severity

from ...place import Place
from ...resource import DEFAULT_ARCHITECTURE, Resource
from ...rule import GLOBS, Config, matches, rule


@rule(
    "acr-task-limit-platforms",
    "Checks that tasks and runs build for platforms that are allowed.",
    severity=Severity.LOW,
    over=Resource.platforms,
    tags=["placement"],
    steps="Set `platform` to an allowed one, written as os/architecture or os/architecture/variant.",
    url="container-registry-tasks-overview",
    config={"allowed": {**GLOBS, "default": ["*"]}},
)
def limit_platforms(place: Place, config: Config) -> str | None:
    """Return the violation message when the platform is not allowed; `linux` allows each architecture."""
    os = place["os"].text() or ""
    architecture = place["architecture"].text() or DEFAULT_ARCHITECTURE
    variant = place["variant"].text()
    platform = "/".join(part for part in (os, architecture, variant) if part)
    if not os or matches(platform, config["allowed"]) or matches(os, config["allowed"]):
        return None
    return f"{place.path} is not an allowed platform: choose one of {', '.join(config['allowed'])}."
