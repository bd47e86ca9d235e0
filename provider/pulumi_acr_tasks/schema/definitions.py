"""The definitions of 2019-04-01 that an input may hold, as a table: members, kinds, what is required, what is secret.

A kind is written as in section 3 of the facts: `string`, `integer`, `boolean`, the name of a definition, `T[]` for a
list, `map<T>` for a map whose keys are the user's own and never translated. `!` marks a required member, `*` one that
is secret by its nature, `~` one that only the service sets. (Source: azure-spec/2019-04-01, the same names.)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_STEP = {"type": "string!", "contextPath": "string", "contextAccessToken": "string*"}
_RUN_REQUEST = {"type": "string!", "isArchiveEnabled": "boolean"}
_RUN_REQUEST_WITH_STEP = {
    "timeout": "integer",
    "platform": "PlatformProperties!",
    "agentConfiguration": "AgentProperties",
    "sourceLocation": "string",
    "credentials": "Credentials",
}
_DOCKER_BUILD = {
    "imageNames": "string[]",
    "isPushEnabled": "boolean",
    "noCache": "boolean",
    "dockerFilePath": "string!",
    "target": "string",
    "arguments": "Argument[]",
}
_FILE_TASK = {"taskFilePath": "string!", "valuesFilePath": "string", "values": "SetValue[]"}
_ENCODED_TASK = {"encodedTaskContent": "string!", "encodedValuesContent": "string*", "values": "SetValue[]"}

DEFINITIONS: dict[str, dict[str, str]] = {
    "Task": {
        "location": "string",
        "platform": "PlatformProperties!",
        "step": "TaskStepProperties!",
        "trigger": "TriggerProperties",
        "credentials": "Credentials",
        "identity": "IdentityProperties",
        "agentConfiguration": "AgentProperties",
        "timeout": "integer",
        "status": "string",
        "tags": "map<string>",
    },
    "PlatformProperties": {"os": "string!", "architecture": "string", "variant": "string"},
    "AgentProperties": {"cpu": "integer"},
    "IdentityProperties": {
        "principalId": "string~",
        "tenantId": "string~",
        "type": "string",
        "userAssignedIdentities": "map<UserIdentityProperties>",
    },
    "UserIdentityProperties": {"principalId": "string~", "clientId": "string~"},
    "TriggerProperties": {
        "timerTriggers": "TimerTrigger[]",
        "sourceTriggers": "SourceTrigger[]",
        "baseImageTrigger": "BaseImageTrigger",
    },
    "Credentials": {
        "sourceRegistry": "SourceRegistryCredentials",
        "customRegistries": "map<CustomRegistryCredentials>",
    },
    "TimerTrigger": {"schedule": "string!", "status": "string", "name": "string!"},
    "SourceTrigger": {
        "sourceRepository": "SourceProperties!",
        "sourceTriggerEvents": "string[]!",
        "status": "string",
        "name": "string!",
    },
    "BaseImageTrigger": {"baseImageTriggerType": "string!", "status": "string", "name": "string!"},
    "SourceRegistryCredentials": {"loginMode": "string"},
    "CustomRegistryCredentials": {"userName": "SecretObject", "password": "SecretObject", "identity": "string"},
    "SourceProperties": {
        "sourceControlType": "string!",
        "repositoryUrl": "string!",
        "branch": "string",
        "sourceControlAuthProperties": "AuthInfo",
    },
    "SecretObject": {"value": "string*", "type": "string"},
    "AuthInfo": {
        "tokenType": "string!",
        "token": "string!*",
        "refreshToken": "string*",
        "scope": "string",
        "expiresIn": "integer",
    },
    "Argument": {"name": "string!", "value": "string!", "isSecret": "boolean"},
    "SetValue": {"name": "string!", "value": "string!", "isSecret": "boolean"},
    "DockerBuildStep": {**_STEP, **_DOCKER_BUILD},
    "FileTaskStep": {**_STEP, **_FILE_TASK},
    "EncodedTaskStep": {**_STEP, **_ENCODED_TASK},
    "DockerBuildRequest": {**_RUN_REQUEST, **_DOCKER_BUILD, **_RUN_REQUEST_WITH_STEP},
    "FileTaskRunRequest": {**_RUN_REQUEST, **_FILE_TASK, **_RUN_REQUEST_WITH_STEP},
    "TaskRunRequest": {**_RUN_REQUEST, "taskName": "string!", "values": "SetValue[]"},
    "EncodedTaskRunRequest": {**_RUN_REQUEST, **_ENCODED_TASK, **_RUN_REQUEST_WITH_STEP},
}

# The member `type` says which of these an object is.
POLYMORPHIC: dict[str, dict[str, str]] = {
    "TaskStepProperties": {"Docker": "DockerBuildStep", "FileTask": "FileTaskStep", "EncodedTask": "EncodedTaskStep"},
    "RunRequest": {
        "DockerBuildRequest": "DockerBuildRequest",
        "FileTaskRunRequest": "FileTaskRunRequest",
        "EncodedTaskRunRequest": "EncodedTaskRunRequest",
        "TaskRunRequest": "TaskRunRequest",
    },
}

# The values of 2019-04-01. The service may know more: these serve spelling, never rejection on read.
ENUMERATIONS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Task", "status"): ("Disabled", "Enabled"),
    ("IdentityProperties", "type"): ("SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"),
    ("TimerTrigger", "status"): ("Disabled", "Enabled"),
    ("SourceTrigger", "status"): ("Disabled", "Enabled"),
    ("SourceTrigger", "sourceTriggerEvents"): ("commit", "pullrequest"),
    ("SourceProperties", "sourceControlType"): ("Github", "VisualStudioTeamService"),
    ("AuthInfo", "tokenType"): ("PAT", "OAuth"),
    ("BaseImageTrigger", "baseImageTriggerType"): ("All", "Runtime"),
    ("BaseImageTrigger", "status"): ("Disabled", "Enabled"),
    ("SourceRegistryCredentials", "loginMode"): ("None", "Default"),
    ("SecretObject", "type"): ("Opaque", "Vaultsecret"),
}


@dataclass(frozen=True)
class Kind:
    """Is a kind taken apart: `name` of the scalar or definition, and whether it is one, a `list` or a `map` of them."""

    name: str
    container: str = ""
    required: bool = False
    secret: bool = False
    read_only: bool = False

    @property
    def item(self) -> Kind:
        """Is the kind of one member of the list or map."""
        return Kind(self.name, secret=self.secret)

    @property
    def is_object(self) -> bool:
        """Says whether the kind names a definition."""
        return self.name in DEFINITIONS or self.name in POLYMORPHIC


_NOTATION = re.compile(r"(?:map<(?P<map>\w+)>|(?P<list>\w+)\[\]|(?P<one>\w+))(?P<marks>[!*~]*)")


def kind(notation: str) -> Kind:
    """Takes a kind's notation apart."""
    match = _NOTATION.fullmatch(notation)
    if match is None:
        raise ValueError(f"{notation!r} is no kind")
    name = match["map"] or match["list"] or match["one"]
    container = "map" if match["map"] else "list" if match["list"] else ""
    marks = match["marks"]
    return Kind(name, container, required="!" in marks, secret="*" in marks, read_only="~" in marks)


def _members(name: str) -> dict[str, Kind]:
    if name in POLYMORPHIC:
        merged: dict[str, Kind] = {}
        for variant in POLYMORPHIC[name].values():
            merged.update(_members(variant))
        return merged
    return {member: kind(notation) for member, notation in DEFINITIONS[name].items()}


_MEMBERS = {name: _members(name) for name in (*DEFINITIONS, *POLYMORPHIC)}


def members(name: str) -> dict[str, Kind]:
    """Gives a definition's members by camelCase name; of a polymorphic one, those of all its variants."""
    return _MEMBERS[name]


def variant(name: str, value: dict[str, Any]) -> str:
    """Gives the definition that an object of the polymorphic definition `name` is by its `type`, compared without case.

    Gives `name` itself when it is not polymorphic, or when the type is absent, unknown yet, or none of the variants.
    """
    given = value.get("type")
    if name in POLYMORPHIC and isinstance(given, str):
        return next((kind for kind_, kind in POLYMORPHIC[name].items() if kind_.lower() == given.lower()), name)
    return name


def snake_case(name: str) -> str:
    """Spells a camelCase name as Python does: `dockerFilePath` is `docker_file_path`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel_case(name: str) -> str:
    """Spells a snake_case name as ARM does: `docker_file_path` is `dockerFilePath`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)
