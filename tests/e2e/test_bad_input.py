"""What cannot be right is said in preview, by property, before any request."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from .emulator import Emulator
from .stack import Stack

HEAD = """
from pulumi_acr_tasks import (
    DockerBuildRequestArgs, EncodedTaskStepArgs, PlatformPropertiesArgs, Run, Task, TaskRunRequestArgs,
)
linux = PlatformPropertiesArgs(os="Linux")
step = EncodedTaskStepArgs(encoded_task_content="c3RlcHM6IFt7Y21kOiBhfV0=")
build = DockerBuildRequestArgs(docker_file_path="Dockerfile", platform=linux)
"""

MISTAKES = {
    "registry name": (
        'Task("wrong", registry_name="no-dashes!", platform=linux, step=step)',
        "registry_name",
        "5 to 50",
    ),
    "registry id": (
        'Task("wrong", registry_id="/subscriptions/x", platform=linux, step=step)',
        "registry_id",
        "/subscriptions/",
    ),
    "missing context": (
        'Run("wrong", context="nowhere", run_request=build)',
        "context",
        "nowhere",
    ),
    "missing Dockerfile": (
        'Run("wrong", context="app", run_request=DockerBuildRequestArgs(docker_file_path="Dockerfil", platform=linux))',
        "run_request.docker_file_path",
        "Dockerfil",
    ),
    "platform": (
        'Run("wrong", context="app", run_request=DockerBuildRequestArgs(docker_file_path="Dockerfile", '
        'platform=PlatformPropertiesArgs(os="Plan9")))',
        "run_request.platform.os",
        "Linux",
    ),
    "context of a task run": (
        'Run("wrong", context="app", run_request=TaskRunRequestArgs(task_name="greeting"))',
        "context",
        "TaskRunRequest",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_sentence_in_preview(
    mistake: str, idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """The sentence names the property and what is allowed; no request is made, and the exit status is not zero."""
    statement, path, allowed = MISTAKES[mistake]
    stack = new_stack("mistake", program=f"{HEAD}\n{statement}\n", **idle_emulator.config)
    stack.write("app/Dockerfile", "FROM busybox\n")
    screen = stack.preview().failed().screen
    assert f"{path}:" in screen
    assert allowed in screen
    assert idle_emulator.requests() == []


def test_everything_wrong_is_said_at_once(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Three mistakes of one resource are three sentences."""
    statement = 'Task("wrong", timeout=5, platform={"os": "Plan9"}, step={"type": "Docker", "docker_file_pat": "x"})'
    stack = new_stack("mistakes", program=f"{HEAD}\n{statement}\n", **idle_emulator.config)
    screen = stack.preview().failed().screen
    for path in ("timeout:", "platform.os:", "step.docker_file_path:"):
        assert path in screen, path


SURPRISING = """
Task("warned", registry_name="emulator", platform=linux, step={"type": "EncodedTask", "encodedTaskContent": CONTENT},
    trigger={"timer_triggers": [{"name": "t", "schedule": "0 22-6 * * *"}]})
Run("image", context="app", run_request=build)
"""


def test_what_hardly_anybody_means_is_a_warning_in_preview(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """A redirection on the agent, hours that run backwards, files that the older builder leaves out; nothing fails."""
    content = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox echo a > b\n").decode()
    program = f"{HEAD}\n{SURPRISING.replace('CONTENT', repr(content))}\n"
    stack = new_stack("surprises", program=program, **idle_emulator.config)
    for name, text in {"Dockerfile": "FROM busybox\n", ".dockerignore": "*\n!**/*.py\n", "src/a.py": ""}.items():
        stack.write(f"app/{name}", text)
    screen = stack.preview().succeeded().screen
    for warning in (
        "step.encoded_task_content: line 3, column 5: cmd: the agent's shell takes the redirection",
        "trigger.timer_triggers[0].schedule: is '0 22-6 * * *'; the hours 22-6 run backwards and are read as 6-22",
        "context: sends files that the service's builder leaves out of its build: src/a.py. ",
    ):
        assert f"warning: {warning}" in screen, warning
    assert idle_emulator.writes() == []


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("endpoint", "emulated", "embedded"),
        ("environment", "mars", "usgovernment"),
        ("credential", "magic", "managed-identity"),
    ],
)
def test_a_malformed_configuration_value_is_a_sentence(
    key: str, value: str, allowed: str, idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """The key, its value and what is allowed stand on the screen, in preview."""
    statement = 'Run("wrong", context="app", run_request=build)'
    stack = new_stack("config", program=f"{HEAD}\n{statement}\n", **{**idle_emulator.config, key: value})
    stack.write("app/Dockerfile", "FROM busybox\n")
    screen = stack.preview().failed().screen
    assert f"acr-tasks:{key}" in screen
    assert allowed in screen
    assert idle_emulator.requests() == []
