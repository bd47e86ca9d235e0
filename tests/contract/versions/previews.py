"""The three api-versions, and bodies with members of some versions only."""

from __future__ import annotations

from typing import Any

from ..conftest import encoded

STABLE, PREVIEW_2019, PREVIEW_2025 = "2019-04-01", "2019-06-01-preview", "2025-03-01-preview"
VERSIONS = (STABLE, PREVIEW_2019, PREVIEW_2025)
PREVIEWS = (PREVIEW_2019, PREVIEW_2025)
# A step's id is printed by whoever runs it, so that its text shows which value was taken.
SAYING = "version: v1.1.0\nsteps:\n  - id: said-{{.Values.word}}\n    cmd: busybox echo {{.Values.word}}\n"
IDENTITY = {"identity": "[system]", "loginMode": "Default"}
BASE_IMAGE = {
    "name": "base",
    "baseImageTriggerType": "Runtime",
    "updateTriggerEndpoint": "https://hooks.example/secret-0123456789",
    "updateTriggerPayloadType": "Token",
}


def whole(location: str, **properties: Any) -> dict[str, Any]:
    """Return a task with every member of some versions only, and one common member of each kind."""
    return {
        "location": location,
        "tags": {"a": "b"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "platform": {"os": "Linux", "architecture": "arm64"},
            "agentConfiguration": {"cpu": 2},
            "agentPoolName": "pool1",
            "step": {
                "type": "EncodedTask",
                "encodedTaskContent": encoded(SAYING),
                "values": [
                    {"name": "word", "value": "hello"},
                    {"name": "hidden", "value": "secret-0123456789", "isSecret": True},
                ],
            },
            "trigger": {"timerTriggers": [{"name": "t1", "schedule": "0 21 * * *"}], "baseImageTrigger": BASE_IMAGE},
            "credentials": {
                "sourceRegistry": IDENTITY,
                "customRegistries": {"r.example": {"password": {"type": "Opaque", "value": "password-0123456789"}}},
            },
            "logTemplate": "logs/{{.Run.ID}}:v1",
            "isSystemTask": False,
            **properties,
        },
    }


def request_of(arm: Any, name: str, version: str, **members: Any) -> dict[str, Any]:
    """Return a TaskRunRequest as a version spells it."""
    task = {"taskName": name} if version == STABLE else {"taskId": f"{arm.registry}/tasks/{name}"}
    return {"type": "TaskRunRequest", **task, **members}
