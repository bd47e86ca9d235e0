"""The ends of runs: canceled, timed out, without a registry, or with a killed emulator."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from .observed_agents import (
    LOGIN_SERVER,
    NAP,
    TOOLS,
    ObservedAgents,
    command_lines,
    docker,
    encoded,
    needs_registry,
    sleeping,
)


@pytest.mark.parametrize(
    ("step", "files"),
    [
        (encoded(f"steps:\n- cmd: busybox sh -c 'setsid {NAP} & echo ready; {NAP}'"), None),
        (docker(), {"Dockerfile": f"FROM busybox\nRUN setsid {NAP} & echo ready; {NAP}\n"}),
    ],
)
def test_cancel(agents: ObservedAgents, step: dict[str, object], files: dict[str, str] | None) -> None:
    """A canceled run ends at once, with its containers and their processes."""
    run_id = agents.submit(step, files)
    agents.wait_for_text(run_id, "\nready\n")
    assert sleeping()
    assert agents.inner.cancel(run_id)
    outcome, log = agents.wait(run_id)
    assert outcome.status == "Canceled"
    assert f"Run ID: {run_id} was canceled" in log
    assert not sleeping()


def test_timeout(agents: ObservedAgents) -> None:
    """A run that exceeds its timeout is ended, and its log says so."""
    outcome, log = agents.run(encoded(f"steps:\n- cmd: busybox {NAP}"), timeout=1)
    assert outcome.status == "Timeout"
    assert "timed out" in log
    assert not sleeping()


def test_timeout_of_a_step(agents: ObservedAgents) -> None:
    """A step that exceeds its timeout fails the run."""
    outcome, _ = agents.run(encoded(f"stepTimeout: 1\nsteps:\n- cmd: busybox {NAP}"))
    assert outcome.status == "Failed"
    assert "longer than its timeout of 1 seconds" in (outcome.error_message or "")
    assert not sleeping()


def test_runs_side_by_side(agents: ObservedAgents) -> None:
    """Several runs build under one name in one store at the same time, and each sees its own image."""
    task = "version: v1.1.0\nsteps:\n- build: -t same .\n- cmd: same cat /mine\n"
    runs = {}
    for mine in ("mine-0", "mine-1", "mine-2", "mine-3"):
        runs[agents.submit(encoded(task), {"Dockerfile": f"FROM busybox\nRUN echo {mine} > /mine\n"})] = mine
    for run_id, mine in runs.items():
        outcome, log = agents.wait(run_id)
        assert outcome.status == "Succeeded", log
        assert f"\n{mine}\n" in log


@pytest.mark.parametrize("kind", TOOLS)
def test_without_a_registry(tmp_path: Path, kind: str) -> None:
    """Without a registry program, images go to an OCI layout of the data folder, and later runs find them there."""
    agents = ObservedAgents(tmp_path, "no-such-registry", kind)
    try:
        outcome, log = agents.run(docker(imageNames=["base:1"]), {"Dockerfile": "FROM scratch\nCOPY a /a\n", "a": "x"})
        assert outcome.status == "Succeeded", log
        algorithm, _, value = outcome.output_images[0]["digest"].partition(":")
        assert (tmp_path / "oci" / "base" / "blobs" / algorithm / value).exists()
        outcome, log = agents.run(docker(), {"Dockerfile": f"FROM {LOGIN_SERVER}/base:1\nCOPY a /b\n", "a": "x"})
        assert outcome.status == "Succeeded", log
    finally:
        agents.close()


EMULATOR = """
import sys
from pathlib import Path
from acr_tasks_emulator.execution.docker.docker_cli import DockerCli
from acr_tasks_emulator.execution.executor import choose
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.process.supervisor import Supervisor

class Sink:
    def write(self, data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

data, supervisor = Path(sys.argv[1]), Supervisor()
executor = choose(sys.argv[3], data, OciRegistry(data, supervisor), supervisor)
step = {"type": "EncodedTask", "encodedTaskContent": sys.argv[2]}
executor.run(Job("cf1", "emulator", "127.0.0.1:5555", step), RunLog(Sink()), Cancellation())
"""


@needs_registry
@pytest.mark.parametrize("kind", TOOLS)
def test_killed_emulator(tmp_path: Path, kind: str) -> None:
    """After SIGKILL of the emulator no container, builder, registry or mount is left, and the store works again."""
    step = encoded(f"steps:\n- cmd: busybox sh -c 'setsid {NAP} & echo ready; {NAP}'")
    argv = [sys.executable, "-c", EMULATOR, str(tmp_path), str(step["encodedTaskContent"]), kind]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            assert any(line == b"ready\r\n" for line in parent.stdout)
            assert sleeping()
            ours = [pid for pid, line in command_lines().items() if str(tmp_path) in line or NAP in line]
            alive = [os.pidfd_open(pid) for pid in ours]
        finally:
            parent.send_signal(signal.SIGKILL)
    for process in alive:
        assert select.select([process], [], [], 10)[0], "a process is left"
        os.close(process)
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    again = ObservedAgents(tmp_path, kind=kind)
    try:
        outcome, log = again.run(encoded("steps:\n- cmd: busybox echo alive"))
        assert outcome.status == "Succeeded", log
    finally:
        again.close()
