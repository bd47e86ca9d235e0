"""Many runs of one program at once: shown, canceled, and watched at the cost of a few."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import base64
import pulumi
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, PlatformPropertiesArgs, Run

STEPS = b"version: v1.1.0\\nsteps:\\n  - cmd: busybox echo done\\n    startDelay: SECONDS\\n"
for number in range(COUNT):
    Run(
        f"run-{number}",
        run_request=EncodedTaskRunRequestArgs(
            encoded_task_content=base64.b64encode(STEPS).decode(), platform=PlatformPropertiesArgs(os="Linux")
        ),
    )
"""


def runs(count: int, seconds: int) -> str:
    return PROGRAM.replace("COUNT", str(count)).replace("SECONDS", str(seconds))


def test_ctrl_c_cancels_every_run_in_flight(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """Ten runs are Canceled at the service within two seconds, and the screen says so of each."""
    stack = new_stack("many", program=runs(10, 300), **idle_emulator.config)
    update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev", "--parallel", "64")
    _await(lambda: [run["status"] for run in idle_emulator.runs()] == ["Running"] * 10)
    os.kill(update.pid, signal.SIGINT)
    began = time.time()
    outcome = stack.ended(update).failed()
    ended = [datetime.fromisoformat(run["finishTime"][:19] + "+00:00").timestamp() for run in idle_emulator.runs()]
    assert [run["status"] for run in idle_emulator.runs()] == ["Canceled"] * 10
    assert max(ended) - began <= 2.0, (began, ended)  # the service tells whole seconds here, rounded down
    for number in range(10):
        assert f"run-{number}" in outcome.screen
    assert outcome.screen.count("was canceled at the service, because the update was") >= 10, outcome.screen
    assert stack.resources() == {}


def test_runs_without_an_agent_say_that_they_are_queued(tmp_path: Path, new_stack: Callable[..., Stack]) -> None:
    """Two agents, five runs: three wait for their turn, and all end well."""
    with Emulator.started(tmp_path / "emulator", "--executor", "simulated", "--agents", "2") as emulator:
        stack = new_stack("queue", program=runs(5, 3), **emulator.config)
        screen = stack.up("--parallel", "64").succeeded().screen
        queued = {line.split()[0] for line in screen.splitlines() if ": Queued" in line}
        print(f"lines that say Queued: {sum(': Queued' in line for line in screen.splitlines())} {queued}")
        assert sum(": Queued" in line for line in screen.splitlines()) >= 3, screen
        assert [run["status"] for run in emulator.runs()] == ["Succeeded"] * 5


@pytest.mark.both_hosts
def test_forty_runs_are_watched_at_the_cost_of_a_few(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """At most twenty reads in all while forty runs of five seconds are awaited."""
    stack = new_stack("fleet", program=runs(40, 5), **idle_emulator.config)
    idle_emulator.forget_requests()
    stack.up("--parallel", "64").succeeded()
    reads = [
        asked for asked in idle_emulator.requests() if asked["method"] == "GET" and asked["path"].startswith("/subs")
    ]
    print(f"reads: {len(reads)}, of them lists: {sum(asked['path'].endswith('/runs') for asked in reads)}")
    assert len(reads) <= 20, [(asked["path"].rsplit("/", 1)[-1], asked.get("time")) for asked in reads]
    assert [run["status"] for run in idle_emulator.runs()] == ["Succeeded"] * 40


def _await(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Waits until the service says so; it is asked, as there is nobody who would tell."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
