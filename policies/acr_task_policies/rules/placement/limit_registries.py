"""A task in a registry of another team builds with that team's rights, and its images land there."""

from __future__ import annotations

from pulumi_policy import Severity

from ...place import Place
from ...resource import Resource, registry_name
from ...rule import GLOBS, Config, matches, rule


@rule(
    "acr-task-limit-registries",
    "Checks that tasks and runs live in registries that are allowed.",
    severity=Severity.MEDIUM,
    over=Resource.registries,
    tags=["placement"],
    steps="Move the resource to an allowed registry, or ask for this registry to be added to `allowed`.",
    url="container-registry-tasks-overview",
    config={"allowed": {**GLOBS, "default": ["*"]}},
)
def limit_registries(place: Place, config: Config) -> str | None:
    """Return the violation message when the registry is not allowed; a glob with a slash matches ARM ids."""
    text = place.text() or ""
    if not text or matches(text, config["allowed"]) or matches(registry_name(text), config["allowed"]):
        return None
    return f"{place.path} is not an allowed registry: choose one of {', '.join(config['allowed'])}."
