"""The definitions of 2019-04-01 in one table: each member's kind, default, values and bounds, and what it means.

Everything else that needs the specification reads this table: input and output types, checks, comparisons, requests,
redaction, the models of answers, the package's schema and the reference page. (Source:
azure-spec/2019-04-01/containerregistry_build.json, the same names.)

A kind is written `string`, `integer`, `boolean`, `any` or the name of a definition; `T[]` is a list, `map<T>` a map
whose keys are the user's own and never translated. `!` marks a required member, `*` one that is secret by its nature,
`~` one that only the service sets. The member's description follows a colon. `_member` adds what a mark cannot say.
The arguments of resources and of the provider have none here: their constructors describe them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Kind:
    """The kind of a member: the `name` of a scalar or definition, and whether it is one, a `list` or a `map` of them.

    `default` is the value that the specification documents for an absent member. A required member with a default is
    one that `check` writes. `filled_in` is what the service writes by itself where the specification documents nothing.
    `values` are those of an enumeration, in any case; the service may know more, so answers are not held against them.
    `enumeration` is its name in the specification. `least` and `most` are the bounds of a number in `unit`s. `compare`
    names a form in `schema.equality`; an enumeration needs none. `description` is for the package's schema.
    """

    name: str
    container: str = ""
    required: bool = False
    secret: bool = False
    read_only: bool = False
    default: Any = None
    filled_in: str | None = None
    values: tuple[str, ...] = ()
    enumeration: str = ""
    least: int | None = None
    most: int | None = None
    unit: str = ""
    compare: str = ""
    description: str = field(default="", compare=False)

    @property
    def item(self) -> Kind:
        """The kind of one member of the list or map."""
        return Kind(self.name, secret=self.secret)

    @property
    def is_object(self) -> bool:
        """True for a kind that names a definition."""
        return self.name in _MEMBERS


_NOTATION = re.compile(
    r"(?:map<(?P<map>\w+)>|(?P<list>\w+)\[\]|(?P<one>\w+))(?P<marks>[!*~]*)(?:: (?P<description>.+))?"
)


def kind(notation: str) -> Kind:
    """Return the kind of a notation: its marks, and its description behind a colon."""
    match = _NOTATION.fullmatch(notation)
    if match is None:
        raise ValueError(f"{notation!r} is not a kind")
    name = match["map"] or match["list"] or match["one"]
    container = "map" if match["map"] else "list" if match["list"] else ""
    marks = match["marks"]
    return Kind(
        name,
        container,
        required="!" in marks,
        secret="*" in marks,
        read_only="~" in marks,
        description=match["description"] or "",
    )


def _member(notation: str, **more: Any) -> Kind:
    """Return a kind with `more` of its attributes than marks can say."""
    return replace(kind(notation), **more)


_Members = Mapping[str, str | Kind]

_TIMEOUT = _member("integer: The seconds that a run may take.", default=3600, least=300, most=28800, unit="seconds")
_AGENT = _member("AgentProperties: The agent that a run needs.", default={})
_CREDENTIALS = "Credentials: The registries that a run signs in to."
_ITEM: _Members = {
    "name": "string!: The name, unique in its list.",
    "value": "string!: The value. It is secret with `isSecret`.",
    "isSecret": _member("boolean: Whether the value is kept encrypted and never shown.", default=False),
}
_STEPS = {"Docker": "DockerBuildStep", "FileTask": "FileTaskStep", "EncodedTask": "EncodedTaskStep"}
_REQUESTS = ("DockerBuildRequest", "FileTaskRunRequest", "EncodedTaskRunRequest", "TaskRunRequest")


def _enumeration(name: str, notation: str, *values: str, **more: Any) -> Kind:
    """Return the kind of an enumeration that the specification calls `name`."""
    return _member(notation, enumeration=name, values=values, **more)


def _status(name: str, of: str) -> Kind:
    notation = f"string: Whether the {of} starts runs."
    return _enumeration(name, notation, "Disabled", "Enabled", default="Enabled")


_TRIGGER: _Members = {
    "status": _status("TriggerStatus", "trigger"),
    "name": "string!: The name of the trigger, unique in the task.",
}
_STEP: _Members = {
    "type": _member("string!: The kind of the step.", values=tuple(_STEPS)),
    "contextPath": "string: The address of the source: of a git repository, an archive, or an artifact (`oci://`).",
    "contextAccessToken": "string*: The token that reads the source.",
}
_RUN_REQUEST: _Members = {
    "type": _member("string!: The kind of the request.", values=_REQUESTS),
    "isArchiveEnabled": _member("boolean: Whether the run is archived.", default=False),
}
_RUN_REQUEST_WITH_STEP: _Members = {
    "timeout": _TIMEOUT,
    "platform": _member("PlatformProperties!: The platform of the run. Default: Linux.", default={"os": "Linux"}),
    "agentConfiguration": _AGENT,
    "sourceLocation": _member(
        "string: The address of the source: of a git repository, an archive, or an artifact (`oci://`).",
        compare="sign-in",
    ),
    "credentials": _CREDENTIALS,
}
_DOCKER_BUILD: _Members = {
    "imageNames": _member("string[]: The images to build, `repository:tag`.", default=[]),
    "isPushEnabled": _member("boolean: Whether the images are pushed to the registry.", default=True),
    "noCache": _member("boolean: Whether the build does without the cache of images.", default=False),
    "dockerFilePath": "string!: The path of the Dockerfile in the source.",
    "target": "string: The stage of the Dockerfile to build. Default: the last one.",
    "arguments": _member("Argument[]: The build arguments.", default=[]),
}
_VALUES = _member("SetValue[]: The values that `{{.Values.name}}` stands for.", default=[])
_FILE_TASK: _Members = {
    "taskFilePath": "string!: The path of the task file in the source.",
    "valuesFilePath": "string: The path of a file with values in the source.",
    "values": _VALUES,
}
_ENCODED_TASK: _Members = {
    "encodedTaskContent": _member("string!: The task file, in base64.", compare="base64"),
    "encodedValuesContent": _member("string*: A file with values, in base64.", compare="base64"),
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
        "agentConfiguration": replace(_AGENT, description=""),
        "timeout": replace(_TIMEOUT, description=""),
        "status": replace(_status("TaskStatus", "task"), description=""),
        "tags": _member("map<string>", default={}),
    },
    "PlatformProperties": {
        "os": _enumeration("OS", "string!: The operating system.", "Linux", "Windows"),
        # 386 and arm64 came with later versions of the API, and the service takes them in this one too.
        "architecture": _enumeration(
            "Architecture",
            "string: The architecture. The service fills in amd64.",
            *("amd64", "x86", "arm", "386", "arm64"),
            filled_in="amd64",
        ),
        "variant": _enumeration("Variant", "string: The variant of arm (all) and arm64 (v8).", "v6", "v7", "v8"),
    },
    "AgentProperties": {"cpu": _member("integer: The cores of the agent: 2, and no other number.", default=2)},
    "IdentityProperties": {
        "principalId": "string~: The principal id of the system-assigned identity, to grant roles to.",
        "tenantId": "string~: The tenant of the system-assigned identity.",
        "type": _enumeration(
            "ResourceIdentityType",
            "string: The kinds of identity that the task has.",
            *("SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"),
        ),
        "userAssignedIdentities": "map<UserIdentityProperties>: The user-assigned identities, by their ARM ids.",
    },
    "UserIdentityProperties": {
        "principalId": "string~: The principal id of the identity.",
        "clientId": "string~: The client id of the identity.",
    },
    "TriggerProperties": {
        "timerTriggers": "TimerTrigger[]: The timers that start runs.",
        "sourceTriggers": "SourceTrigger[]: The source repositories whose events start runs.",
        "baseImageTrigger": "BaseImageTrigger: The base images whose changes start runs.",
    },
    "Credentials": {
        "sourceRegistry": "SourceRegistryCredentials: The sign-in to the task's own registry.",
        "customRegistries": "map<CustomRegistryCredentials>: The sign-ins to other registries, by login server.",
    },
    "TimerTrigger": {
        "schedule": _member(
            "string!: Minute, hour, day, month and weekday in UTC, as NCrontab reads them.", compare="schedule"
        ),
        **_TRIGGER,
    },
    "SourceTrigger": {
        "sourceRepository": "SourceProperties!: The repository. The service makes a webhook in it.",
        "sourceTriggerEvents": _enumeration(
            "SourceTriggerEvent", "string[]!: The events that start a run.", "commit", "pullrequest"
        ),
        **_TRIGGER,
    },
    "BaseImageTrigger": {
        "baseImageTriggerType": _enumeration(
            "BaseImageTriggerType",
            "string!: The base images that count: of the last stage (Runtime) or of every stage (All).",
            *("All", "Runtime"),
        ),
        **_TRIGGER,
    },
    "SourceRegistryCredentials": {
        "loginMode": _enumeration(
            "SourceRegistryLoginMode", "string: Whether runs sign in to the task's own registry.", "None", "Default"
        )
    },
    "CustomRegistryCredentials": {
        "userName": "SecretObject: The user name.",
        "password": "SecretObject: The password.",
        "identity": _member(
            "string: `[system]`, or the client id of a user-assigned identity. Beside a password it reads the "
            "password from Key Vault.",
            compare="case",
        ),
    },
    "SourceProperties": {
        "sourceControlType": _enumeration(
            "SourceControlType", "string!: The service that has the repository.", "Github", "VisualStudioTeamService"
        ),
        "repositoryUrl": "string!: The address of the repository.",
        "branch": "string: The branch whose commits count.",
        "sourceControlAuthProperties": "AuthInfo: The sign-in that makes the webhook.",
    },
    "SecretObject": {
        "value": "string*: The secret itself, or the URL of a secret in Key Vault.",
        "type": _enumeration(
            "SecretObjectType",
            "string: Whether the value is the secret or its URL. The service fills in Opaque.",
            *("Opaque", "Vaultsecret"),
            filled_in="opaque",
        ),
    },
    "AuthInfo": {
        "tokenType": _enumeration("TokenType", "string!: The kind of the token.", "PAT", "OAuth"),
        "token": "string!*: The token.",
        "refreshToken": "string*: The token that renews the other one.",
        "scope": "string: The scope of the token.",
        "expiresIn": "integer: The seconds for which the token is valid.",
    },
    "Argument": _ITEM,
    "SetValue": _ITEM,
    "DockerBuildStep": {**_STEP, **_DOCKER_BUILD},
    "FileTaskStep": {**_STEP, **_FILE_TASK},
    "EncodedTaskStep": {**_STEP, **_ENCODED_TASK},
    "DockerBuildRequest": {
        **_RUN_REQUEST,
        **_DOCKER_BUILD,
        "dockerFilePath": _member("string!: The path of the Dockerfile in the source.", default="Dockerfile"),
        **_RUN_REQUEST_WITH_STEP,
    },
    "FileTaskRunRequest": {**_RUN_REQUEST, **_FILE_TASK, **_RUN_REQUEST_WITH_STEP},
    "TaskRunRequest": {
        **_RUN_REQUEST,
        "taskName": "string!: The name of the task to run.",
        "values": _member("SetValue[]: The values that replace those of the same names in the task.", default=[]),
    },
    "EncodedTaskRunRequest": {**_RUN_REQUEST, **_ENCODED_TASK, **_RUN_REQUEST_WITH_STEP},
}

_IMAGE: _Members = {
    "registry": "string~: The login server.",
    "repository": "string~: The repository.",
    "tag": "string~: The tag.",
    "digest": "string~: The digest, `sha256:…`.",
}
_RUN: _Members = {
    "runId": "string~: The run's id in its registry.",
    "status": "string~: Queued, Started, Running, Succeeded, Failed, Canceled, Error or Timeout.",
    "runType": "string~: QuickBuild, QuickRun, AutoBuild or AutoRun.",
    "createTime": "string~: The time when the run was scheduled (RFC 3339).",
    "startTime": "string~: The time when the run started (RFC 3339).",
    "finishTime": "string~: The time when the run ended (RFC 3339).",
    "outputImages": "ImageDescriptor[]~: The images that the run pushed.",
    "runErrorMessage": "string~: The service's reason for a run that failed.",
}
_PROVISIONING = "string~: Creating, Updating, Deleting, Succeeded, Failed or Canceled."
_TASK: _Members = {
    "type": "string~: The ARM type of the resource.",
    "provisioningState": _PROVISIONING,
    "creationDate": "string~: The time when the task was made (RFC 3339).",
    "baseImageDependencies": "BaseImageDependency[]~: The base images that the service found in the task's last run.",
    "systemData": "SystemData~: The users that made and last changed the task, and the times.",
}
_ANSWERS: Mapping[str, _Members] = {
    "RunProperties": {
        **_RUN,
        "lastUpdatedTime": "string~: The time of the last change of the run (RFC 3339).",
        "task": "string~: The name of the task that was run.",
        "sourceRegistryAuth": "string~: The scope of the sign-in to the source registry.",
        "provisioningState": _PROVISIONING,
        "imageUpdateTrigger": "any~: The base image whose change started the run.",
        "sourceTrigger": "any~: The event of a source repository that started the run.",
        "timerTrigger": "any~: The timer that started the run.",
        "platform": "PlatformProperties~: The platform of the run.",
        "agentConfiguration": "AgentProperties~: The agent of the run.",
        "customRegistries": "string[]~: The other registries that the run signed in to.",
        "isArchiveEnabled": "boolean~: Whether the run is archived.",
    },
    "ImageDescriptor": _IMAGE,
    "BaseImageDependency": {"type": "string~: BuildTime or RunTime.", **_IMAGE},
    "SystemData": {
        "createdBy": "string~: The user that made it.",
        "createdByType": "string~: User, Application, ManagedIdentity or Key.",
        "createdAt": "string~: The time when it was made (RFC 3339).",
        "lastModifiedBy": "string~: The user that last changed it.",
        "lastModifiedByType": "string~: User, Application, ManagedIdentity or Key.",
        "lastModifiedAt": "string~: The time of the last change (RFC 3339).",
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

OUTPUTS: dict[str, dict[str, Kind]] = _read({"Task": _TASK, "Run": _RUN})
"""The outputs that the service adds to each resource, in the order of the specification."""

_ENDPOINT: _Members = {"endpoint": "string!~: The endpoint that the resource was made at."}
_IMAGE_REFS: _Members = {"imageRefs": "string[]!~: The images that the run pushed, `registry/repository@digest`."}
CONTEXT_HASHES = ("contextHash", "contextContents", "contextTree")
"""What `check` adds to the inputs of a run with a local context."""

OWN_OUTPUTS: dict[str, dict[str, Kind]] = _read(
    {
        "Task": {**_ENDPOINT, "name": "string!~: The name in the registry, the same as `taskName`."},
        "Run": {
            **_ENDPOINT,
            "contextHash": "string~: The hash of the local context. A run is scheduled again when it changes.",
            **_IMAGE_REFS,
        },
    }
)
"""The outputs that the provider adds to each resource."""

_RESOURCE: _Members = {
    "id": "string!~: The ARM id.",
    "name": "string!~: The name in the registry.",
    "registryId": "string!~: The registry's ARM id.",
}
_READ_TASK: _Members = {**_RESOURCE, **DEFINITIONS["Task"], **_TASK}
FUNCTIONS: dict[str, dict[str, Kind]] = _read(
    {
        "getTask": {**_REGISTRY, "taskName": "string!: The name of the task."},
        "getRun": {**_REGISTRY, "runId": "string!: The id of the run in its registry."},
        "listTasks": _REGISTRY,
        "contextHash": {
            "context": "string!: The folder, relative to the program, or the archive that the run's `context` is.",
            "dockerFilePath": "string: The `dockerFilePath` of the run's request; may be empty. Default: Dockerfile.",
            "taskFilePath": "string: The `taskFilePath` of the run's request. With it no Dockerfile counts.",
            "valuesFilePath": "string: The `valuesFilePath` of the run's request.",
        },
    }
)
"""The arguments of each function."""

RESULTS: dict[str, dict[str, Kind]] = _read(
    {
        "getTask": _READ_TASK,
        "getRun": {**_RESOURCE, **ANSWERS["RunProperties"], **_IMAGE_REFS},
        "listTasks": {"tasks": "ListedTask[]!~: The tasks of the registry."},
        "contextHash": {"hash": "string!~: 64 hexadecimal digits: the run's `contextHash` without its `sha256:`."},
    }
)
"""The results of each function."""

_MEMBERS = {
    **DEFINITIONS,
    **ANSWERS,
    **FUNCTIONS,
    "ListedTask": RESULTS["getTask"],
    **{
        name: {member: of for variant in variants.values() for member, of in DEFINITIONS[variant].items()}
        for name, variants in POLYMORPHIC.items()
    },
}


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
