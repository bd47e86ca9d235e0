"""The emulator that the provider starts by itself."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..stack import Stack

PROGRAM = """
import base64
import pulumi
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, PlatformPropertiesArgs, Run

steps = base64.b64encode(b"steps:\\n  - cmd: busybox echo hello\\n").decode()
run = Run("hello", run_request=EncodedTaskRunRequestArgs(
    encoded_task_content=steps, platform=PlatformPropertiesArgs(os="Linux")))
pulumi.export("id", run.id)
"""

TASK = """
from pulumi_acr_tasks import EncodedTaskStepArgs, Task
Task("greeting", platform=PlatformPropertiesArgs(os="Linux"), step=EncodedTaskStepArgs(encoded_task_content=steps))
"""


def status(data: Path) -> dict[str, object]:
    command = ["acr-tasks-emulator", "status", "--data", str(data), "--json"]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))


def serving(data: Path) -> list[int]:
    """Return the processes that serve a data folder, without those that have ended and wait for their parent."""
    command = ["pgrep", "--runstates", "RSD", "--full", f"acr.tasks.emulator serve .*{data}"]
    return [int(pid) for pid in subprocess.run(command, capture_output=True, text=True, check=False).stdout.split()]


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose emulator is stopped afterwards."""
    folder = tmp_path / "data"
    yield folder
    subprocess.run(["acr-tasks-emulator", "stop", "--data", str(folder)], check=True)


def test_programs_share_an_emulator_that_keeps_its_address(data: Path, new_stack: Callable[..., Stack]) -> None:
    """Of two ups at the same moment one starts it, and later commands find it; after a stop it gets the same port."""
    stacks = [new_stack(name, program=PROGRAM, endpoint="embedded", embeddedData=str(data)) for name in ("one", "two")]
    updates = [stack.start("up", "--yes", "--stack", "dev") for stack in stacks]
    screens = [stack.ended(update).succeeded().screen for stack, update in zip(stacks, updates, strict=True)]
    assert "acr-tasks-emulator stop" in "".join(screens)
    assert len({stack.outputs()["id"] for stack in stacks}) == 2
    first = status(data)
    assert serving(data) == [first["pid"]]
    stacks[0].refresh().changed_nothing()
    assert status(data)["pid"] == first["pid"]

    subprocess.run(["acr-tasks-emulator", "stop", "--data", str(data)], check=True)
    assert serving(data) == []
    stacks[0].refresh().changed_nothing()
    second = status(data)
    assert second["pid"] != first["pid"]
    assert second["endpoint"] == first["endpoint"]
    for stack in stacks:
        stack.destroy().succeeded()


def test_a_renamed_stack_finds_its_emulator(new_stack: Callable[..., Stack]) -> None:
    """The sentence names the folder; once the folder is moved, nothing has changed."""
    stack = new_stack("renamed", program=PROGRAM.partition("run = ")[0] + TASK, endpoint="embedded")
    stack.up().succeeded()
    former = stack.folder / ".home/acr-tasks-emulator/renamed/dev"
    now = former.with_name("prod")
    try:
        stack.pulumi("stack", "rename", "prod", "--stack", "dev").succeeded()
        for command in (["preview"], ["refresh", "--yes", "--skip-preview"]):
            screen = stack.pulumi(*command, "--stack", "prod").failed().screen
            assert f"FORMER one of {former}" in screen
        subprocess.run(["acr-tasks-emulator", "stop", "--data", str(former)], check=True)
        former.rename(now)
        stack.pulumi("refresh", "--yes", "--skip-preview", "--stack", "prod").changed_nothing()
        stack.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod").succeeded()
    finally:
        subprocess.run(["acr-tasks-emulator", "stop", "--data", str(now if now.exists() else former)], check=True)
