"""The definitions of 2019-04-01 in one table: each member's kind, default, values and bounds, and whether it is secret.

Everything else that needs the specification reads this table: input and output types, checks, comparisons, requests,
redaction, and the models of answers. (Source: azure-spec/2019-04-01/containerregistry_build.json, the same names.)

A kind is written `string`, `integer`, `boolean`, `any` or the name of a definition; `T[]` is a list, `map<T>` a map
whose keys are the user's own and never translated. `!` marks a required member, `*` one that is secret by its nature,
`~` one that only the service sets. `_member` adds what a mark cannot say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Kind:
    """The kind of a member: the `name` of a scalar or definition, and whether it is one, a `list` or a `map` of them.

    `default` is the value that the specification documents for an absent member. A required member with a default is
    one that `check` writes. `filled_in` is what the service writes by itself where the specification documents nothing.
    `values` are those of an enumeration, in any case; the service may know more, so answers are not held against them.
    `least` and `most` are the bounds of a number in `unit`s. `compare` names a form in `schema.equality`; an
    enumeration needs none.
    """

    name: str
    container: str = ""
    required: bool = False
    secret: bool = False
    read_only: bool = False
    default: Any = None
    filled_in: str | None = None
    values: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    unit: str = ""
    compare: str = ""

    @property
    def item(self) -> Kind:
        """The kind of one member of the list or map."""
        return Kind(self.name, secret=self.secret)

    @property
    def is_object(self) -> bool:
        """True for a kind that names a definition."""
        return self.name in _MEMBERS


_NOTATION = re.compile(r"(?:map<(?P<map>\w+)>|(?P<list>\w+)\[\]|(?P<one>\w+))(?P<marks>[!*~]*)")


def kind(notation: str) -> Kind:
    """Return the kind that a notation stands for."""
    match = _NOTATION.fullmatch(notation)
    if match is None:
        raise ValueError(f"{notation!r} is not a kind")
    name = match["map"] or match["list"] or match["one"]
    container = "map" if match["map"] else "list" if match["list"] else ""
    marks = match["marks"]
    return Kind(name, container, required="!" in marks, secret="*" in marks, read_only="~" in marks)


def _member(notation: str, **more: Any) -> Kind:
    """Return a kind with `more` of its attributes than marks can say."""
    return replace(kind(notation), **more)


_Members = Mapping[str, str | Kind]

_STATUS = _member("string", default="Enabled", values=("Disabled", "Enabled"))
_TIMEOUT = _member("integer", default=3600, least=300, most=28800, unit="seconds")
_AGENT = _member("AgentProperties", default={})
_VALUES = _member("SetValue[]", default=[])
_ITEM: _Members = {"name": "string!", "value": "string!", "isSecret": _member("boolean", default=False)}
_STEPS = {"Docker": "DockerBuildStep", "FileTask": "FileTaskStep", "EncodedTask": "EncodedTaskStep"}
_REQUESTS = ("DockerBuildRequest", "FileTaskRunRequest", "EncodedTaskRunRequest", "TaskRunRequest")
_STEP: _Members = {
    "type": _member("string!", values=tuple(_STEPS)),
    "contextPath": "string",
    "contextAccessToken": "string*",
}
_RUN_REQUEST: _Members = {
    "type": _member("string!", values=_REQUESTS),
    "isArchiveEnabled": _member("boolean", default=False),
}
_RUN_REQUEST_WITH_STEP: _Members = {
    "timeout": _TIMEOUT,
    "platform": _member("PlatformProperties!", default={"os": "Linux"}),
    "agentConfiguration": _AGENT,
    "sourceLocation": _member("string", compare="sign-in"),
    "credentials": "Credentials",
}
_DOCKER_BUILD: _Members = {
    "imageNames": _member("string[]", default=[]),
    "isPushEnabled": _member("boolean", default=True),
    "noCache": _member("boolean", default=False),
    "dockerFilePath": "string!",
    "target": "string",
    "arguments": _member("Argument[]", default=[]),
}
_FILE_TASK: _Members = {"taskFilePath": "string!", "valuesFilePath": "string", "values": _VALUES}
_ENCODED_TASK: _Members = {
    "encodedTaskContent": _member("string!", compare="base64"),
    "encodedValuesContent": _member("string*", compare="base64"),
    "values": _VALUES,
}

_INPUTS: Mapping[str, _Members] = {
    "Task": {
        "location": _member("string", compare="location"),
        "platform": "PlatformProperties!",
        "step": "TaskStepProperties!",
        "trigger": "TriggerProperties",
        "credentials": "Credentials",
        "identity": _member("IdentityProperties", default={"type": "None"}, compare="identity"),
        "agentConfiguration": _AGENT,
        "timeout": _TIMEOUT,
        "status": _STATUS,
        "tags": _member("map<string>", default={}),
    },
    "PlatformProperties": {
        "os": _member("string!", values=("Linux", "Windows")),
        # 386 and arm64 came with later versions of the API, and the service takes them in this one too.
        "architecture": _member("string", filled_in="amd64", values=("amd64", "x86", "arm", "386", "arm64")),
        "variant": _member("string", values=("v6", "v7", "v8")),
    },
    "AgentProperties": {"cpu": _member("integer", default=2)},
    "IdentityProperties": {
        "principalId": "string~",
        "tenantId": "string~",
        "type": _member("string", values=("SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None")),
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
    "TimerTrigger": {"schedule": _member("string!", compare="schedule"), "status": _STATUS, "name": "string!"},
    "SourceTrigger": {
        "sourceRepository": "SourceProperties!",
        "sourceTriggerEvents": _member("string[]!", values=("commit", "pullrequest")),
        "status": _STATUS,
        "name": "string!",
    },
    "BaseImageTrigger": {
        "baseImageTriggerType": _member("string!", values=("All", "Runtime")),
        "status": _STATUS,
        "name": "string!",
    },
    "SourceRegistryCredentials": {"loginMode": _member("string", values=("None", "Default"))},
    "CustomRegistryCredentials": {
        "userName": "SecretObject",
        "password": "SecretObject",
        "identity": _member("string", compare="case"),
    },
    "SourceProperties": {
        "sourceControlType": _member("string!", values=("Github", "VisualStudioTeamService")),
        "repositoryUrl": "string!",
        "branch": "string",
        "sourceControlAuthProperties": "AuthInfo",
    },
    "SecretObject": {
        "value": "string*",
        "type": _member("string", filled_in="opaque", values=("Opaque", "Vaultsecret")),
    },
    "AuthInfo": {
        "tokenType": _member("string!", values=("PAT", "OAuth")),
        "token": "string!*",
        "refreshToken": "string*",
        "scope": "string",
        "expiresIn": "integer",
    },
    "Argument": _ITEM,
    "SetValue": _ITEM,
    "DockerBuildStep": {**_STEP, **_DOCKER_BUILD},
    "FileTaskStep": {**_STEP, **_FILE_TASK},
    "EncodedTaskStep": {**_STEP, **_ENCODED_TASK},
    "DockerBuildRequest": {
        **_RUN_REQUEST,
        **_DOCKER_BUILD,
        "dockerFilePath": _member("string!", default="Dockerfile"),
        **_RUN_REQUEST_WITH_STEP,
    },
    "FileTaskRunRequest": {**_RUN_REQUEST, **_FILE_TASK, **_RUN_REQUEST_WITH_STEP},
    "TaskRunRequest": {**_RUN_REQUEST, "taskName": "string!", "values": _VALUES},
    "EncodedTaskRunRequest": {**_RUN_REQUEST, **_ENCODED_TASK, **_RUN_REQUEST_WITH_STEP},
}

_IMAGE = dict.fromkeys(("registry", "repository", "tag", "digest"), "string~")
_RUN = {
    **dict.fromkeys(("runId", "status", "runType", "createTime", "startTime", "finishTime"), "string~"),
    "outputImages": "ImageDescriptor[]~",
    "runErrorMessage": "string~",
}
_ANSWERS: Mapping[str, _Members] = {
    "RunProperties": {
        **_RUN,
        **dict.fromkeys(("lastUpdatedTime", "task", "sourceRegistryAuth", "provisioningState"), "string~"),
        **dict.fromkeys(("imageUpdateTrigger", "sourceTrigger", "timerTrigger"), "any~"),
        "platform": "PlatformProperties~",
        "agentConfiguration": "AgentProperties~",
        "customRegistries": "string[]~",
        "isArchiveEnabled": "boolean~",
    },
    "ImageDescriptor": _IMAGE,
    "BaseImageDependency": {"type": "string~", **_IMAGE},
    "SystemData": {
        **dict.fromkeys(("createdBy", "createdByType", "createdAt"), "string~"),
        **dict.fromkeys(("lastModifiedBy", "lastModifiedByType", "lastModifiedAt"), "string~"),
    },
}

# The member `type` says which of these an object is.
POLYMORPHIC: dict[str, dict[str, str]] = {
    "TaskStepProperties": _STEPS,
    "RunRequest": {name: name for name in _REQUESTS},
}


def _read(table: Mapping[str, _Members]) -> dict[str, dict[str, Kind]]:
    return {
        name: {member: kind(of) if isinstance(of, str) else of for member, of in given.items()}
        for name, given in table.items()
    }


DEFINITIONS: dict[str, dict[str, Kind]] = _read(_INPUTS)
"""The members of inputs, by definition and camelCase name."""

ANSWERS: dict[str, dict[str, Kind]] = _read(_ANSWERS)
"""The members of definitions that only answers have."""

_MEMBERS = {
    **DEFINITIONS,
    **ANSWERS,
    **{
        name: {member: of for variant in variants.values() for member, of in DEFINITIONS[variant].items()}
        for name, variants in POLYMORPHIC.items()
    },
}

_REGISTRY: _Members = {
    "registryId": _member("string", compare="case"),
    "subscriptionId": "string",
    "resourceGroupName": "string",
    "registryName": "string",
}
INPUTS: dict[str, dict[str, Kind]] = _read(
    {
        "Task": {
            **_REGISTRY,
            "taskName": _member("string", compare="case"),
            **DEFINITIONS["Task"],
            "adopt": "boolean",
        },
        "Run": {
            **_REGISTRY,
            "runRequest": "RunRequest!",
            "context": "string",
            "triggers": "any",
            "wait": "boolean",
            "queueTimeout": "integer",
            "logs": "string",
            "cancelOnDelete": "boolean",
        },
    }
)
"""The arguments of each resource, by their names in state."""

OUTPUTS: dict[str, dict[str, Kind]] = _read(
    {
        "Task": {
            "type": "string~",
            "provisioningState": "string~",
            "creationDate": "string~",
            "baseImageDependencies": "BaseImageDependency[]~",
            "systemData": "SystemData~",
        },
        "Run": _RUN,
    }
)
"""The outputs that the service adds to each resource, in the order of the specification."""


def members(name: str) -> dict[str, Kind]:
    """Return a definition's members by camelCase name; of a polymorphic definition, those of all its variants."""
    return _MEMBERS[name]


def variant(name: str, value: dict[str, Any]) -> str:
    """Return the definition that an object of the polymorphic definition `name` has by its `type`, in any case.

    Return `name` itself when it is not polymorphic, or when the type is absent, not known yet, or no variant's.
    """
    given = value.get("type")
    if name in POLYMORPHIC and isinstance(given, str):
        return next((found for type_, found in POLYMORPHIC[name].items() if type_.lower() == given.lower()), name)
    return name


def snake_case(name: str) -> str:
    """Return a camelCase name as Python spells it: `dockerFilePath` is `docker_file_path`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel_case(name: str) -> str:
    """Return a snake_case name as ARM spells it: `docker_file_path` is `dockerFilePath`."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def writable(value: Any, kind: Kind) -> Any:
    """Return a copy of a value without the members that only the service sets."""
    if isinstance(value, list):
        return [writable(item, kind.item) for item in value]
    if not isinstance(value, dict):
        return value
    if kind.container == "map":
        return {key: writable(item, kind.item) for key, item in value.items()}
    known = members(variant(kind.name, value)) if kind.is_object else {}
    return {
        name: writable(item, known.get(name, Kind("string")))
        for name, item in value.items()
        if item is not None and not (name in known and known[name].read_only)
    }
