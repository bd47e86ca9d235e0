"""Tags say who owns a task and who pays for its runs."""

from __future__ import annotations

from pulumi_policy import Severity

from ...resource import Resource
from ...rule import Config, rule


def missing(task: Resource, config: Config) -> list[str]:
    """Return the required tags that the task lacks; an empty one counts as missing, an unknown one as present."""
    tags = task.top["tags"]
    found = {place.key: place for place in tags.entries()} if tags.exists() else {}
    return [
        name
        for name in config["required"]
        if name not in found or (found[name].known() and not str(found[name].value() or "").strip())
    ]


def add(task: Resource, config: Config) -> None:
    """Add the configured default of each missing tag that has one."""
    defaults = config["defaults"]
    added = {name: str(defaults[name]) for name in missing(task, config) if name in defaults}
    tags = task.top["tags"]
    if added and tags.value() is None:
        tags.write(added)
        return
    for name, value in added.items():
        tags[name].write(value)


@rule(
    "acr-task-require-tags",
    "Checks that tasks have the tags that a team requires.",
    severity=Severity.LOW,
    over=Resource.tasks,
    tags=["placement"],
    steps="Add the missing tags to `tags`.",
    url="container-registry-tasks-overview",
    config={
        "required": {"type": "array", "items": {"type": "string", "minLength": 1}, "default": []},
        "defaults": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
    },
    remedy=add,
)
def require_tags(task: Resource, config: Config) -> str | None:
    """Return the violation message with the names of the missing tags."""
    if not task.top["tags"].known():
        task.top["tags"].value()
    names = missing(task, config)
    return f"tags has no value for {', '.join(names)}: add each." if names else None
