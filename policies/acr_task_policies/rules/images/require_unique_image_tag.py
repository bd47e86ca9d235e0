"""A task that pushes each build under the same tag overwrites the image that is deployed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity
from pulumi_policy.proxy import UnknownValueError

from ...parts import ImageName
from ...resource import Resource
from ...rule import Config, nist, rule


@dataclass(frozen=True)
class Repository:
    """The names of one repository under which a task pushes an image; None while they are unknown."""

    names: list[ImageName] | None
    task: Resource

    def read(self) -> list[ImageName]:
        """Return the names; raise UnknownValueError while one is unknown."""
        return self.names if self.names is not None else self.task.pushed_images()


def _repositories(resource: Resource) -> Iterator[Repository]:
    if not resource.is_task:
        return  # a run is made once, and hands on its digests
    found: dict[str, list[ImageName]] = {}
    try:
        for name in resource.pushed_images():
            found.setdefault(name.image.full_repository, []).append(name)
    except UnknownValueError:
        yield Repository(None, resource)
    for names in found.values():
        yield Repository(names, resource)


@rule(
    "acr-task-require-unique-image-tag",
    "Checks that each run of a task pushes its images under a tag of their own.",
    severity=Severity.MEDIUM,
    over=_repositories,
    tags=["supply-chain"],
    steps="Push a second name with {{.Run.ID}} in its tag beside the fixed one.",
    url="container-registry-image-tag-version",
    framework=nist("4.2.2"),
)
def require_unique_image_tag(repository: Repository, _config: Config) -> str | None:
    """Return the violation message when every name of a repository is the same at each run."""
    names = [name for name in repository.read() if name.text]
    images = [name.image for name in names]
    if not names or any(image.has_variable_tag or image.is_variable for image in images):
        return None
    return f"{names[0].path} is the same image name at each run: push one with {{{{.Run.ID}}}} in its tag as well."
