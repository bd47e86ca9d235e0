"""Rules for the properties that a task and the request of a run have in common."""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, members
from pulumi_acr_tasks.validate.credentials import check_credentials
from pulumi_acr_tasks.validate.images import check_image_names
from pulumi_acr_tasks.validate.members import check_value
from pulumi_acr_tasks.validate.problem import Problem, member_path
from pulumi_acr_tasks.validate.task_file.file import check_encoded_task, check_encoded_values

_VARIANTS = {"arm": ("v6", "v7", "v8"), "arm64": ("v8",)}


def check_properties(value: dict[str, Any], path: str, *, of: str) -> list[Problem]:
    """Return the problems of the values of a `task`, or of the request of a `run`.

    `check_value` checks their shapes.
    """
    return [
        *check_platform(value.get("platform"), member_path(path, "platform")),
        *_check_agent(value.get("agentConfiguration"), member_path(path, "agentConfiguration")),
        *check_credentials(
            value.get("credentials"), member_path(path, "credentials"), identity=value.get("identity"), of=of
        ),
    ]


def check_contents(value: dict[str, Any], path: str) -> list[Problem]:
    """Return the problems of the contents of a step or a request: files in base64, arguments, values, images."""
    return [
        *(p for name in ("arguments", "values") for p in _check_names(value.get(name), member_path(path, name))),
        *check_image_names(value.get("imageNames"), member_path(path, "imageNames")),
        *check_encoded_task(value.get("encodedTaskContent"), member_path(path, "encodedTaskContent")),
        *check_encoded_values(value.get("encodedValuesContent"), member_path(path, "encodedValuesContent")),
    ]


def _check_agent(value: Any, path: str) -> list[Problem]:
    """Return the problems of the cores of an agent: the service has agents of one size."""
    cores, cpu = members("AgentProperties")["cpu"].default, value.get("cpu") if isinstance(value, dict) else None
    if isinstance(cpu, int) and not isinstance(cpu, bool) and cpu != cores:
        return [Problem(member_path(path, "cpu"), f"is {cpu}; the service's agents have {cores}")]
    return []


def check_platform(value: Any, path: str) -> list[Problem]:
    """Return the problems of the combination of a platform's values; `check_value` checks each alone."""
    if not isinstance(value, dict) or check_value(value, Kind("PlatformProperties"), path):
        return []
    os, architecture, variant = (
        item.lower() if isinstance(item := value.get(name), str) else item for name in ("os", "architecture", "variant")
    )
    if os == "windows" and architecture not in (None, "amd64") and isinstance(architecture, str):
        return [Problem(member_path(path, "architecture"), f"is {architecture!r}; Windows runs on amd64 only")]
    if isinstance(variant, str) and (architecture is None or isinstance(architecture, str)):
        of = _VARIANTS.get(architecture or "", ())
        if variant not in of:
            allowed = f"of {architecture}: {', '.join(of)}" if of else "only arm and arm64 have one"
            return [Problem(member_path(path, "variant"), f"is {variant!r}; {allowed}")]
    return []


def _check_names(items: Any, path: str) -> list[Problem]:
    """Return the arguments or values that have the name of an earlier one: only one of them would count."""
    problems, seen = [], dict[str, int]()
    for index, item in enumerate(items if isinstance(items, list) else []):
        name = item.get("name") if isinstance(item, dict) else None
        if isinstance(name, str) and seen.setdefault(name, index) != index:
            problems.append(Problem(f"{path}[{index}].name", f"is {name!r}, the name of {path}[{seen[name]}] too"))
    return problems
