"""An update that is killed while it awaits a run."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import base64
import pulumi
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, PlatformPropertiesArgs, Run

STEPS = b"version: v1.1.0\\nsteps:\\n  - cmd: busybox echo done\\n    startDelay: 10\\n"
run = Run(
    "slow",
    run_request=EncodedTaskRunRequestArgs(
        encoded_task_content=base64.b64encode(STEPS).decode(), platform=PlatformPropertiesArgs(os="Linux")
    ),
)
pulumi.export("run_id", run.run_id)
"""


@pytest.mark.both_hosts
@pytest.mark.parametrize("victims", ["engine and plugin", "engine"])
def test_the_next_up_takes_the_run_up_again(
    victims: str, idle_emulator: Emulator, new_stack: Callable[..., Stack]
) -> None:
    """The next up awaits the same run; the provider and the program end by themselves without an engine."""
    stack = new_stack("killed", program=PROGRAM, forked=False, **idle_emulator.config)
    update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev")
    assert update.stdout
    for line in update.stdout:
        if "queued as" in line or "Queued" in line or "Running" in line:
            break
    below = list(_descendants(update.pid))
    plugins = [pid for pid in below if stack.host.process in _command(pid)]
    assert plugins
    assert any(b"pulumi-language-python" in _command(pid) for pid in below)
    os.kill(update.pid, signal.SIGKILL)
    if victims == "engine and plugin":
        for pid in plugins:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    update.stdout.close()
    update.wait(timeout=120)
    until = time.monotonic() + 120
    while alive := [command for pid in below if (command := _command(pid))]:
        assert time.monotonic() < until, f"{alive} go on without their engine"
        time.sleep(0.1)  # between two looks
    stack.forked = True
    (run,) = idle_emulator.runs()
    assert run["status"] in ("Queued", "Running", "Succeeded"), run

    idle_emulator.forget_requests()
    stack.pulumi("cancel", "--yes", "--stack", "dev").succeeded()  # the lock of the killed update
    screen = stack.up().succeeded().screen
    assert f"Run {run['runId']}, which an interrupted update had scheduled, is taken up again." in screen
    assert "POST scheduleRun" not in idle_emulator.writes()
    assert stack.outputs()["run_id"] == run["runId"]
    assert [run["status"] for run in idle_emulator.runs()] == ["Succeeded"]
    stack.up().changed_nothing()


BUILD = """
import pulumi
from pulumi_acr_tasks import DockerBuildRequestArgs, Run

run = Run(
    "image", context="app", run_request=DockerBuildRequestArgs(image_names=["app:v1"], docker_file_path="Dockerfile")
)
pulumi.export("run_id", run.run_id)
"""


def test_a_run_is_found_although_no_answer_ever_came(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The answer is lost, and the engine and the provider are killed during the search.

    The next up finds the run by its image, and starts no other one.
    """
    if emulator.executor == "simulated":
        pytest.skip("only images prove whose run it is")
    stack = new_stack("unanswered", program=BUILD, forked=False, **emulator.config)
    stack.write("app/Dockerfile", "FROM busybox\nRUN sleep 5\n")
    emulator.meets({"match": {"method": "POST", "path": "/scheduleRun$"}, "times": 1, "drop": "after"})
    update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev")
    assert update.stdout
    assert any("the answer was lost" in line for line in update.stdout)
    for pid in [update.pid, *_descendants(update.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    update.stdout.close()
    update.wait(timeout=120)

    stack.forked = True
    stack.pulumi("cancel", "--yes", "--stack", "dev").succeeded()
    (run,) = emulator.runs()
    screen = stack.up().succeeded().screen
    assert f"Run {run['runId']}, which an interrupted update had scheduled, is taken up again." in screen
    assert stack.outputs()["run_id"] == run["runId"]
    assert [run["status"] for run in emulator.runs()] == ["Succeeded"]
    stack.up().changed_nothing()


def _command(pid: int) -> bytes:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _descendants(pid: int) -> Iterator[int]:
    told = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    for child in map(int, told.stdout.split()):
        yield child
        yield from _descendants(child)
