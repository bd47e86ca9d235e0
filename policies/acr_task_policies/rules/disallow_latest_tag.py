"""An image that is only ever `latest` cannot be told from the one before it."""

from __future__ import annotations

import re

from pulumi_policy import EnforcementLevel, Severity

from ..resource import ImageName, Resource
from ..rule import Config, rule

TEMPLATE = re.compile(r"\{\{.*?\}\}|\$\w+", re.DOTALL)


def tag_of(name: str) -> str | None:
    """The tag of an image name, "" for none, and None when a template or a digest settles it.

    `registry:5000/app` has no tag: a colon before the last slash is a port's.
    """
    last = TEMPLATE.sub("*", name).rpartition("/")[2]
    repository, _, tag = last.partition(":")
    if "@" in last or "*" in (tag or repository):
        return None
    return tag


@rule(
    "acr-task-disallow-latest-tag",
    "Checks that images are built and pushed under a tag that tells them apart.",
    severity=Severity.MEDIUM,
    level=EnforcementLevel.ADVISORY,
    over=Resource.image_names,
)
def disallow_latest_tag(image: ImageName, _config: Config) -> str | None:
    """Says which image name needs another tag."""
    tag = tag_of(image.text)
    if not image.text or tag not in ("", "latest"):
        return None
    name = image.text.removesuffix(":latest")
    state = "has the tag latest" if tag else "has no tag, which means latest"
    return f"{image.path} '{image.text}' {state}: write one that tells builds apart, such as '{name}:{{{{.Run.ID}}}}'."
