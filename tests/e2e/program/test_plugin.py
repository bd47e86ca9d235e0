"""The provider plugin under the real engine: the life of a stack whose program names the plugin's types."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import pulumi
from pulumi_acr_tasks import plugin as acr_tasks

linux = acr_tasks.PlatformPropertiesArgs(os="Linux")
task = acr_tasks.Task(
    "greeting", platform=linux, step=acr_tasks.EncodedTaskStepArgs.from_cmd("busybox echo hi"), timeout=600
)
run = acr_tasks.Run(
    "greeted", run_request=acr_tasks.EncodedTaskRunRequestArgs.from_cmd("busybox echo hi", platform=linux)
)
pulumi.export("state", task.provisioning_state)
pulumi.export("status", run.status)
"""


@pytest.mark.one_host(reason="its program names the types of the plugin itself")
def test_the_stack_of_a_program_with_the_plugin_s_types_lives(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """Each change becomes exactly the requests that it needs."""
    stack = new_stack("plugin", program=PROGRAM, **idle_emulator.config)

    # up previews without a request that writes, creates the task and awaits the run
    stack.preview().succeeded()
    assert idle_emulator.writes() == []
    stack.up().succeeded()
    assert {"PUT greeting", "POST scheduleRun"} <= {*idle_emulator.writes()}
    assert stack.outputs() == {"state": "Succeeded", "status": "Succeeded"}

    # a changed timeout is one PATCH of the task, and no run
    stack.edit("__main__.py", "timeout=600", "timeout=700")
    idle_emulator.forget_requests()
    stack.up().succeeded()
    assert idle_emulator.writes() == ["PATCH greeting"]
    assert idle_emulator.task("greeting")["properties"]["timeout"] == 700

    # a wrong value is refused by path, before any request
    stack.edit("__main__.py", "timeout=700", "timeout=7")
    assert "timeout: is 7" in stack.preview().failed().screen
    stack.edit("__main__.py", "timeout=7\n", "timeout=700\n")

    # nothing is left to do, and destroy leaves nothing
    stack.settles()
    assert idle_emulator.ask("GET", "/tasks/greeting").status_code == 404
