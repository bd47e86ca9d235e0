"""Mistakes are shown in preview, by property, before any request."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from ..emulator import Emulator
from ..stack import Stack

HEAD = """
from pulumi_acr_tasks import (
    DockerBuildRequestArgs, EncodedTaskStepArgs, PlatformPropertiesArgs, Run, Task,
)
linux = PlatformPropertiesArgs(os="Linux")
step = EncodedTaskStepArgs(encoded_task_content="c3RlcHM6IFt7Y21kOiBhfV0=")
build = DockerBuildRequestArgs(docker_file_path="Dockerfile", platform=linux)
"""

# The statement of a program, and the words of its sentences, by property.
MISTAKES = {
    'Task("wrong", registry_name="no-dashes!", timeout=5, platform={"os": "Plan9"}, '
    'step={"type": "Docker", "docker_file_pat": "x"})': {
        "registry_name": "5 to 50",
        "timeout": "300",
        "platform.os": "Linux",
        "step.docker_file_path": "",
    },
    'Run("wrong", registry_id="/subscriptions/x", context="app", run_request=DockerBuildRequestArgs('
    'docker_file_path="Dockerfil", platform=PlatformPropertiesArgs(os="Plan9")))': {
        "registry_id": "/subscriptions/",
        "run_request.docker_file_path": "Dockerfil",
        "run_request.platform.os": "Linux",
    },
}


@pytest.mark.both_hosts
@pytest.mark.parametrize("statement", MISTAKES, ids=["task", "run"])
def test_all_mistakes_of_a_resource_are_sentences_in_preview(
    statement: str, idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """Each sentence names the property and the allowed values; no request is made, and the exit status is not zero."""
    stack = new_stack("mistakes", program=f"{HEAD}\n{statement}\n", **idle_emulator.config)
    stack.write("app/Dockerfile", "FROM busybox\n")
    screen = stack.preview().failed().screen
    for path, allowed in MISTAKES[statement].items():
        path = stack.host.path(path)
        [line] = [line for line in screen.partition("Diagnostics:")[2].splitlines() if f"{path}:" in line]
        assert allowed in line.partition(f"{path}:")[2], path
    assert idle_emulator.requests() == []


SURPRISING = """
Task("warned", registry_name="emulator", platform=linux, step={"type": "EncodedTask", "encodedTaskContent": CONTENT},
    trigger={"timer_triggers": [{"name": "t", "schedule": "0 22-6 * * *"}]})
Run("image", context="app", run_request=build)
"""


def test_what_hardly_anybody_means_is_a_warning_in_preview(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """Redirections on the agent, hours that run backwards, and files that the older builder omits are warnings."""
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
        path, colon, sentence = warning.partition(":")
        assert f"warning: {stack.host.path(path)}{colon}{sentence}" in screen, warning
    assert idle_emulator.writes() == []


def test_malformed_configuration_values_are_sentences(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Preview shows each key, its value and the allowed values; no request is made."""
    wrong = {"endpoint": "emulated", "environment": "mars", "credential": "magic"}
    stack = new_stack("config", program=f'{HEAD}\nTask("build-it", platform=linux, step=step)\n')
    stack.configure(**{**idle_emulator.config, **wrong})
    screen = stack.preview().failed().screen
    for key, allowed in {"endpoint": "embedded", "environment": "usgovernment", "credential": "managed-id"}.items():
        assert f"acr-tasks:{key}" in screen
        assert allowed in screen
    assert idle_emulator.requests() == []
