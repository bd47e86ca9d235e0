"""A stack of dynamic resources moves to a program in another language."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..emulator import Emulator
from ..stack import Stack

pytestmark = pytest.mark.one_host(reason="its programs name the host themselves")

CONTENT = "dmVyc2lvbjogdjEuMS4wCnN0ZXBzOgogIC0gY21kOiBidXN5Ym94IGVjaG8gaGkK"
PYTHON = f"""
import pulumi
import pulumi_acr_tasks as acr_tasks

linux = acr_tasks.PlatformPropertiesArgs(os="Linux")
acr_tasks.Task(
    "web-build",
    platform=linux,
    step=acr_tasks.DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://github.com/a/b.git",
        arguments=[acr_tasks.ArgumentArgs(name="KEY", value=pulumi.Output.secret("c4nary"), is_secret=True)],
    ),
)
request = acr_tasks.EncodedTaskRunRequestArgs(encoded_task_content="{CONTENT}", platform=linux)
acr_tasks.Run("greeted", run_request=request)
"""
YAML = f"""
resources:
  web-build:
    type: acr-tasks:Task
    properties:
      platform: {{os: Linux}}
      step:
        type: Docker
        dockerFilePath: Dockerfile
        contextPath: https://github.com/a/b.git
        arguments: [{{name: KEY, value: {{fn::secret: c4nary}}, isSecret: true}}]
  greeted:
    type: acr-tasks:Run
    properties:
      runRequest: {{type: EncodedTaskRunRequest, encodedTaskContent: {CONTENT}, platform: {{os: Linux}}}}
"""


def test_a_python_stack_moves_to_yaml(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The first up of the YAML program makes no request that writes: no task is touched, no run starts."""
    stack = new_stack("moving", program=PYTHON, **idle_emulator.config)
    stack.up().succeeded()
    ids = {name: each["id"] for name, each in stack.resources().items()}

    stack.edit("Pulumi.yaml", "runtime:\n  name: python\n  options: {toolchain: pip}\n", "runtime: yaml\n")
    stack.write("Pulumi.yaml", (stack.folder / "Pulumi.yaml").read_text() + YAML)
    idle_emulator.forget_requests()
    stack.up().succeeded()
    stack.refresh().changed_nothing()
    assert idle_emulator.writes() == []
    assert {name: each["id"] for name, each in stack.resources().items()} == ids
    stack.settles()
