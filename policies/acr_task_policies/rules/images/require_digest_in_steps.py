"""A requirement to pin images by digest: a push can move a tag, but not a digest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from ...images import Image
from ...parts import FileStep
from ...resource import Resource
from ...rule import GLOBS, Config, matches, nist, rule


@dataclass(frozen=True)
class Command:
    """A cmd step, and the images that its own task builds."""

    step: FileStep
    built: frozenset[str]


def _commands(resource: Resource) -> Iterator[Command]:
    steps = list(resource.steps())
    built = frozenset(line.text for each in steps if each.step for line in each.step.tags)
    yield from (Command(each, built) for each in steps if each.step is None or each.step.kind == "cmd")


@rule(
    "acr-task-require-digest-in-steps",
    "Checks that cmd steps run images that are pinned by digest.",
    severity=Severity.MEDIUM,
    over=_commands,
    tags=["supply-chain"],
    steps="Write the image as name@sha256:…, or add a glob for it to `except`.",
    url="container-registry-tasks-reference-yaml",
    framework=nist("4.1.5"),
    # The names that the agent itself replaces, and Microsoft's own tools for registries.
    config={
        "except": {**GLOBS, "default": ["acr", "az", "bash", "curl", "cssc", "mcr.microsoft.com/acr/*"]},
    },
)
def require_digest_in_steps(command: Command, config: Config) -> str | None:
    """Return the violation message when a cmd image has no digest; an image that the task itself builds needs none."""
    step = command.step.read()
    text = step.image or ""
    image = Image.parse(text)
    if not text or image.digest or image.is_variable or text in command.built or matches(text, config["except"]):
        return None
    return f"{command.step.at(step.command)} runs an image without a digest: write it as name@sha256:…."
