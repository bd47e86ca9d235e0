"""Simulated runs: their delays, and their failures."""

from __future__ import annotations

import base64
import io
import re
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.real.emulator.execution.observed_agents import CANNOT_BE_RUN

from acr_tasks_emulator.execution.agents import Agents
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.simulated_executor import SimulatedExecutor

INVALID = [
    "steps: nonsense",
    "steps:\n  - build:\n",
    "steps: [",
    "{{.Run.Nope}}",
    "version: 1.0.0-preview\nsteps:\n  - cmd: >\n      busybox echo\n      {{.Run.Registry}}/web:{{.Run.ID}}\n",
]
ONLY_FOR_REAL = ("git fetch failed", "Linux builds and containers only")
# The step that waits for an hour is the first of the file, so only its delay can keep it behind the other.
HELD = "steps:\n- {id: held, when: ['-'], cmd: a, startDelay: 3600}\n- {id: free, when: ['-'], cmd: b}\n"


class Recorder:
    """An observer and log of one run that can be waited for."""

    def __init__(self) -> None:
        self.text = ""
        self.mark = ""
        self.outcome: Outcome | None = None
        self.changed = threading.Condition()

    def started(self, run_id: str) -> bool:
        return True

    def finished(self, run_id: str, outcome: Outcome) -> None:
        with self.changed:
            self.outcome = outcome
            self.changed.notify_all()

    def log(self, run_id: str) -> Recorder:
        return self

    def write(self, data: bytes) -> None:
        with self.changed:
            self.text += data.decode()
            self.changed.notify_all()

    def complete(self, value: str) -> None:
        self.mark = value

    def until_logged(self, text: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: text in self.text, 10), self.text

    def until_finished(self) -> Outcome:
        with self.changed:
            assert self.changed.wait_for(lambda: self.outcome, 10), self.text
        assert self.outcome is not None
        return self.outcome


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def agents(recorder: Recorder) -> Iterator[Agents]:
    agents = Agents(1, SimulatedExecutor(), recorder)
    yield agents
    agents.close()


def encoded_job(text: str, timeout: int = 3600) -> Job:
    step = {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(text.encode()).decode()}
    return Job("cf1", "emulator", "127.0.0.1:5000", step, timeout=timeout)


def job_of(folder: Path, step: dict[str, Any], files: dict[str, str] | None, **members: Any) -> Job:
    """Return a run with an uploaded archive of files, or none."""
    if files is None:
        return Job("cf1", "emulator", "127.0.0.1:5000", step, **members)
    source = folder / "source.tar.gz"
    with tarfile.open(source, "w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return Job("cf1", "emulator", "127.0.0.1:5000", step, source=source, **members)


def file_job(folder: Path, text: str, **step: str) -> Job:
    """Return a run of acb.yaml out of an uploaded archive."""
    return job_of(folder, {"type": "FileTask", "taskFilePath": "acb.yaml", **step}, {"acb.yaml": text})


def test_steps_that_do_nothing(agents: Agents, recorder: Recorder, tmp_path: Path) -> None:
    """The log names each step, and says that it does nothing."""
    text = "steps:\n- {id: one, build: -t {{.Run.Registry}}/app .}\n- {id: two, push: ['{{.Run.Registry}}/app']}\n"
    agents.submit(job_of(tmp_path, encoded_job(text + "- {id: three, cmd: a}\n").step, {"Dockerfile": "FROM a\n"}))
    assert recorder.until_finished() == Outcome("Succeeded")
    steps = [line.partition("simulated: step ")[2] for line in recorder.text.splitlines() if "simulated: step" in line]
    assert steps == ["one does nothing.", "two does nothing.", "three does nothing."]


def test_the_folder_of_runs(recorder: Recorder, tmp_path: Path) -> None:
    """A source is unpacked below the given folder, where the next start finds it, and is removed with its run."""
    runs = tmp_path / "runs"
    agents = Agents(1, SimulatedExecutor(folder=runs), recorder)
    agents.submit(file_job(tmp_path, HELD))
    recorder.until_logged("Executing step ID: held")
    assert [path.name for path in runs.glob("*/source/*")] == ["acb.yaml"]
    agents.close()
    assert list(runs.iterdir()) == []


@pytest.mark.parametrize(("step", "files", "members", "problem"), CANNOT_BE_RUN)
def test_a_run_that_cannot_start_fails(
    agents: Agents,
    recorder: Recorder,
    tmp_path: Path,
    step: dict[str, object],
    files: dict[str, str] | None,
    members: dict[str, object],
    problem: str,
) -> None:
    """A mistake that is found before anything starts fails a simulated run too, in the same words.

    No address is fetched, and lines for Windows are not judged.
    """
    agents.submit(job_of(tmp_path, step, files, **members))
    succeeds = problem in ONLY_FOR_REAL
    assert recorder.until_finished().status == ("Succeeded" if succeeds else "Failed"), recorder.text
    assert (problem in recorder.text) is not succeeds, recorder.text


def test_a_context_at_an_address_is_not_fetched(agents: Agents, recorder: Recorder) -> None:
    """The log says so; the options of the build are judged all the same."""
    url = "https://example.com/a.git"
    agents.submit(encoded_job(f"steps:\n- build: -t a {url}\n- build: --fly {url}\n"))
    assert recorder.until_finished().error_message == "failed during run, err: exit status 125"
    assert "simulated: the context is not fetched: its Dockerfile is not judged." in recorder.text
    assert "docker: unknown flag: --fly" in recorder.text


def test_a_build_behind_a_command(agents: Agents, recorder: Recorder, tmp_path: Path) -> None:
    """A command may change the source, so mistakes of a later build are logged, and the run goes on."""
    text = "steps:\n- cmd: a\n- build: .\n- build: -f made.Dockerfile .\n- build: -f mount.Dockerfile .\n"
    files = {"Dockerfile": "FROM --platform=$X a\n", "mount.Dockerfile": "FROM a\nRUN --mount=type=ssh b\n"}
    agents.submit(job_of(tmp_path, encoded_job(text).step, files))
    assert recorder.until_finished() == Outcome("Succeeded")
    assert "unable to understand line FROM --platform=$X a" in recorder.text
    assert "unable to find made.Dockerfile in the source" in recorder.text
    assert "the --mount option requires BuildKit" in recorder.text
    assert recorder.text.count("unless a step before it changes the files of the source") == 3


def test_a_start_delay_passes(agents: Agents, recorder: Recorder) -> None:
    """A step begins after its delay, and the run ends after the step."""
    agents.submit(encoded_job(HELD.replace("3600", "1")))
    assert recorder.until_finished().status == "Succeeded"
    assert recorder.text.index("step free does nothing") < recorder.text.index("step held does nothing")


def test_a_cancel_cuts_a_start_delay_short(agents: Agents, recorder: Recorder) -> None:
    """A run that waits for a start delay ends Canceled, without the delayed step."""
    agents.submit(encoded_job(HELD))
    recorder.until_logged("step free does nothing")
    assert agents.cancel("cf1")
    assert recorder.until_finished().status == "Canceled"
    assert "step held does nothing" not in recorder.text
    assert recorder.mark == "canceled"


def test_a_start_delay_longer_than_the_timeout(agents: Agents, recorder: Recorder) -> None:
    """A run whose delays exceed its timeout ends Timeout."""
    agents.submit(encoded_job(HELD, timeout=1))
    assert recorder.until_finished().status == "Timeout"
    assert recorder.mark == "timedout"


@pytest.mark.parametrize("text", INVALID)
def test_an_invalid_encoded_task(agents: Agents, recorder: Recorder, text: str) -> None:
    """The run ends Failed, and the log's last line has the agent's reason."""
    agents.submit(encoded_job(text))
    outcome = recorder.until_finished()
    assert outcome.status == "Failed"
    assert str(outcome.error_message).startswith("failed to unmarshal task before running: ")
    last = recorder.text.splitlines()[-1]
    assert re.fullmatch(rf"Run ID: cf1 failed after \d+s\. Error: {re.escape(str(outcome.error_message))}", last)
    assert recorder.mark == "failed"


@pytest.mark.parametrize("text", INVALID)
def test_an_invalid_task_file(agents: Agents, recorder: Recorder, tmp_path: Path, text: str) -> None:
    """A task file in an archive fails a run like an encoded one."""
    agents.submit(file_job(tmp_path, text))
    outcome = recorder.until_finished()
    assert outcome.status == "Failed"
    assert str(outcome.error_message).startswith("failed to unmarshal task before running: ")


def test_a_task_file(agents: Agents, recorder: Recorder, tmp_path: Path) -> None:
    """The steps of a task file do nothing, and the run succeeds."""
    agents.submit(file_job(tmp_path, "steps:\n- {id: one, cmd: a}\n"))
    assert recorder.until_finished().status == "Succeeded"
    assert "step one does nothing" in recorder.text


@pytest.mark.parametrize("missing", ["taskFilePath", "valuesFilePath"])
def test_a_task_file_that_is_missing(agents: Agents, recorder: Recorder, tmp_path: Path, missing: str) -> None:
    """A run fails when the archive lacks the task file or the values file."""
    agents.submit(file_job(tmp_path, "steps:\n- cmd: a\n", **{missing: "nope.yaml"}))
    assert recorder.until_finished() == Outcome("Failed", error_message="unable to find nope.yaml in the source")


def test_a_task_file_in_a_repository(agents: Agents, recorder: Recorder) -> None:
    """The task file is not fetched, and the run succeeds."""
    step = {"type": "FileTask", "taskFilePath": "acb.yaml"}
    agents.submit(Job("cf1", "emulator", "127.0.0.1:5000", step, source_location="https://example.com/a.git"))
    assert recorder.until_finished().status == "Succeeded"
