"""Commands that the network, the emulator or the user interrupts."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..emulator import Emulator
from ..stack import Stack
from .test_embedded import status

PROGRAM = """
import base64
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, PlatformPropertiesArgs, Run

STEPS = b"version: v1.1.0\\nsteps:\\n  - cmd: busybox sh -c 'echo napping; sleep 300'\\n"
Run(
    "nap",
    run_request=EncodedTaskRunRequestArgs(
        encoded_task_content=base64.b64encode(STEPS).decode(), platform=PlatformPropertiesArgs(os="Linux")
    ),
)
"""

UPLOAD = """
from pulumi import CustomTimeouts, ResourceOptions
from pulumi_acr_tasks import (
    DockerBuildRequestArgs, DockerBuildStepArgs, PlatformPropertiesArgs, Run, SourceTriggerArgs, Task,
)

LINUX = PlatformPropertiesArgs(os="Linux")
Task(
    "late-task",
    platform=LINUX,
    step=DockerBuildStepArgs(docker_file_path="Dockerfile", context_path="https://github.com/contoso/web.git"),
    opts=ResourceOptions(custom_timeouts=CustomTimeouts(create="2s")),
)
Run("image", context="app", run_request=DockerBuildRequestArgs(docker_file_path="Dockerfile", platform=LINUX))
"""


def read_until(update: subprocess.Popen[str], *words: str) -> str:
    """Read the screen until it has shown all these words."""
    assert update.stdout
    screen, left = "", set(words)
    for line in update.stdout:
        screen += line
        left = {word for word in left if word not in screen}
        if not left:
            return screen
    raise AssertionError(f"{left} did not come:\n{screen}")


def test_a_service_that_is_lost_and_found_again_in_the_middle_of_a_run(
    tmp_path: Path, new_stack: Callable[..., Stack]
) -> None:
    """The outage is reported after ten seconds with its reason, and so is its end; the run succeeds."""
    with Emulator.started(tmp_path / "data", "--executor", "simulated", "--set", "agent-delay=8") as emulator:
        stack = new_stack("lost", program=PROGRAM, **emulator.config)
        update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev")
        read_until(update, "queued as")
        # A server that is stopped takes connections and answers none: the worst way of being lost.
        os.kill(emulator.pid, signal.SIGSTOP)
        try:
            lost = read_until(update, "has not answered since")
        finally:
            os.kill(emulator.pid, signal.SIGCONT)
        assert "no answer within 10.0 s" in lost
        assert "given up after 600 s" in lost
        found = read_until(update, "answers again")
        outcome = stack.ended(update).succeeded()
        assert "succeeded" in found + outcome.screen
        assert [run["status"] for run in emulator.runs()] == ["Succeeded"]
        stack.destroy().succeeded()


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A data folder whose emulator is stopped afterwards."""
    folder = tmp_path / "data"
    yield folder
    subprocess.run(["acr-tasks-emulator", "stop", "--data", str(folder)], check=True)


def test_an_embedded_emulator_that_is_killed_in_the_middle_of_a_run(
    data: Path, new_stack: Callable[..., Stack]
) -> None:
    """It is restarted at once, at the same address; the run ends as Error, and the headline says why."""
    stack = new_stack("killed", program=PROGRAM, endpoint="embedded", embeddedData=str(data))
    update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev")
    before = read_until(update, "napping")
    assert "waiting for the embedded emulator" in before
    killed = status(data)
    os.kill(int(str(killed["pid"])), signal.SIGKILL)
    outcome = stack.ended(update).failed()
    assert "The embedded emulator had died and was started again." in outcome.screen
    assert "ended because the service or its agent broke" in outcome.screen
    assert status(data)["endpoint"] == killed["endpoint"]
    assert status(data)["pid"] != killed["pid"]
    assert stack.resources() == {}


def test_ctrl_c_is_heard_while_uploading_and_a_timeout_while_a_task_is_made(
    idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """Neither the storage nor the service answers; ^C and the custom timeout end the commands."""
    rules = [
        {"match": {"method": "PUT", "path": path}, "delayMs": 110_000, "drop": "before"}
        for path in ("tar.gz", "/tasks/")
    ]
    idle_emulator.meets(*rules)
    stack = new_stack("upload", program=UPLOAD, **idle_emulator.config)
    stack.write("app/Dockerfile", "FROM scratch\n")
    # The upload begins also where the task's time ends before it: one failure alone would stop the update.
    update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev", "--continue-on-error")
    before = read_until(update, "uploading the context", "did not end within 2 s (the resource's custom timeout)")
    assert "packing the context" in before
    os.kill(update.pid, signal.SIGINT)
    outcome = stack.ended(update).failed()
    assert "upload the context: the update was canceled" in outcome.screen
    assert idle_emulator.runs() == []
    assert stack.resources() == {}
