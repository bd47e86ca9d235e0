"""^C while a run is under way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from ..emulator import Emulator
from ..stack import Stack

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


@pytest.mark.both_hosts
def test_ctrl_c_cancels_the_run_at_the_service(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The engine ends at once, the run's status is Canceled, and the state has no run."""
    stack = new_stack("nap", program=PROGRAM, **emulator.config)
    update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev")
    assert update.stdout
    before = ""
    for line in update.stdout:  # the log is shown live: this very line tells that the step runs
        before += line
        if "napping" in line:
            break
    os.kill(update.pid, signal.SIGINT)
    outcome = stack.ended(update).failed()
    assert "nap" in before, before
    assert "ancel" in outcome.screen
    assert emulator.ends() == ["Canceled"]
    assert stack.resources() == {}
