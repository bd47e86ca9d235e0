"""A task with every property, and copies of it with one change."""

from __future__ import annotations

import copy
from enum import Enum
from typing import Any

USER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"


LOGIN = {"userName": {"value": "u", "type": "Opaque"}, "password": {"value": "p", "type": "Opaque"}}


SOURCE = {
    "name": "s1",
    "sourceRepository": {
        "sourceControlType": "Github",
        "repositoryUrl": "https://github.com/a/b",
        "sourceControlAuthProperties": {"tokenType": "PAT", "token": "t"},
    },
    "sourceTriggerEvents": ["commit"],
}


OLD: dict[str, Any] = {
    "registryId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/registry",
    "taskName": "build",
    "endpoint": "embedded",
    "platform": {"os": "Linux", "architecture": "arm", "variant": "v7"},
    "step": {
        "type": "Docker",
        "contextPath": "https://github.com/a/b.git",
        "contextAccessToken": "t",
        "imageNames": ["a:1", "a:2"],
        "isPushEnabled": False,
        "dockerFilePath": "Dockerfile",
        "target": "final",
        "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "2", "isSecret": True}],
    },
    "trigger": {
        "timerTriggers": [
            {"name": "t1", "schedule": "0 9 * * *"},
            {"name": "t2", "schedule": "0 10 * * *", "status": "Disabled"},
        ],
        "sourceTriggers": [SOURCE],
        "baseImageTrigger": {"name": "b", "baseImageTriggerType": "Runtime"},
    },
    "credentials": {
        "sourceRegistry": {"loginMode": "Default"},
        "customRegistries": {"A.azurecr.io": LOGIN, "b.azurecr.io": {"identity": "[system]"}},
    },
    "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER + "One": {}}},
    "agentConfiguration": {"cpu": 2},
    "timeout": 600,
    "status": "Disabled",
    "tags": {"a": "1", "b": "2"},
}


class _Mark(Enum):
    """Stands for a member that is taken away; unlike a bare object it has the same name in every process."""

    REMOVED = "removed"


REMOVED = _Mark.REMOVED


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return a copy of OLD with the value at a path such as `step/target`, or without that member."""
    new = copy.deepcopy(OLD)
    *owners, name = path.split("/")
    owner: Any = new
    for part in owners:
        owner = owner[int(part) if part.isdigit() else part]
    if value is REMOVED:
        del owner[int(name) if name.isdigit() else name]
    else:
        owner[int(name) if name.isdigit() else name] = value
    return new
