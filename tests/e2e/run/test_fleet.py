"""Many runs of one program at once: shown, canceled, and watched at the cost of a few."""

from __future__ import annotations

import base64
import os
import re
import signal
import time
from collections.abc import Callable
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
    """Ten runs are Canceled at the service, and the screen says so of each."""
    stack = new_stack("many", program=runs(10, 300), **idle_emulator.config)
    update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev", "--parallel", "64")
    _await(lambda: [run["status"] for run in idle_emulator.runs()] == ["Running"] * 10)
    os.kill(update.pid, signal.SIGINT)
    outcome = stack.ended(update).failed()
    assert idle_emulator.ends() == ["Canceled"] * 10
    for number in range(10):
        assert f"run-{number}" in outcome.screen
    assert outcome.screen.count("was canceled at the service, because the update was") >= 10, outcome.screen
    assert stack.resources() == {}


def test_runs_without_an_agent_say_that_they_are_queued(tmp_path: Path, new_stack: Callable[..., Stack]) -> None:
    """Both agents are busy: three runs are queued, and succeed once the agents are free."""
    with Emulator.started(tmp_path / "emulator", "--executor", "simulated", "--agents", "2") as emulator:
        held = [schedule(emulator, seconds=3600) for _ in range(2)]
        stack = new_stack("queue", program=runs(3, 0), **emulator.config)
        update = stack.start("up", "--yes", "--skip-preview", "--stack", "dev", "--parallel", "64")
        assert update.stdout
        queued: set[str] = set()
        while len(queued) < 3:
            line = update.stdout.readline()
            assert line, f"only {queued} are said to be queued"
            queued |= set(re.findall(r"(\w+): Queued", line))
        for run_id in held:
            assert emulator.ask("POST", f"/runs/{run_id}/cancel").status_code == 200
        stack.ended(update).succeeded()
        assert [run["status"] for run in emulator.runs()] == ["Succeeded"] * 3 + ["Canceled"] * 2


@pytest.mark.both_hosts
def test_forty_runs_are_watched_at_the_cost_of_a_few(idle_emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """At most twenty reads are made while forty runs of five seconds are awaited.

    A slow machine takes longer, and is allowed two reads a second. Polling each run would take ten times as many.
    """
    stack = new_stack("fleet", program=runs(40, 5), **idle_emulator.config)
    idle_emulator.forget_requests()
    began = time.monotonic()
    stack.up("--parallel", "64").succeeded()
    seconds = time.monotonic() - began
    reads = [
        asked for asked in idle_emulator.requests() if asked["method"] == "GET" and asked["path"].startswith("/subs")
    ]
    assert len(reads) <= max(20, 2 * seconds), [
        (asked["path"].rsplit("/", 1)[-1], asked.get("time")) for asked in reads
    ]
    assert [run["status"] for run in idle_emulator.runs()] == ["Succeeded"] * 40


def schedule(emulator: Emulator, seconds: int) -> str:
    """Schedule a run that lasts, as any client of the service does; return its id."""
    steps = f"version: v1.1.0\nsteps:\n  - cmd: busybox echo done\n    startDelay: {seconds}\n"
    content = base64.b64encode(steps.encode()).decode()
    request = {"type": "EncodedTaskRunRequest", "platform": {"os": "Linux"}, "encodedTaskContent": content}
    return str(emulator.ask("POST", "/scheduleRun", json=request).json()["name"])


def _await(condition: Callable[[], bool], seconds: float = 120) -> None:
    """Poll the service until the condition holds."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)  # between two looks
