"""Two resources that push the same name overwrite each other's image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from pulumi_policy import Severity
from pulumi_policy.proxy import UnknownValueError

from ...resource import Resource
from ...rule import Config, stack_rule


@stack_rule(
    "acr-stack-disallow-shared-image-names",
    "Checks that no two tasks or runs push the same image name to one registry.",
    severity=Severity.MEDIUM,
    tags=["supply-chain"],
    steps="Give each image a repository or a tag of its own.",
    url="container-registry-best-practices",
)
def disallow_shared_image_names(resources: list[tuple[str, Resource]], _config: Config) -> Iterable[tuple[str, str]]:
    """Yield a violation message for each resource that pushes a name that an earlier resource pushes too.

    A name with a variable in its tag is different at each run.
    """
    pushers: dict[tuple[str, str], list[tuple[str, str]]] = defaultdict(list)
    for urn, resource in resources:
        try:
            registry = resource.registry()
            names = [(each.path, each.image) for each in resource.pushed_images()]
        except UnknownValueError:
            continue
        for path, image in names:
            if not image.has_variable_tag and not image.is_variable and image.repository:
                pushers[registry, f"{image.repository}:{image.tag or 'latest'}".lower()].append((urn, path))
    for places in pushers.values():
        first = places[0][0]
        for urn, path in places[1:]:
            if urn != first:
                yield urn, f"{path} is pushed by {first.rpartition('::')[2]} too: give one of them another name."
