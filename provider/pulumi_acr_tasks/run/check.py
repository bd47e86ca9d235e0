"""What `check` says of a run: its inputs resolved, and everything that is wrong with them, short of the context's
files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_acr_tasks.schema.definitions import DEFINITIONS, INPUTS, kind, variant
from pulumi_acr_tasks.schema.values import is_unknown
from pulumi_acr_tasks.validate.members import check_value
from pulumi_acr_tasks.validate.names import check_task_name, resolve
from pulumi_acr_tasks.validate.problem import Problem, member_path
from pulumi_acr_tasks.validate.properties import check_contents, check_properties
from pulumi_acr_tasks.validate.sources import check_address

LOGS = ("stream", "on-failure", "none")

_SCALARS = ("context", "logs", "wait", "queueTimeout", "cancelOnDelete")


def check(
    inputs: dict[str, Any], defaults: Mapping[str, str | None], endpoint: str
) -> tuple[dict[str, Any], list[Problem]]:
    """Resolves a run's inputs and says everything that is wrong with them at once; unknown values are skipped."""
    resolved, problems = resolve(inputs, defaults, endpoint)
    if isinstance(resolved.get("runRequest"), dict):
        resolved["runRequest"] = with_defaults(resolved["runRequest"])
    request = resolved.get("runRequest")
    if request is None:
        problems.append(Problem("run_request", "is missing"))
    problems += check_value(request, kind("RunRequest"), "run_request")
    for name in _SCALARS:
        problems += check_value(resolved.get(name), INPUTS["Run"][name], member_path("", name))
    problems += _check_behaviour(resolved)
    if isinstance(request, dict):
        problems += _check_request(request, "run_request")
        problems += _check_source(request, resolved.get("context"), "run_request")
    return resolved, problems


def with_defaults(request: dict[str, Any]) -> dict[str, Any]:
    """Gives a request what the service requires and there is only one sensible value for.

    The platform is Linux, as the Azure CLI has it, and a Docker build's file is `Dockerfile`.
    """
    known = DEFINITIONS.get(variant("RunRequest", request), {})
    return {**{name: of.default for name, of in known.items() if of.required and of.default is not None}, **request}


def _check_behaviour(inputs: dict[str, Any]) -> list[Problem]:
    """Says what is wrong with the arguments that the service never sees."""
    logs, queue_timeout, wait = inputs.get("logs"), inputs.get("queueTimeout"), inputs.get("wait")
    problems = []
    if isinstance(logs, str) and logs not in LOGS:
        problems.append(Problem("logs", f"is {logs!r}; it is one of {', '.join(LOGS)}"))
    if isinstance(queue_timeout, int) and queue_timeout < 1:
        problems.append(Problem("queue_timeout", f"is {queue_timeout}; it is a number of seconds, 1 or more"))
    if queue_timeout is not None and wait is False:
        problems.append(
            Problem("queue_timeout", "is given with wait=False; only a run that is awaited can be given up")
        )
    return problems


def _check_request(request: dict[str, Any], path: str) -> list[Problem]:
    """Says what is wrong with the values of a request; its shape is check_value's."""
    return [
        *check_properties(request, path, of="run"),
        *check_contents(request, path),
        *(check_task_name(request["taskName"], member_path(path, "taskName")) if request.get("taskName") else []),
    ]


def _check_source(request: dict[str, Any], context: Any, path: str) -> list[Problem]:
    """Says whether there is exactly one place that the files come from."""
    definition, location = variant("RunRequest", request), request.get("sourceLocation")
    if is_unknown(request.get("type")):
        return []
    if context == "":
        return [Problem("context", "is empty; give a folder, '.' for the program's own, or leave it out")]
    if context is not None and definition == "TaskRunRequest":
        return [Problem("context", "is given with a TaskRunRequest; the task itself says where its files come from")]
    if context is not None and location is not None:
        return [
            Problem("context", f"is given together with {member_path(path, 'sourceLocation')}; give one or the other")
        ]
    for given, at in ((context, "context"), (location, member_path(path, "sourceLocation"))):
        if isinstance(given, str) and (wrong := check_address(given, at)):
            return wrong
    if context is None and location is None and definition in ("DockerBuildRequest", "FileTaskRunRequest"):
        wanted = "context, a local folder or archive, or run_request.source_location, an address"
        return [Problem("context", f"is missing; a {definition} needs files: give {wanted}")]
    return []
