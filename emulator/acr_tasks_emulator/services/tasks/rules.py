"""The service's checks of tasks and run requests. The service does not read task YAML here, nor does the emulator."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from acr_tasks_emulator.execution.build.image_name import REPOSITORY, TAG
from acr_tasks_emulator.execution.source.location import NO_SOURCE, SCHEMES
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.triggers.schedules import problem_of
from acr_tasks_emulator.services.versions import ApiVersion
from acr_tasks_emulator.settings import normal_location
from acr_tasks_emulator.store.registries import RegistryRow

MINIMUM_TIMEOUT = 300
MAXIMUM_TIMEOUT = 28800
CORES = 2
_TASK_NAME = re.compile(r"[a-zA-Z0-9_-]{5,50}")
_REQUIRED_OF_STEP = {
    "Docker": ("dockerFilePath",),
    "FileTask": ("taskFilePath",),
    "EncodedTask": ("encodedTaskContent",),
    "DockerBuildRequest": ("dockerFilePath",),
    "FileTaskRunRequest": ("taskFilePath",),
    "EncodedTaskRunRequest": ("encodedTaskContent",),
}

LONGEST_REPOSITORY = 255
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_ACTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LOOPBACK = re.compile(r"(?:127\.0\.0\.1|localhost|\[::1\]):[0-9]+/")
"""The start of an image name with an emulator's login server. Azure's login servers have no port."""


def check_task_name(name: str) -> None:
    """Refuse a name that a new task may not have. Raises ServiceError."""
    if not _TASK_NAME.fullmatch(name):
        raise errors.INVALID_TASK_NAME(name=name)


def check_location(registry: RegistryRow, location: str | None) -> None:
    """Refuse another location than the registry's, as the service does: it cannot find the registry there.

    Raises ServiceError.
    """
    if not location:
        raise errors.LOCATION_REQUIRED()
    if normal_location(location) != registry.location:
        raise errors.REGISTRY_NOT_FOUND(resource=registry.name, group=registry.resource_group_name)


def check_task(properties: dict[str, Any], parameters: str) -> None:
    """Refuse task properties with all that is wrong with them in one answer. Raises ServiceError.

    `parameters` is the service's name for the body: `taskCreateParameters` or `taskUpdateParameters`.
    """
    problems = [*_agent(properties), *_timeout(properties)]
    step = properties.get("step")
    if not properties.get("isSystemTask") or properties.get("platform"):
        problems += _platform(properties)
    if step:
        problems += _step(step)
    elif not properties.get("isSystemTask"):
        problems.append("TaskStepProperties:The property 'step' is required")
    trigger = properties.get("trigger") or {}
    problems += _trigger(trigger)
    _refuse(parameters, problems)
    _check_context(step or {}, trigger)


def check_run_request(request: dict[str, Any], version: ApiVersion) -> None:
    """Refuse a run request in the same way. Raises ServiceError."""
    if request["type"] == "TaskRunRequest":
        problems = _required("TaskRunRequest", request, version.task_member)
    else:
        problems = [*_step(request), *_platform(request), *_agent(request), *_timeout(request)]
    _refuse("runRequest", problems)
    _check_address("sourceLocation", str(request.get("sourceLocation") or ""))


def _refuse(parameters: str, problems: list[str]) -> None:
    if problems:
        raise errors.INVALID_INPUT(parameters=parameters, inner=", ".join(problems))


def _platform(owner: dict[str, Any]) -> list[str]:
    if not (owner.get("platform") or {}).get("os"):
        return ["PlatformProperties:The property 'os' of 'platform' is required"]
    return []


def _agent(owner: dict[str, Any]) -> list[str]:
    if owner.get("agentPoolName"):
        return []  # the number is that of the shared pool
    cores = (owner.get("agentConfiguration") or {}).get("cpu", CORES)
    if cores != CORES:
        return [f"AgentProperties:Invalid value for CPU core count. The supported values are ({CORES})"]
    return []


def _timeout(owner: dict[str, Any]) -> list[str]:
    if not MINIMUM_TIMEOUT <= owner.get("timeout", MINIMUM_TIMEOUT) <= MAXIMUM_TIMEOUT:
        return [f"Timeout:Invalid value for timeout. It must be from {MINIMUM_TIMEOUT} to {MAXIMUM_TIMEOUT} seconds"]
    return []


def _step(step: dict[str, Any]) -> list[str]:
    kind = step["type"]
    missing = [f"{kind}:The property '{name}' is required" for name in _REQUIRED_OF_STEP[kind] if not step.get(name)]
    return [*missing, *_images(step)]


def _trigger(trigger: dict[str, Any]) -> list[str]:
    problems = []
    for timer in trigger.get("timerTriggers", []):
        problems += _required("TimerTrigger", timer, "schedule", "name")
        wrong = problem_of(timer["schedule"]) if timer.get("schedule") else None
        if wrong:
            problems.append(f"TimerTrigger:Invalid value for schedule '{timer['schedule']}': {wrong}")
    for source in trigger.get("sourceTriggers", []):
        problems += _required("SourceTrigger", source, "sourceRepository", "sourceTriggerEvents", "name")
        repository = source.get("sourceRepository")
        if repository is not None:
            problems += _required("SourceProperties", repository, "sourceControlType", "repositoryUrl")
            sign_in = repository.get("sourceControlAuthProperties")
            if sign_in:
                problems += _required("AuthInfo", sign_in, "tokenType", "token")
    if "baseImageTrigger" in trigger:
        problems += _required("BaseImageTrigger", trigger["baseImageTrigger"], "baseImageTriggerType", "name")
    return problems


def _required(kind: str, owner: dict[str, Any], *names: str) -> list[str]:
    return [f"{kind}:The property '{name}' is required" for name in names if owner.get(name) in (None, "", {})]


def _check_context(step: dict[str, Any], trigger: dict[str, Any]) -> None:
    """Refuse a context that is not an absolute address, unless the task has exactly one source trigger.

    Raises ServiceError.
    """
    context = str(step.get("contextPath") or "")
    if not context or context == NO_SOURCE:  # azure-cli sends it for a task without a context
        return
    if _SCHEME.match(context):
        _check_address("contextPath", context)
    elif len(trigger.get("sourceTriggers") or []) != 1:
        raise errors.CONTEXT_UNDEFINED()


def _check_address(member: str, address: str) -> None:
    """Refuse an address without a host, or of a scheme that the service does not fetch. Raises ServiceError."""
    match = _SCHEME.match(address)
    if match is None:
        return
    try:
        host = urlsplit(address).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    if match.group(1).lower() not in (*SCHEMES, "oci") or not host:
        raise errors.INVALID_URI(member=member)


def _images(step: dict[str, Any]) -> list[str]:
    """Return a sentence for each invalid image name of a Docker step or request."""
    return [
        f"DockerBuildStep:Image name '{name}' is invalid. The supported patterns are 'repository' and 'repository:tag'"
        for name in step.get("imageNames") or []
        if not _is_image(str(name))
    ]


def _is_image(name: str) -> bool:
    """Tell whether a name has the form `repository` or `repository:tag`; a template may be any part of it."""
    text = _LOOPBACK.sub("", _ACTION.sub("x", name), count=1)
    repository, colon, tag = text.partition(":")
    known = REPOSITORY.fullmatch(repository) and len(repository) <= LONGEST_REPOSITORY
    return bool(known and (not colon or TAG.fullmatch(tag)))
