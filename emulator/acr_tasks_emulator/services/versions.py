"""The api-versions of the 13 operations, and what differs between them.

All versions share one store. A resource written under one version is read under another, without the members that
the other version does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from acr_tasks_emulator.services import errors

Document = dict[str, Any]
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class ApiVersion:
    """One version of the service.

    unknown: by definition, the dotted paths of the members that only other versions have. task_member: the member of
    TaskRunRequest that names the task: `taskName`, or `taskId`, which is an ARM id. is_long_running: the specification
    marks operations on tasks and runs as long-running. has_pools: it has the types agentPools and taskRuns.
    """

    name: str
    task_member: str = "taskId"
    is_long_running: bool = True
    has_pools: bool = True
    unknown: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def unknown_of(self, definition: str) -> frozenset[str]:
        """Return the dotted paths of the members that a definition does not have in this version."""
        return self.unknown.get(definition, _NOTHING)

    def shown(self, definition: str, document: Document) -> Document:
        """Return a copy of a document without the members that this version does not know."""
        for path in self.unknown_of(definition):
            document = _without(document, path.split("."))
        return document


_REGISTRY_IDENTITY = "credentials.sourceRegistry.identity"
_SYSTEM_TASK = "properties.isSystemTask"
_TASKS_OF_PREVIEWS = frozenset(
    {
        "properties.agentPoolName",
        "properties.logTemplate",
        "properties.trigger.baseImageTrigger.updateTriggerEndpoint",
        "properties.trigger.baseImageTrigger.updateTriggerPayloadType",
        f"properties.{_REGISTRY_IDENTITY}",
        _SYSTEM_TASK,
    }
)
_REQUESTS_OF_PREVIEWS = frozenset({"agentPoolName", "logTemplate"})
_STEP_REQUESTS = ("DockerBuildRequest", "FileTaskRunRequest", "EncodedTaskRunRequest")

STABLE = ApiVersion(
    "2019-04-01",
    task_member="taskName",
    has_pools=False,
    unknown={
        **dict.fromkeys(("Task", "TaskUpdateParameters"), _TASKS_OF_PREVIEWS),
        **dict.fromkeys(_STEP_REQUESTS, _REQUESTS_OF_PREVIEWS | {_REGISTRY_IDENTITY}),
        "TaskRunRequest": _REQUESTS_OF_PREVIEWS | {"taskId", "overrideTaskStepProperties"},
        "Run": frozenset({"properties.agentPoolName", "properties.updateTriggerToken"}),
        "RunFilter": frozenset({"agentPoolName"}),
        "RunGetLogResult": frozenset({"logArtifactLink"}),
    },
)
PREVIEW_2019 = ApiVersion(
    "2019-06-01-preview",
    unknown={
        "Task": frozenset({f"properties.{_REGISTRY_IDENTITY}"}),
        "TaskUpdateParameters": frozenset({f"properties.{_REGISTRY_IDENTITY}", _SYSTEM_TASK}),
        **dict.fromkeys(_STEP_REQUESTS, frozenset({_REGISTRY_IDENTITY})),
        "TaskRunRequest": frozenset({"taskName", "values"}),
    },
)
PREVIEW_2025 = ApiVersion(
    "2025-03-01-preview",
    is_long_running=False,
    unknown={
        "TaskUpdateParameters": frozenset({_SYSTEM_TASK}),
        "TaskRunRequest": frozenset({"taskName", "values"}),
    },
)
SUPPORTED: dict[str, ApiVersion] = {version.name: version for version in (STABLE, PREVIEW_2019, PREVIEW_2025)}
# Versions that have tasks and runs only. The registry itself is served under every other one.
_WITHOUT_REGISTRIES = {"2018-09-01", "2019-04-01"}
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")


def require(name: str, kind: str, location: str) -> ApiVersion:
    """Return the version of that name. `kind`: a type of resource below the registry. Raises ServiceError."""
    known = {each.name: each for each in SUPPORTED.values() if each.has_pools or kind in {"tasks", "runs"}}
    if name not in known:
        raise errors.NO_REGISTERED_PROVIDER(version=name, kind=f"/{kind}", location=location, known=", ".join(known))
    return known[name]


def require_for_registry(name: str, location: str) -> None:
    """Refuse the versions under which the registry itself is not served. Raises ServiceError."""
    if name in _WITHOUT_REGISTRIES:
        raise errors.NO_REGISTERED_PROVIDER(version=name, kind="", location=location, known="2023-07-01")


def well_formed(version: str | None) -> str:
    """Return an api-version in lower case. Raises ServiceError when it is missing or not a date."""
    if not version:
        raise errors.MISSING_API_VERSION()
    if not _FORM.fullmatch(version.lower()):
        raise errors.INVALID_API_VERSION(version=version, known=", ".join(SUPPORTED))
    return version.lower()


def _without(document: Document, path: list[str]) -> Document:
    name, *rest = path
    if name not in document:
        return document
    if not rest:
        return {key: value for key, value in document.items() if key != name}
    inside = document[name]
    changed = _without(inside, rest) if isinstance(inside, dict) else inside
    if changed is inside:
        return document
    # An object without members left is not shown either.
    return {**document, name: changed} if changed else _without(document, [name])
