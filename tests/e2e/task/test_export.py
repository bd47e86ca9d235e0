"""Tasks that exist are brought under Pulumi without a change."""

from __future__ import annotations

import base64
import subprocess
import sys
from collections.abc import Callable

import pytest

from ..emulator import Emulator
from ..stack import Stack

GREETING = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n").decode()
LOGIN = {"userName": {"value": "bob", "type": "Opaque"}, "password": {"value": "c4nary-password", "type": "Opaque"}}
TASKS = {
    "greeting": {
        "status": "Disabled",
        "platform": {"os": "linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "step": {
            "type": "EncodedTask",
            "encodedTaskContent": GREETING,
            "values": [
                {"name": "plain", "value": "shown"},
                {"name": "hidden", "value": "c4nary-value", "isSecret": True},
            ],
        },
        "trigger": {"timerTriggers": [{"name": "nightly", "schedule": "0 3 * * *", "status": "Disabled"}]},
        "credentials": {"customRegistries": {"r.example": LOGIN}},
    },
    "build": {
        "platform": {"os": "Linux"},
        "timeout": 600,
        "step": {
            "type": "Docker",
            "dockerFilePath": "Dockerfile",
            "contextPath": "https://github.com/a/b.git",
            "contextAccessToken": "c4nary-token",
            "imageNames": ["b:{{.Run.ID}}"],
        },
    },
}
SECRETS = {
    "greeting-hidden": "c4nary-value",
    "greeting-r-example-userName": "bob",
    "greeting-r-example-password": "c4nary-password",
    "build-contextAccessToken": "c4nary-token",
}


@pytest.mark.both_hosts
def test_an_exported_program_takes_over_what_is_there(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Its first up only reads; it declares the tasks as they are."""
    for name, properties in TASKS.items():
        body = {"location": "westeurope", "tags": {"a": "b"}, "properties": properties}
        assert emulator.ask("PUT", f"/tasks/{name}", json=body).status_code == 200

    # acr-tasks export --registry … > __main__.py
    command = [sys.executable, "-m", "pulumi_acr_tasks", "export"]
    done = subprocess.run(
        [*command, "--registry", emulator.registry_id, "--endpoint", emulator.endpoint],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert "c4nary" not in done.stdout + done.stderr

    # pulumi config set --secret …, as it says
    stack = new_stack(program=done.stdout, endpoint=emulator.endpoint)
    for key, value in SECRETS.items():
        assert f"pulumi config set --secret {key}\n" in done.stderr
        stack.pulumi("config", "set", "--secret", key, value, "--stack", "dev").succeeded()

    # pulumi up
    before = {name: emulator.ask("POST", f"/tasks/{name}/listDetails").json() for name in TASKS}
    emulator.forget_requests()
    assert "+ 3 created" in stack.up().succeeded().screen  # the stack itself, and two tasks
    assert set(emulator.writes()) <= {"POST listDetails"}
    assert {name: emulator.ask("POST", f"/tasks/{name}/listDetails").json() for name in TASKS} == before
    stack.up().changed_nothing()
    stack.destroy().succeeded()
    assert emulator.ask("GET", "/tasks").json()["value"] == []
