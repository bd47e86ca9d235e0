"""A ban on privileged steps: a privileged container, or one with the agent's folders, has the agent's rights."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from ...parts import FileStep
from ...resource import Resource
from ...rule import Config, nist, rule
from ...task_file import Step

_TRUE = {"true", "yes", "on", "y"}
_SHARED = {"--pid", "--network", "--net", "--ipc", "--uts", "--userns"}


def _is_bind(name: str, value: str) -> bool:
    volume = name in ("-v", "--volume") and value.startswith(("/", "."))
    return volume or (name == "--mount" and "type=bind" in value)


def _liberties(step: Step) -> Iterator[str]:
    """Name each way in which a step leaves its container."""
    members = step.members
    if "privileged" in members and members["privileged"].text.strip().lower() in _TRUE:
        yield "is privileged"
    if "isolation" in members and members["isolation"].text.strip().lower() not in ("", "default"):
        yield "sets isolation"
    if "network" in members and members["network"].text.strip().lower() == "host":
        yield "uses the agent's network"
    for name, value in step.options if step.kind == "cmd" else []:
        if name == "--privileged" and value.lower() != "false":
            yield "is privileged"
        elif _is_bind(name, value):
            yield "mounts a folder of the agent"
        elif name in _SHARED and value.lower() == "host":
            yield f"shares the agent's {name.lstrip('-')}"
        elif name in ("--cap-add", "--device"):
            yield f"asks for {name}"


@rule(
    "acr-task-disallow-privileged-step",
    "Checks that steps keep to their containers.",
    severity=Severity.HIGH,
    over=Resource.steps,
    tags=["isolation"],
    steps="Remove the option from the step; build images with a build step instead of a container with docker in it.",
    url="container-registry-tasks-reference-yaml",
    framework=nist("4.4.3"),
)
def disallow_privileged_step(part: FileStep, _config: Config) -> str | None:
    """Return the violation message with each way in which the step leaves its container."""
    step = part.read()
    found = list(dict.fromkeys(_liberties(step)))
    return f"{part.at(step.command)} {', '.join(found)}: remove that from the step." if found else None
