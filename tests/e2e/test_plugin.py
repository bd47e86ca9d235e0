"""The provider plugin under the real engine: the life of a stack whose program names the plugin's types."""

from __future__ import annotations

from collections.abc import Callable

from .emulator import Emulator
from .stack import Stack

PROGRAM = """
import pulumi

step = {"type": "EncodedTask", "encodedTaskContent": "dmVyc2lvbjogdjEuMS4wCnN0ZXBzOgogIC0gY21kOiBidXN5Ym94IGVjaG8gaGkK"}
task = pulumi.CustomResource(
    "acr-tasks:index:Task",
    "greeting",
    {"platform": {"os": "Linux"}, "step": step, "timeout": 600, "provisioningState": None, "taskName": None},
)
run = pulumi.CustomResource(
    "acr-tasks:index:Run",
    "greeted",
    {"runRequest": {**step, "type": "EncodedTaskRunRequest", "platform": {"os": "Linux"}}, "status": None},
)
pulumi.export("state", task.provisioningState)
pulumi.export("status", run.status)
"""


def test_the_stack_of_a_program_with_the_plugin_s_types_lives(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """Each change becomes just the requests that it needs."""
    stack = new_stack("plugin", program=PROGRAM, **idle_emulator.config)

    # up previews without a request that writes, creates the task and awaits the run
    stack.preview().succeeded()
    assert idle_emulator.writes() == []
    stack.up().succeeded()
    assert {"PUT greeting", "POST scheduleRun"} <= {*idle_emulator.writes()}
    assert stack.outputs() == {"state": "Succeeded", "status": "Succeeded"}

    # a changed timeout is one PATCH of the task, and no run
    stack.edit("__main__.py", '"timeout": 600', '"timeout": 700')
    idle_emulator.forget_requests()
    stack.up().succeeded()
    assert idle_emulator.writes() == ["PATCH greeting"]
    assert idle_emulator.task("greeting")["properties"]["timeout"] == 700

    # a wrong value is refused by path, before any request
    stack.edit("__main__.py", '"timeout": 700', '"timeout": 7')
    assert "timeout: is 7" in stack.preview().failed().screen
    stack.edit("__main__.py", '"timeout": 7,', '"timeout": 700,')

    # nothing is left to do, and destroy leaves nothing
    stack.settles()
    assert idle_emulator.ask("GET", "/tasks/greeting").status_code == 404
