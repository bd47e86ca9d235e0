"""Rules for names and ids, as the specification 2019-04-01 has them; and the registry that a resource lives in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.schema.definitions import snake_case
from pulumi_acr_tasks.schema.values import UNKNOWN, is_unknown
from pulumi_acr_tasks.validate.problem import Problem

_REGISTRY_NAME = re.compile(r"[a-zA-Z0-9]{5,50}")
_TASK_NAME = re.compile(r"[a-zA-Z0-9_-]{5,50}")
_GROUP_NAME = re.compile(r"[\w.()-]{0,89}[\w()-]")
_PARTS = ("subscriptionId", "resourceGroupName", "registryName")


def check_registry_name(value: Any, path: str) -> list[Problem]:
    """Return the problems of the name of a registry."""
    if not isinstance(value, str) or _REGISTRY_NAME.fullmatch(value):
        return _not_a_string(value, path)
    hint = "; it is the name, not the login server" if "." in value else ""
    return [Problem(path, f"is {value!r}; a registry's name has 5 to 50 letters and digits{hint}")]


def check_task_name(value: Any, path: str) -> list[Problem]:
    """Return the problems of the name of a task."""
    if not isinstance(value, str) or _TASK_NAME.fullmatch(value):
        return _not_a_string(value, path)
    return [Problem(path, f"is {value!r}; a task's name has 5 to 50 letters, digits, - and _")]


def check_run_id(value: Any, path: str) -> list[Problem]:
    """Return the problems of the id of a run within its registry."""
    if not isinstance(value, str) or re.fullmatch(r"[a-zA-Z0-9_-]+", value):
        return _not_a_string(value, path)
    return [Problem(path, f"is {value!r}; a run's id in its registry looks like cf1")]


def check_resource_group_name(value: Any, path: str) -> list[Problem]:
    """Return the problems of the name of a resource group."""
    if not isinstance(value, str) or _GROUP_NAME.fullmatch(value):
        return _not_a_string(value, path)
    return [
        Problem(
            path, f"is {value!r}; a group's name has 1 to 90 letters, digits, - _ . ( ) and does not end with a dot"
        )
    ]


def check_subscription_id(value: Any, path: str) -> list[Problem]:
    """Return the problems of the id of a subscription."""
    if not isinstance(value, str) or re.fullmatch(r"[a-zA-Z0-9-]+", value):
        return _not_a_string(value, path)
    return [Problem(path, f"is {value!r}; a subscription's id looks like 00000000-0000-0000-0000-000000000000")]


def check_registry_id(value: Any, path: str) -> list[Problem]:
    """Return the problems of the ARM id of a registry."""
    if not isinstance(value, str):
        return _not_a_string(value, path)
    try:
        registry = RegistryId.parse(value)
    except ValueError as error:
        return [Problem(path, str(error))]
    return [
        *check_subscription_id(registry.subscription_id, path),
        *check_resource_group_name(registry.resource_group_name, path),
        *check_registry_name(registry.registry_name, path),
    ]


def resolve(
    inputs: dict[str, Any], defaults: Mapping[str, str | None], endpoint: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Return a resource's inputs with its canonical `registryId` and its `endpoint`, and what is wrong with them."""
    resolved, problems = resolve_registry(inputs, defaults)
    return {**resolved, "endpoint": endpoint}, problems


def resolve_registry(
    inputs: dict[str, Any], defaults: Mapping[str, str | None]
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the inputs with a canonical `registryId`, made of the inputs or else of the defaults.

    `defaults` has `subscriptionId`, `resourceGroupName` and `registryName`, each None without a configuration. The id
    is unknown while a part of it is.
    """
    rest = {key: value for key, value in inputs.items() if key not in ("registryId", *_PARTS)}
    given = inputs.get("registryId")
    if given is not None:
        both = [snake_case(part) for part in _PARTS if inputs.get(part) is not None]
        problems = check_registry_id(given, "registry_id")
        if both:
            problems.append(Problem("registry_id", f"is given together with {', '.join(both)}; give one or the other"))
        canonical = given if problems or is_unknown(given) else str(RegistryId.parse(given))
        return {**rest, "registryId": canonical}, problems
    parts = {part: inputs[part] if inputs.get(part) is not None else defaults.get(part) for part in _PARTS}
    problems = [problem for part, value in parts.items() for problem in _check_part(part, value)]
    if any(is_unknown(value) for value in parts.values()):
        return {**rest, "registryId": UNKNOWN}, problems
    if problems:
        return rest, problems
    return {**rest, "registryId": str(RegistryId(*(str(parts[part]) for part in _PARTS)))}, []


def _check_part(part: str, value: Any) -> list[Problem]:
    path = snake_case(part)
    if value is None:
        # The embedded emulator has a default for each part: somebody without Azure has forgotten the endpoint.
        without_azure = " (without Azure: acr-tasks:endpoint embedded)" if part == "subscriptionId" else ""
        return [Problem(path, f"is missing; give it or registry_id here, or set acr-tasks:{part}{without_azure}")]
    check = {
        "subscriptionId": check_subscription_id,
        "resourceGroupName": check_resource_group_name,
        "registryName": check_registry_name,
    }[part]
    return check(value, path)


def _not_a_string(value: Any, path: str) -> list[Problem]:
    return [] if isinstance(value, str) or is_unknown(value) else [Problem(path, "is not a string")]
