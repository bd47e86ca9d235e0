"""An image from anywhere brings code from anywhere."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from pulumi_policy import Severity

from ... import dockerfile
from ...images import Image
from ...parts import ImageName
from ...resource import Resource
from ...rule import GLOBS, Config, matches, nist, rule

_ALIASES = ("acr", "az", "bash", "curl", "cssc")  # names that the agent replaces by images of Microsoft


def _foreign_images(resource: Resource) -> Iterator[ImageName]:
    """List the images of cmd steps, of FROM in a local context's Dockerfile, and of push steps."""
    for each in resource.steps():
        if each.step is None:
            yield ImageName(each.content.path, each.content.text)
            continue
        if each.step.image and each.step.image not in _ALIASES:
            yield ImageName(each.at(each.step.command), partial(str, each.step.image))
        yield from (ImageName(each.at(line), partial(str, line.text)) for line in each.step.pushed)
    for name, line, text in dockerfile.bases(resource):
        yield ImageName(f"{name}: line {line}", partial(str, text))


@rule(
    "acr-task-disallow-untrusted-registries",
    "Checks that images come from registries that are trusted, and are pushed to them alone.",
    severity=Severity.HIGH,
    over=_foreign_images,
    tags=["supply-chain"],
    steps="Import the image into a registry of your own, or add a glob for its registry to `trusted`.",
    url="container-registry-import-images",
    framework=nist("4.1.5"),
    config={"trusted": {**GLOBS, "default": ["*"]}},
)
def disallow_untrusted_registries(name: ImageName, config: Config) -> str | None:
    """Return the violation message when a registry is not trusted; the registry of the run always is."""
    image = Image.parse(name.text)
    own = image.registry.startswith(("{{", "$"))
    if not name.text or image.is_variable or own or matches(image.registry, config["trusted"]):
        return None
    if matches(image.full_repository, config["trusted"]):
        return None
    return f"{name.path} names an image of {image.registry}: use one of {', '.join(config['trusted'])}."
