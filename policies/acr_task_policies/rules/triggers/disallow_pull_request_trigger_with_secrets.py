"""A pull request runs its author's code: in a fork of a public repository, anybody's."""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity
from pulumi_policy.proxy import UnknownValueError

from ...resource import Resource
from ...rule import Config, nist, rule


def _grants(task: Resource) -> Iterator[str]:
    """Name what a run of the task can read beside its source."""
    yield from (argument.path for argument in task.arguments() if argument.is_secret)
    yield from (credential.path for credential in task.credentials())
    identity = task.top["identity"]
    if identity.exists() and (identity["type"].text() or "None").lower() != "none":
        yield identity.path
    if any("secrets." in line.text.lower() for step in task.task_file().steps for line in (step.command, *step.env)):
        yield f"{task.encoded_content().path} (secrets of a key vault)"


@rule(
    "acr-task-disallow-pull-request-trigger-with-secrets",
    "Checks that pull requests start no task that holds secrets or an identity.",
    severity=Severity.HIGH,
    over=Resource.tasks,
    tags=["secrets", "supply-chain"],
    steps="Build pull requests in a task of their own, without secrets, credentials and identity.",
    url="container-registry-tasks-overview",
    framework=nist("4.2.3"),
)
def disallow_pull_request_trigger_with_secrets(task: Resource, _config: Config) -> str | None:
    """Return the violation message with what a pull request could read; known parts count before unknown ones."""
    events = [event for trigger in task.source_triggers() for event in trigger["sourceTriggerEvents"].items()]
    asked = next((event for event in events if (event.text() or "").lower() == "pullrequest"), None)
    if asked is None or not task.is_enabled:
        return None
    found: list[str] = []
    unknown: UnknownValueError | None = None
    try:
        found.extend(_grants(task))
    except UnknownValueError as error:
        unknown = error
    if found:
        return f"{asked.path} lets pull requests read {', '.join(found)}: remove the event, or these from the task."
    if unknown:
        raise unknown
    return None
