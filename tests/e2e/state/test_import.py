"""`pulumi import` of tasks that exist: the program that it writes changes nothing."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from ..emulator import Emulator
from ..stack import Stack

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
                {"name": "nightly", "schedule": "0 3 * * *"},
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
SECRETS = {
    "docker": "step.contextAccessToken, step.arguments[1].value",
    "pushes-nothing": "step.contextPath",
    "file-task": "step.values[0].value",
    "encoded": "step.encodedValuesContent",
    "sources": "trigger.sourceTriggers[0].sourceRepository.sourceControlAuthProperties.token",
    "logins": 'credentials.customRegistries["r.example"].userName.value, '
    'credentials.customRegistries["r.example"].password.value',
}

pytestmark = pytest.mark.one_host(reason="its programs name the types of the plugin itself")


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
    return {name: emulator.ask("POST", f"/tasks/{name}/listDetails").json() for name in TASKS}


def test_the_program_of_an_import_changes_nothing(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Ten varied tasks are imported; the first up makes no request that writes, with the secrets filled in too."""
    before = put(idle_emulator)
    stack = new_stack("imported", **idle_emulator.config)
    stack.edit("Pulumi.yaml", "runtime:\n  name: python\n  options: {toolchain: pip}\n", "runtime: yaml\n")
    resources = [
        {"type": "acr-tasks:index:Task", "name": name, "id": f"{idle_emulator.registry_id}/tasks/{name}"}
        for name in TASKS
    ]
    stack.write("import.json", json.dumps({"resources": resources}))

    # pulumi import: the program has no secret and no default, and a warning names what is to be filled in
    idle_emulator.forget_requests()
    done = stack.pulumi(
        *("import", "--yes", "--stack", "dev", "--protect=false", "--skip-preview"),
        *("--file", "import.json", "--out", "program.yaml"),
    ).succeeded()
    assert {*idle_emulator.writes()} == {"POST listDetails"}
    program = (stack.folder / "program.yaml").read_text()
    for text in (done.screen, program, json.dumps(stack.resources())):
        assert "c4nary" not in text
    for default in ("amd64", "agentConfiguration", "Enabled\n", "Opaque", "principalId", "location", "endpoint"):
        assert default not in program
    for name, paths in SECRETS.items():
        assert f"task {name} has secrets: {paths}\n" in done.screen

    # pulumi up of that very program
    stack.write("Pulumi.yaml", (stack.folder / "Pulumi.yaml").read_text() + program)
    idle_emulator.forget_requests()
    stack.up().changed_nothing()
    stack.refresh().changed_nothing()
    assert idle_emulator.writes() == []
    assert details(idle_emulator) == before

    # the task's own secret in place of a placeholder changes nothing; another one is a PATCH of just that
    secret = "        contextAccessToken:\n          fn::secret: '[secret]'\n"
    stack.edit("Pulumi.yaml", secret, secret.replace("[secret]", "c4nary-token"))
    idle_emulator.forget_requests()
    stack.up().changed_nothing()
    assert idle_emulator.writes() == []
    stack.edit("Pulumi.yaml", "c4nary-token", "c4nary-another")
    stack.up().succeeded()
    assert idle_emulator.writes() == ["PATCH docker"]
    step = details(idle_emulator)["docker"]["properties"]["step"]
    assert step == {**before["docker"]["properties"]["step"], "contextAccessToken": "c4nary-another"}

    # an argument beside a placeholder: the task keeps the secret that the program does not know
    stack.edit("Pulumi.yaml", "value: '1'", "value: '2'")
    stack.up().succeeded()
    found = {
        item["name"]: item["value"] for item in details(idle_emulator)["docker"]["properties"]["step"]["arguments"]
    }
    assert found == {"PLAIN": "2", "HIDDEN": "c4nary-argument"}
    assert "c4nary" not in json.dumps(stack.resources())
    stack.settles()
    assert idle_emulator.ask("GET", "/tasks").json()["value"] == []


IMPORTED = """
import pulumi
from pulumi_acr_tasks.plugin import ArgumentArgs, DockerBuildStepArgs, PlatformPropertiesArgs, Task

Task(
    "docker",
    registry_id=REGISTRY,
    platform=PlatformPropertiesArgs(os="Linux"),
    tags={"team": "docker"},
    step=DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://github.com/a/b.git",
        context_access_token="c4nary-token",
        image_names=["b:{{.Run.ID}}"],
        no_cache=True,
        target="final",
        arguments=[
            ArgumentArgs(name="PLAIN", value="1"),
            ArgumentArgs(name="HIDDEN", value="c4nary-argument", is_secret=True),
        ],
    ),
    opts=pulumi.ResourceOptions(import_=f"{REGISTRY}/tasks/docker"),
)
known = Task.get("known", f"{REGISTRY}/tasks/file-task")
pulumi.export("known", [known.status, known.step.type])
"""


def test_a_program_imports_and_reads_tasks(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The option `import` compares secrets too; `get` reads a task without its secrets and leaves it alone."""
    before = put(idle_emulator)
    program = f'REGISTRY = "{idle_emulator.registry_id}"\n{IMPORTED}'
    stack = new_stack("importing", program=program, **idle_emulator.config)
    idle_emulator.forget_requests()
    assert "1 imported" in stack.up().succeeded().screen
    assert {*idle_emulator.writes()} <= {"POST listDetails"}
    assert stack.outputs() == {"known": ["Disabled", "FileTask"]}
    assert "c4nary" not in json.dumps(stack.resources())
    stack.settles()
    secrets = {request["path"] for request in idle_emulator.requests() if request["path"].endswith("/listDetails")}
    assert secrets == {f"{idle_emulator.registry_id}/tasks/docker/listDetails"}
    assert sorted(task["name"] for task in idle_emulator.ask("GET", "/tasks").json()["value"]) == sorted(
        set(TASKS) - {"docker"}
    )
    assert before["file-task"] == idle_emulator.ask("POST", "/tasks/file-task/listDetails").json()


def test_what_cannot_be_imported_is_a_sentence(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """A wrong id, another registry, a task that does not exist, a run: each message says what to do."""
    stack = new_stack("misimported", **idle_emulator.config)
    registry = idle_emulator.registry_id
    for kind, id_, words in (
        ("Task", "web", "'web' is not the id of a task, which looks like /subscriptions/"),
        ("Task", f"{registry}/tasks/missing", "task missing does not exist in registry emulator of group rg"),
        ("Task", f"{registry}else/tasks/missing", "check the names of registry and group"),
        ("Run", f"{registry}/runs/cf1", "a run cannot be imported"),
    ):
        command = ("import", "--yes", "--stack", "dev", "--skip-preview", "--generate-code=false")
        refused = stack.pulumi(*command, f"acr-tasks:index:{kind}", "it", id_).failed()
        assert words in refused.screen
    assert stack.resources() == {}
