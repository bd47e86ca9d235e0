"""Journal entries after a command."""

from __future__ import annotations

from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import pulumi
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, EncodedTaskStepArgs, PlatformPropertiesArgs, Run, Task

STEPS = "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="
LINUX = PlatformPropertiesArgs(os="Linux")
Task("greeting", platform=LINUX, step=EncodedTaskStepArgs(encoded_task_content=STEPS), opts=pulumi.ResourceOptions())
Run("once", run_request=EncodedTaskRunRequestArgs(encoded_task_content=STEPS, platform=LINUX))
"""


def _entries(stack: Stack) -> int:
    return len(list((stack.folder / ".home/acr-tasks-journal").rglob("*.json")))


def test_a_command_that_ends_leaves_no_entry(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """A task that was removed from the state is not taken over, and a run that is to run again runs again."""
    stack = new_stack("entries", program=PROGRAM, **idle_emulator.config)
    stack.up().succeeded()
    assert _entries(stack) == 0
    urns = {name: resource["urn"] for name, resource in stack.resources().items()}

    # --replace and taint of a run are runs of their own
    stack.up("--replace", urns["once"]).succeeded()
    assert len(idle_emulator.runs()) == 2
    stack.pulumi("state", "taint", urns["once"], "--yes", "--stack", "dev").succeeded()
    stack.up().succeeded()
    assert len(idle_emulator.runs()) == 3

    # a task that the state was told to forget is an existing task
    stack.pulumi("state", "delete", urns["greeting"], "--yes", "--stack", "dev").succeeded()
    assert "task greeting exists already" in stack.up().failed().screen
    stack.edit("__main__.py", "opts=", "adopt=True, opts=")
    stack.up().succeeded()

    # so is one that was retained
    stack.edit("__main__.py", "ResourceOptions()", "ResourceOptions(retain_on_delete=True)")
    stack.up().succeeded()
    stack.edit("__main__.py", "Task(", "str(")
    stack.edit("__main__.py", 'str("greeting"', 'dict(name="greeting"')
    stack.up().succeeded()
    stack.edit("__main__.py", 'dict(name="greeting"', 'Task("greeting"')
    stack.edit("__main__.py", "adopt=True, opts=", "timeout=900, opts=")
    assert "task greeting exists already" in stack.up().failed().screen
    assert idle_emulator.task("greeting")["properties"]["timeout"] == 3600

    # and one of a stack that was removed
    stack.pulumi("stack", "rm", "--force", "--yes", "--stack", "dev").succeeded()
    stack.pulumi("stack", "init", "dev").succeeded()
    assert "task greeting exists already" in stack.up().failed().screen
    assert _entries(stack) == 0
