"""Ten varied tasks, made as any client of the service makes them, and their import into a stack."""

from __future__ import annotations

import base64
import json
from typing import Any

from .emulator import Emulator
from .stack import Outcome, Stack

CONTEXT = "https://github.com/a/b.git"
LINUX = {"os": "Linux", "architecture": "amd64"}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


FILE = {"type": "EncodedTask", "encodedTaskContent": encoded("version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n")}
DOCKER = {"type": "Docker", "dockerFilePath": "Dockerfile", "contextPath": CONTEXT, "imageNames": ["b:{{.Run.ID}}"]}
LOGIN = {"userName": {"value": "bob", "type": "Opaque"}, "password": {"value": "c4nary-password", "type": "Opaque"}}
VAULT = {"value": "https://v.vault.azure.net/secrets/password", "type": "Vaultsecret"}
SOURCE = {
    "sourceControlType": "Github",
    "repositoryUrl": "https://github.com/a/b",
    "branch": "main",
    "sourceControlAuthProperties": {"tokenType": "PAT", "token": "c4nary-pat", "scope": "repo"},
}
USER = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder"
TASKS: dict[str, dict[str, Any]] = {
    "docker": {
        "step": {
            **DOCKER,
            "contextAccessToken": "c4nary-token",
            "noCache": True,
            "target": "final",
            "arguments": [
                {"name": "PLAIN", "value": "1"},
                {"name": "HIDDEN", "value": "c4nary-argument", "isSecret": True},
            ],
        }
    },
    "pushes-nothing": {
        "step": {**DOCKER, "contextPath": "https://x:c4nary-context@github.com/a/b.git", "isPushEnabled": False},
        "agentConfiguration": {"cpu": 2},
    },
    "file-task": {
        "platform": {"os": "Windows"},
        "status": "Disabled",
        "step": {
            "type": "FileTask",
            "taskFilePath": "task.yaml",
            "valuesFilePath": "values.yaml",
            "contextPath": CONTEXT,
            "values": [{"name": "hidden", "value": "c4nary-value", "isSecret": True}],
        },
    },
    "encoded": {
        "platform": {"os": "linux", "architecture": "arm", "variant": "v8"},
        "step": {**FILE, "encodedValuesContent": encoded("a: c4nary-values")},
        "timeout": 600,
    },
    "timers": {
        "trigger": {
            "timerTriggers": [
                {"name": "leap-day", "schedule": "0 3 29 2 *"},  # fires during no scenario that counts runs
                {"name": "weekly", "schedule": "0 3 * * 1", "status": "Disabled"},
            ]
        }
    },
    "sources": {
        "step": DOCKER,
        "trigger": {
            "sourceTriggers": [{"name": "push", "sourceRepository": SOURCE, "sourceTriggerEvents": ["commit"]}],
            "baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime", "status": "Disabled"},
        },
    },
    "base-image": {"step": DOCKER, "trigger": {"baseImageTrigger": {"name": "base", "baseImageTriggerType": "All"}}},
    "logins": {"credentials": {"sourceRegistry": {"loginMode": "Default"}, "customRegistries": {"r.example": LOGIN}}},
    "system": {
        "identity": {"type": "SystemAssigned"},
        "credentials": {"customRegistries": {"other.azurecr.io": {"identity": "[system]"}}},
    },
    "user-assigned": {
        "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {USER: {}}},
        "credentials": {"customRegistries": {"r.example": {**LOGIN, "password": VAULT, "identity": "[system]"}}},
    },
}


def put(emulator: Emulator) -> dict[str, Any]:
    """Make the tasks as any client of the service does, and return their properties."""
    for name, task in TASKS.items():
        properties = {"platform": LINUX, "step": FILE, **task}
        identity = {"identity": properties.pop("identity")} if "identity" in properties else {}
        body = {"location": "westeurope", "tags": {"team": name}, **identity, "properties": properties}
        answer = emulator.ask("PUT", f"/tasks/{name}", json=body)
        assert answer.status_code == 200, answer.text
    return details(emulator)


def details(emulator: Emulator) -> dict[str, Any]:
    """Return the tasks with their secrets, by name."""
    return {name: emulator.ask("POST", f"/tasks/{name}/listDetails").json() for name in TASKS}


def import_all(stack: Stack, emulator: Emulator, program: str) -> Outcome:
    """Run `pulumi import` of all tasks, which writes a program into a file of the stack's folder."""
    resources = [
        {"type": "acr-tasks:index:Task", "name": name, "id": f"{emulator.registry_id}/tasks/{name}"} for name in TASKS
    ]
    stack.write("import.json", json.dumps({"resources": resources}))
    emulator.forget_requests()
    done = stack.pulumi(
        *("import", "--yes", "--stack", "dev", "--protect=false", "--skip-preview"),
        *("--file", "import.json", "--out", program),
    ).succeeded()
    assert {*emulator.writes()} == {"POST listDetails"}
    return done


def changes_nothing(stack: Stack, emulator: Emulator) -> None:
    """Show that the stack's program is what `import_all` wrote, as far as the service sees it."""
    before = details(emulator)
    emulator.forget_requests()
    stack.up().changed_nothing()
    assert emulator.writes() == []
    assert details(emulator) == before
