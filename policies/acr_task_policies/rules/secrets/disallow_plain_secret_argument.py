"""An argument that is not marked as secret is shown to everyone with permission to read the task."""

from __future__ import annotations

from pulumi_policy import Severity

from ...parts import Argument
from ...resource import Resource
from ...rule import Config, nist, rule
from ...secrets import reason


def mark(argument: Argument, _config: Config) -> None:
    """Mark the argument as secret for the service."""
    argument.place["isSecret"].write(True)


@rule(
    "acr-task-disallow-plain-secret-argument",
    "Checks that arguments and values that look like secrets are marked as secret.",
    severity=Severity.HIGH,
    over=Resource.arguments,
    tags=["secrets"],
    steps="Set `isSecret` of the argument to true, and change the secret if the task was deployed before.",
    url="container-registry-tasks-reference-yaml",
    framework=nist("4.1.4"),
    remedy=mark,
)
def disallow_plain_secret_argument(argument: Argument, _config: Config) -> str | None:
    """Return the violation message when an argument should be secret, with its name and path but never its value."""
    why = None if argument.is_secret else reason(argument.name, argument.value)
    if why is None:
        return None
    member = argument.place["isSecret"].name
    return (
        f"{argument.path} ({argument.name}) {why}: set {member} to true, or everyone with read access sees the value."
    )
