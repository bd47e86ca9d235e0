"""What the properties of a task and the request of a run have in common."""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.validate.credentials import check_credentials
from pulumi_acr_tasks.validate.images import check_image_names
from pulumi_acr_tasks.validate.limits import check_agent, check_timeout
from pulumi_acr_tasks.validate.platform import check_platform
from pulumi_acr_tasks.validate.problem import Problem, member_path
from pulumi_acr_tasks.validate.task_file.file import check_encoded_task, check_encoded_values


def check_properties(value: dict[str, Any], path: str, *, of: str) -> list[Problem]:
    """Says what is wrong with the values of a `task`, or of the request of a `run`; their shape is check_value's."""
    return [
        *check_platform(value.get("platform"), member_path(path, "platform")),
        *check_agent(value.get("agentConfiguration"), member_path(path, "agentConfiguration")),
        *check_timeout(value.get("timeout"), member_path(path, "timeout")),
        *check_credentials(
            value.get("credentials"), member_path(path, "credentials"), identity=value.get("identity"), of=of
        ),
    ]


def check_contents(value: dict[str, Any], path: str) -> list[Problem]:
    """Says what is wrong with what a step, or the request of a run, holds itself: files in base64, named values."""
    return [
        *(p for name in ("arguments", "values") for p in _check_names(value.get(name), member_path(path, name))),
        *check_image_names(value.get("imageNames"), member_path(path, "imageNames")),
        *check_encoded_task(value.get("encodedTaskContent"), member_path(path, "encodedTaskContent")),
        *check_encoded_values(value.get("encodedValuesContent"), member_path(path, "encodedValuesContent")),
    ]


def _check_names(items: Any, path: str) -> list[Problem]:
    """Says which arguments or values have the name of another: only one of them would count."""
    problems, seen = [], dict[str, int]()
    for index, item in enumerate(items if isinstance(items, list) else []):
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            problems.append(Problem(f"{path}[{index}].name", f"is {name!r}, the name of {path}[{seen[name]}] too"))
    return problems
