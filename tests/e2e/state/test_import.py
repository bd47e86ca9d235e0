"""`pulumi import` of tasks that exist: the program that it writes changes nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest

from ..emulator import Emulator
from ..stack import Stack
from ..varied_tasks import TASKS, changes_nothing, details, import_all, put

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


def test_the_program_of_an_import_changes_nothing(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Ten varied tasks are imported; the first up makes no request that writes, with the secrets filled in too."""
    before = put(idle_emulator)
    stack = new_stack("imported", **idle_emulator.config)
    stack.edit("Pulumi.yaml", "runtime:\n  name: python\n  options: {toolchain: pip}\n", "runtime: yaml\n")

    # pulumi import: the program has no secret and no default, and a warning names what is to be filled in
    done = import_all(stack, idle_emulator, "program.yaml")
    program = (stack.folder / "program.yaml").read_text()
    for text in (done.screen, program, json.dumps(stack.resources())):
        assert "c4nary" not in text
    for default in ("amd64", "agentConfiguration", "Enabled\n", "Opaque", "principalId", "location", "endpoint"):
        assert default not in program
    for name, paths in SECRETS.items():
        assert f"task {name} has secrets: {paths}\n" in done.screen

    # pulumi up of that very program
    stack.write("Pulumi.yaml", (stack.folder / "Pulumi.yaml").read_text() + program)
    changes_nothing(stack, idle_emulator)
    idle_emulator.forget_requests()
    stack.refresh().changed_nothing()
    assert idle_emulator.writes() == []

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


def test_the_python_program_of_an_import_changes_nothing(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """It works with the classes of this package when one line is replaced: that of the generated SDK's import."""
    if not shutil.which("pulumi-generate-python"):
        pytest.skip("not on this machine: Pulumi's generator of Python programs")
    put(idle_emulator)
    stack = new_stack("imported", **idle_emulator.config)
    import_all(stack, idle_emulator, "program.py")
    stack.write("__main__.py", (stack.folder / "program.py").read_text())
    stack.edit("__main__.py", "import pulumi_acr_tasks_sdk as", "from pulumi_acr_tasks import plugin as")
    changes_nothing(stack, idle_emulator)


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
