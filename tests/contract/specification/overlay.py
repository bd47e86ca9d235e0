"""The differences between the live service and its specification, each with its source.

`at` is `Definition.member`; `*` is every definition, `{}` the values of a map. A definition alone gets further members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Patch:
    """One difference: `schema` is merged into the schema at `at`; NULLABLE allows null there, REQUIRED demands it."""

    at: str
    schema: dict[str, Any]
    why: str


NULLABLE = {"nullable": True}
REQUIRED = {"required": True}
_TEXT = {"type": "string"}
_SYSTEM_DATA = {
    "systemData": {
        "type": "object",
        "properties": {
            "createdBy": _TEXT,
            "createdByType": _TEXT,
            "createdAt": {**_TEXT, "format": "date-time"},
            "lastModifiedBy": _TEXT,
            "lastModifiedByType": _TEXT,
            "lastModifiedAt": {**_TEXT, "format": "date-time"},
        },
        "additionalProperties": False,
    }
}

# What is answered otherwise.
ANSWERS = (
    Patch("Credentials.sourceRegistry", NULLABLE, "null in the official examples"),
    Patch("Credentials.customRegistries.{}", NULLABLE, "recorded: hosts are shown, their credentials are not"),
    Patch("Task", _SYSTEM_DATA, "recorded: answers have it, although the schema of 2019-04-01 has not"),
    Patch("Run", _SYSTEM_DATA, "recorded: answers have it, although the schema of 2019-04-01 has not"),
)

# Open enumerations that the service repeats in the case in which they were sent (recorded for the OS). Those
# that are not named here it makes up itself, and so they are as the specification spells them.
ECHOED = {
    "TaskStatus",
    "TriggerStatus",
    "OS",
    "Architecture",
    "Variant",
    "BaseImageTriggerType",
    "SourceTriggerEvent",
    "SourceControlType",
    "TokenType",
    "SecretObjectType",
    "SourceRegistryLoginMode",
    "UpdateTriggerPayloadType",
}

# What is refused although the schema allows it.
_SCHEDULE = {"enum": ["0 21 * * *", "*/5 1-3 * Jan Mon-Fri", "0 0 1 1,6 *"]}
_NAMED = {"minLength": 1}
_FILLED = {"minProperties": 1}
_SOURCES = ["/dev/null", "https://github.com/Azure-Samples/acr-build-helloworld-node.git#main:src"]
REQUESTS = (
    Patch("Task.properties", REQUIRED, "platform and step are required members of it"),
    Patch("TaskProperties.platform", REQUIRED, "only system tasks of preview versions have none"),
    Patch("TaskProperties.step", REQUIRED, "likewise"),
    Patch("AgentProperties.cpu", {"enum": [2]}, "other numbers of cores are refused"),
    Patch("TimerTrigger.schedule", _SCHEDULE, "five fields, as NCrontab has them"),
    Patch("TimerTriggerUpdateParameters.schedule", _SCHEDULE, "five fields, as NCrontab has them"),
    Patch(
        "TaskPropertiesUpdateParameters.timeout", {"minimum": 300, "maximum": 28800}, "the bounds of a task's timeout"
    ),
    Patch("Credentials.customRegistries", _FILLED, "no rule of the service: empty ones are drawn too often"),
    Patch("IdentityProperties.userAssignedIdentities", _FILLED, "likewise"),
    Patch("*.sourceLocation", {"enum": _SOURCES}, "a relative path has to have been uploaded"),
    *(
        Patch(f"*.{member}", _NAMED, "an empty text is as good as none where one is required")
        for member in ("name", "dockerFilePath", "taskFilePath", "encodedTaskContent", "repositoryUrl", "token")
    ),
)
