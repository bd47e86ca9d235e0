"""A ban on the tag `latest`: the image of one build cannot be told from the next one."""

from __future__ import annotations

from pulumi_policy import Severity

from ...parts import ImageName
from ...resource import Resource
from ...rule import Config, nist, rule


@rule(
    "acr-task-disallow-latest-tag",
    "Checks that images are built and pushed under a tag that tells them apart.",
    severity=Severity.MEDIUM,
    over=Resource.image_names,
    tags=["supply-chain"],
    steps="Add a tag with a part of its own for each build, such as {{.Run.ID}}.",
    url="container-registry-image-tag-version",
    framework=nist("4.2.2"),
)
def disallow_latest_tag(name: ImageName, _config: Config) -> str | None:
    """Return the violation message when an image name has no tag or `latest`; `registry:5000/app` has no tag."""
    image = name.image
    if not name.text or image.is_variable or image.digest or image.tag not in (None, "", "latest"):
        return None
    if not image.tag and image.text.rstrip().endswith("}}") and "/" not in image.text:
        return None  # the template may hold the tag
    state = "has the tag latest" if image.tag else "has no tag, which means latest"
    return f"{name.path} {state}: write one that tells builds apart, such as {{{{.Run.ID}}}}."
