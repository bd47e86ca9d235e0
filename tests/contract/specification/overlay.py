"""Where the live service differs from its specification, each with how we know.

`at` is `Definition.member`; `*` is every definition, `{}` the values of a map. A definition alone gets further members.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Patch:
    """One difference: `schema` is merged into what stands at `at`; NULLABLE allows null there, REQUIRED demands it."""

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
    Patch("Credentials.sourceRegistry", NULLABLE, "facts 4.4: null in the official examples"),
    Patch("Credentials.customRegistries.{}", NULLABLE, "facts 4.4, recorded: hosts are shown, what they hold is not"),
    Patch("Task", _SYSTEM_DATA, "facts 4.1, recorded: there although the schema of 2019-04-01 has it not"),
    Patch("Run", _SYSTEM_DATA, "facts 5.1, recorded"),
)

# Open enumerations that the service repeats in the case in which they were sent (facts 3.1, recorded for the OS). Those
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
    Patch("Task.properties", REQUIRED, "facts 3: platform and step are required, and stand in it"),
    Patch("TaskProperties.platform", REQUIRED, "facts 11: none but system tasks of previews go without"),
    Patch("TaskProperties.step", REQUIRED, "likewise"),
    Patch("AgentProperties.cpu", {"enum": [2]}, "facts 3.3: other numbers of cores are refused"),
    Patch("TimerTrigger.schedule", _SCHEDULE, "facts 3.3: five fields, and of NCrontab"),
    Patch("TimerTriggerUpdateParameters.schedule", _SCHEDULE, "facts 3.3"),
    Patch("TaskPropertiesUpdateParameters.timeout", {"minimum": 300, "maximum": 28800}, "facts 3.3: as of a task"),
    Patch("Credentials.customRegistries", _FILLED, "no rule of the service: empty ones are drawn too often"),
    Patch("IdentityProperties.userAssignedIdentities", _FILLED, "likewise"),
    Patch("*.sourceLocation", {"enum": _SOURCES}, "facts 7: a relative path has to have been uploaded"),
    *(
        Patch(f"*.{member}", _NAMED, "an empty text is as good as none where one is required")
        for member in ("name", "dockerFilePath", "taskFilePath", "encodedTaskContent", "repositoryUrl", "token")
    ),
)
