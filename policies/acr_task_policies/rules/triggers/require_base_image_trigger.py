"""A requirement to rebuild images: an old image keeps the vulnerabilities of its base image."""

from __future__ import annotations

from pulumi_policy import Severity

from ...parts import is_text
from ...resource import Resource
from ...rule import Config, nist, rule


def builds(task: Resource) -> bool:
    """Return whether the task builds images; False for a task file in a repository, which cannot be read here."""
    return task.step_type == "docker" or any(step.kind == "build" for step in task.task_file().steps)


@rule(
    "acr-task-require-base-image-trigger",
    "Checks that tasks rebuild their images when a base image is patched.",
    severity=Severity.MEDIUM,
    over=Resource.tasks,
    tags=["supply-chain"],
    steps="Add an enabled `baseImageTrigger` of type Runtime.",
    url="container-registry-tasks-base-images",
    framework=nist("4.1.1"),
)
def require_base_image_trigger(task: Resource, _config: Config) -> str | None:
    """Return the violation message when an enabled task builds images and has no enabled base image trigger."""
    trigger = task.top["trigger"]["baseImageTrigger"]
    if not task.is_enabled or not builds(task):
        return None
    if not trigger.exists():
        return f"{trigger.path} is missing: add one, so that a patched base image is built in."
    if is_text(trigger["status"], "disabled"):
        return f"{trigger.path} is disabled: enable it, so that a patched base image is built in."
    return None
