"""The examples: each is a complete project, and deploys as it stands."""

from __future__ import annotations

import base64
import runpy
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks
from ruamel.yaml import YAML

from ..emulator import Emulator
from ..stack import SECONDS, Outcome, Stack

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES, POLICIES = ROOT / "examples", ROOT / "policies"
NewStack = Callable[..., Stack]


def deployed(name: str, emulator: Emulator, new_stack: NewStack, **config: str) -> Stack:
    """Deploy an example, and show that a second up changes nothing."""
    stack = new_stack(name, example=EXAMPLES / name, **emulator.config, **config)
    stack.up().succeeded()
    stack.up().changed_nothing()
    return stack


def text_of(task: dict[str, Any]) -> str:
    """Return the task file of an encoded task."""
    return base64.b64decode(task["properties"]["step"]["encodedTaskContent"]).decode()


def test_build_and_deploy(emulator: Emulator, new_stack: NewStack) -> None:
    """The nightly task runs the digest that was built and tried."""
    stack = deployed("build-and-deploy", emulator, new_stack)
    image = stack.outputs()["image"]
    assert "@sha256:" in image
    assert image in text_of(emulator.task("nightly-report"))
    stack.remove()


def test_nightly_purge(idle_emulator: Emulator, new_stack: NewStack) -> None:
    """The task holds the command and its timer."""
    stack = deployed("nightly-purge", idle_emulator, new_stack)
    task = idle_emulator.task("nightly-purge")
    assert "acr purge --filter" in text_of(task)
    assert task["properties"]["trigger"]["timerTriggers"][0]["schedule"] == "30 1 * * *"
    stack.remove()


def test_git_trigger(idle_emulator: Emulator, new_stack: NewStack) -> None:
    """The task follows the branch and its base image; the token stays with the service."""
    stack = deployed("git-trigger", idle_emulator, new_stack, **{"git-trigger:githubToken": "c4nary"})
    trigger = idle_emulator.task("build-web")["properties"]["trigger"]
    assert trigger["sourceTriggers"][0]["sourceRepository"]["branch"] == "master"
    assert trigger["baseImageTrigger"]["baseImageTriggerType"] == "Runtime"
    assert "c4nary" not in str(stack.resources())
    stack.remove()


def test_private_registries(idle_emulator: Emulator, new_stack: NewStack) -> None:
    """The task signs in to each registry in its own way, and exports the principals that need permissions."""
    stack = deployed("private-registries", idle_emulator, new_stack, **{"private-registries:ghcrToken": "c4nary"})
    task = idle_emulator.task("build-web")
    assert stack.outputs()["principal_id"] == task["identity"]["principalId"]
    assert set(task["properties"]["credentials"]["customRegistries"]) == {
        "contosobase.azurecr.io",
        "docker.io",
        "ghcr.io",
    }
    assert "c4nary" not in str(stack.resources())
    stack.remove()


def test_many_services(idle_emulator: Emulator, new_stack: NewStack) -> None:
    """Twenty images are built; a changed file builds one of them anew."""
    idle_emulator.forget_requests()
    stack = new_stack("many-services", example=EXAMPLES / "many-services", **idle_emulator.config)
    stack.up().succeeded()
    assert idle_emulator.writes().count("POST scheduleRun") == 20

    stack.write("services/cart/main.sh", "#!/bin/sh\necho a larger cart\n")
    idle_emulator.forget_requests()
    assert "20 unchanged" in stack.up().succeeded().screen
    assert idle_emulator.writes().count("POST scheduleRun") == 1
    stack.remove()


def test_adopt_existing(idle_emulator: Emulator, new_stack: NewStack) -> None:
    """The program is what `acr-tasks export` prints of these tasks, and its first up writes nothing."""
    for name, properties in EXISTING.items():
        body = {"location": "westeurope", "properties": properties}
        assert idle_emulator.ask("PUT", f"/tasks/{name}", json=body).status_code == 200

    arguments = ["--registry", idle_emulator.registry_id, "--endpoint", idle_emulator.endpoint]
    exported = subprocess.run(
        [sys.executable, "-m", "pulumi_acr_tasks", "export", *arguments], capture_output=True, text=True, check=True
    )
    program = (EXAMPLES / "adopt-existing/__main__.py").read_text()
    in_contoso = idle_emulator.registry_id.replace("emulator", "contoso")
    assert exported.stdout == program.replace(in_contoso, idle_emulator.registry_id)

    stack = new_stack("adopt-existing", example=EXAMPLES / "adopt-existing", **idle_emulator.config)
    stack.write("__main__.py", exported.stdout)
    idle_emulator.forget_requests()
    stack.up().succeeded()
    assert set(idle_emulator.writes()) <= {"POST listDetails"}
    stack.up().changed_nothing()
    stack.remove()


PURGE = """version: v1.1.0
steps:\x20
  - cmd: acr purge --filter 'web:.*' --ago 30d --untagged
    disableWorkingDirectoryOverride: true
    timeout: 3600
"""
BASE_IMAGE = {"name": "defaultBaseimageTriggerName", "baseImageTriggerType": "Runtime"}
EXISTING = {
    "build-web": {
        "platform": {"os": "Linux", "architecture": "amd64"},
        "step": {
            "type": "Docker",
            "dockerFilePath": "Dockerfile",
            "contextPath": "https://github.com/Azure-Samples/acr-build-helloworld-node",
            "imageNames": ["web:{{.Run.ID}}"],
        },
        "trigger": {"baseImageTrigger": BASE_IMAGE},
    },
    "nightly-purge": {
        "platform": {"os": "linux", "architecture": "amd64"},
        "step": {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(PURGE.encode()).decode()},
        "trigger": {"timerTriggers": [{"name": "t1", "schedule": "30 1 * * *"}], "baseImageTrigger": BASE_IMAGE},
    },
}


def test_policy_checked(idle_emulator: Emulator, new_stack: NewStack) -> None:
    """The preset strict names five faults before any request, and lets the repaired program through."""
    strict = ["--policy-pack", str(POLICIES), "--policy-pack-config", str(POLICIES / "presets/strict.json")]
    config = {**idle_emulator.config, "policy-checked:npmToken": "c4nary"}
    stack = new_stack("policy-checked", example=EXAMPLES / "policy-checked/violating", **config)
    idle_emulator.forget_requests()
    refused = stack.up(*strict).failed()
    assert refused.screen.count("[mandatory]") == 5
    assert idle_emulator.writes() == []

    shutil.copy(EXAMPLES / "policy-checked/repaired/__main__.py", stack.folder)
    stack.up(*strict).succeeded()
    assert idle_emulator.task("build-web")["properties"]["timeout"] == 1800
    stack.remove()


def test_automation_api(emulator: Emulator, prepared: Stack, tmp_path: Path) -> None:
    """One Python program deploys and destroys, without a project beside it."""
    settings = {"PULUMI_HOME": str(tmp_path / "home"), "PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    environment = {**prepared.environment, **settings}
    del environment["PWD"]
    _, _, subscription, _, group, *_, registry = emulator.registry_id.split("/")
    at = ["--endpoint", emulator.endpoint, "--subscription", subscription, "--group", group, "--registry", registry]

    def deploy(*arguments: str) -> Outcome:
        command = [sys.executable, str(EXAMPLES / "automation-api/deploy.py"), *at, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)
        return Outcome(done.returncode, done.stdout + done.stderr).succeeded()

    try:
        assert "/web@sha256:" in deploy().screen
    finally:
        deploy("--destroy")


def steps(pipeline: str, *path: str | int) -> list[str]:
    """Return the command lines of a job that a pipeline runs before anything is deployed."""
    job: Any = YAML(typ="safe").load(EXAMPLES / "ci" / pipeline)
    for key in path:
        job = job[key]
    lines = [step.get("run") or step.get("script") for step in job["steps"]]
    return [line for line in lines if line and line.startswith("pulumi")]


def test_ci(emulator: Emulator, new_stack: NewStack) -> None:
    """Both pipelines run the same commands, and these work one after another."""
    commands = steps(".github/workflows/images.yml", "jobs", "try")
    assert steps("azure-pipelines.yml", "stages", 0, "jobs", 0) == commands

    stack = new_stack("ci", example=EXAMPLES / "ci", **emulator.config)
    shutil.copytree(POLICIES, stack.folder / "policies")
    stack.write("Pulumi.ci.yaml", (stack.folder / "Pulumi.dev.yaml").read_text())
    for command in commands:
        stack.pulumi(*command.split()[1:]).succeeded()
    assert len(commands) == 4


class Azure(mocks.Mocks):
    """A stand-in for Resource Manager's answers, as far as the program uses them."""

    made: dict[str, dict[str, Any]]

    def __init__(self) -> None:
        self.made = {}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        raise NotImplementedError(args.token)

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[f"{args.typ.split(':')[-1]} {args.name}"] = args.inputs
        answers: dict[str, dict[str, Any]] = {
            "ContainerApp": {"identity": {"userAssignedIdentities": {}}},  # a map, where the program gives a list
            "Registry": {"loginServer": "shop.azurecr.io"},
            "Run": {"imageRefs": ["shop.azurecr.io/web@sha256:00"]},
            "Task": {"identity": {"principalId": "the task's principal"}},
            "UserAssignedIdentity": {"principalId": "the app's principal"},
        }
        return f"/{args.typ}/{args.name}", {**args.inputs, **answers.get(args.typ.split(":")[-1], {})}


def test_azure_native_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Container App runs the digest that was built, and each identity has its role."""
    azure = Azure()
    mocks.set_mocks(azure)
    monkeypatch.chdir(EXAMPLES / "azure-native-registry")

    @pulumi.runtime.test
    def program() -> None:
        runpy.run_path("__main__.py", run_name="__main__")

    program()
    [container] = azure.made["ContainerApp web"]["template"]["containers"]
    assert container["image"] == "shop.azurecr.io/web@sha256:00"
    assert azure.made["RoleAssignment web-pulls"]["principalId"] == "the app's principal"
    assert azure.made["RoleAssignment purge-deletes"]["principalId"] == "the task's principal"
