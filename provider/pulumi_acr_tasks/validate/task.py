"""What `check` says of a task: its inputs resolved, and everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_acr_tasks.plan.definitions import Kind, kind, members
from pulumi_acr_tasks.validate.credentials import check_identity
from pulumi_acr_tasks.validate.members import check_value
from pulumi_acr_tasks.validate.names import check_task_name, resolve
from pulumi_acr_tasks.validate.problem import Problem, member_path
from pulumi_acr_tasks.validate.properties import check_contents, check_properties
from pulumi_acr_tasks.validate.triggers import check_trigger


def check(
    inputs: dict[str, Any], defaults: Mapping[str, str | None], endpoint: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Resolves a task's inputs and says everything that is wrong with them at once; unknown values are skipped.

    `defaults` are the registry's parts as the configuration has them, `endpoint` is where the task will live.
    """
    resolved, problems = resolve(inputs, defaults, endpoint)
    problems += check_task_name(resolved.get("taskName"), "task_name")
    problems += check_value(resolved.get("adopt"), Kind("boolean"), "adopt")
    own = {name: resolved[name] for name in members("Task") if name in resolved}
    problems += _without_prefix(check_value(own, kind("Task"), ""))
    problems += check_properties(own, "", of="task")
    problems += check_identity(own.get("identity"), "identity")
    problems += _check_step(own.get("step"), "step")
    step = own.get("step")
    context_path = step.get("contextPath") if isinstance(step, dict) else None
    problems += check_trigger(own.get("trigger"), "trigger", context_path=context_path)
    return resolved, problems


def _check_step(step: Any, path: str) -> list[Problem]:
    """Says what is wrong with a step beyond its shape."""
    if not isinstance(step, dict):
        return []
    problems = check_contents(step, path)
    type_ = str(step.get("type") or "").lower()
    if step.get("contextPath") == "/dev/null" and type_ in ("docker", "filetask"):
        problems.append(
            Problem(member_path(path, "contextPath"), "is '/dev/null'; only an EncodedTask can do without a context")
        )
    return problems


def _without_prefix(problems: list[Problem]) -> list[Problem]:
    return [Problem(problem.path.lstrip("."), problem.message) for problem in problems]
