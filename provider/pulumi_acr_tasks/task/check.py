"""The check of a task's inputs: defaults resolved, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, kind, members
from pulumi_acr_tasks.schema.values import is_unknown
from pulumi_acr_tasks.validate.credentials import check_identity
from pulumi_acr_tasks.validate.members import check_arguments, check_value
from pulumi_acr_tasks.validate.names import check_task_name, resolve
from pulumi_acr_tasks.validate.problem import Problem
from pulumi_acr_tasks.validate.properties import check_contents, check_properties
from pulumi_acr_tasks.validate.sources import check_context_path
from pulumi_acr_tasks.validate.triggers import check_trigger


def check(
    inputs: dict[str, Any], defaults: Mapping[str, str | None], endpoint: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Return a task's inputs, resolved, and everything that is wrong with them. Unknown values are skipped.

    `defaults` are the registry's parts from the configuration, `endpoint` is where the task will live.
    """
    resolved, problems = resolve(inputs, defaults, endpoint)
    problems += check_arguments(inputs, "Task")
    problems += check_task_name(resolved.get("taskName"), "task_name")
    problems += check_value(resolved.get("adopt"), Kind("boolean"), "adopt")
    own = {name: resolved[name] for name in members("Task") if name in resolved}
    problems += _without_prefix(check_value(own, kind("Task"), ""))
    problems += check_properties(own, "", of="task")
    problems += check_identity(own.get("identity"), "identity")
    step = own.get("step")
    if isinstance(step, dict):
        problems += check_contents(step, "step")
        problems += check_context_path(step, _source_triggers(own.get("trigger")), "step")
    context_path = step.get("contextPath") if isinstance(step, dict) else None
    problems += check_trigger(own.get("trigger"), "trigger", context_path=context_path)
    return resolved, problems


def _source_triggers(trigger: Any) -> int | None:
    """Return the number of a task's source triggers, None where it is not known yet."""
    if is_unknown(trigger):
        return None
    sources = trigger.get("sourceTriggers") if isinstance(trigger, dict) else None
    if sources is None:
        return 0
    return len(sources) if isinstance(sources, list) else None


def _without_prefix(problems: list[Problem]) -> list[Problem]:
    return [Problem(problem.path.lstrip("."), problem.message, problem.warning) for problem in problems]
