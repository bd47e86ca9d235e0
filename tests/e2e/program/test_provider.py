"""Explicit providers: resources at another endpoint in the same program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import pulumi
from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Provider, Task

other = Provider(
    "other",
    endpoint=pulumi.Config().require("other"),
    subscription_id="00000000-0000-0000-0000-000000000000",
    resource_group_name="rg",
    registry_name="emulator",
)
step = EncodedTaskStepArgs(encoded_task_content="c3RlcHM6IFt7Y21kOiBidXN5Ym94IHRydWV9XQ==")
Task("there", platform=PlatformPropertiesArgs(os="Linux"), step=step, task_name="elsewhere",
     opts=pulumi.ResourceOptions(provider=other))
Task("here-it-is", platform=PlatformPropertiesArgs(os="Linux"), step=step)
"""

ONE_TASK = """
from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Task

step = EncodedTaskStepArgs(encoded_task_content="c3RlcHM6IFt7Y21kOiBidXN5Ym94IHRydWV9XQ==")
Task("stays-here", platform=PlatformPropertiesArgs(os="Linux"), step=step)
"""


def test_a_provider_has_an_endpoint_of_its_own(
    idle_emulator: Emulator, tmp_path: Path, new_stack: Callable[..., Stack]
) -> None:
    """Two tasks of one program live in two emulators."""
    with Emulator.started(tmp_path / "other", "--executor", "simulated") as other:
        stack = new_stack("providers", program=PROGRAM, **idle_emulator.config)
        stack.pulumi("config", "set", "other", other.endpoint, "--stack", "dev").succeeded()
        stack.up().succeeded()
        assert other.task("elsewhere")["name"] == "elsewhere"
        assert idle_emulator.task("here-it-is")["name"] == "here-it-is"
        assert idle_emulator.ask("GET", "/tasks/elsewhere").status_code == 404
        stack.settles()
        assert other.ask("GET", "/tasks/elsewhere").status_code == 404


def test_a_resource_is_refused_at_another_endpoint(
    idle_emulator: Emulator, tmp_path: Path, new_stack: Callable[..., Stack]
) -> None:
    """A stack that points to another endpoint than its tasks neither drops nor recreates them."""
    stack = new_stack("moved", program=ONE_TASK, **idle_emulator.config)
    stack.up().succeeded()
    with Emulator.started(tmp_path / "other", "--executor", "simulated") as other:
        stack.configure(**{**idle_emulator.config, "endpoint": other.endpoint})
        screen = stack.up(preview=True).failed().screen
        assert idle_emulator.endpoint in screen
        assert other.endpoint in screen
        stack.refresh().changed_nothing()  # the engine refreshes with the provider of the state: where the task lives
        assert other.writes() == []
    stack.configure(**idle_emulator.config)
    stack.up().changed_nothing()
