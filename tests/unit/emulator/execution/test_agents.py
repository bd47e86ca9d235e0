"""The queue, and the agents that take runs from it."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import pytest

from acr_tasks_emulator.execution.agents import Agents
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.store.database import StorageFullError

Act = Callable[[Job, RunLog, Cancellation], Outcome]


class Recorder:
    """An observer that remembers events, logs and outcomes, and can be waited for."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.logs: dict[str, bytes] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.ended: set[str] = set()
        self.broken: set[str] = set()
        self.full = False
        self.changed = threading.Condition()

    def note(self, event: str, run_id: str) -> None:
        with self.changed:
            self.events.append((event, run_id))
            self.changed.notify_all()

    def started(self, run_id: str) -> bool:
        self.note("ended" if run_id in self.ended else "started", run_id)
        return run_id not in self.ended

    def finished(self, run_id: str, outcome: Outcome) -> None:
        self.outcomes[run_id] = outcome
        self.note("finished", run_id)

    def log(self, run_id: str) -> Sink:
        if self.full:
            raise StorageFullError
        return Sink(self, run_id)

    def wait(self, event: str, run_id: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: (event, run_id) in self.events, 10), f"{run_id} was never {event}"


class Sink:
    """The log of one run."""

    def __init__(self, recorder: Recorder, run_id: str) -> None:
        self.recorder, self.run_id = recorder, run_id
        recorder.logs[run_id] = b""

    def write(self, data: bytes) -> None:
        if self.run_id in self.recorder.broken:
            raise ValueError(self.run_id)
        self.recorder.logs[self.run_id] += data

    def complete(self, value: str) -> None:
        self.recorder.note(value, self.run_id)


class Script:
    """An executor that does what a function says."""

    name = "script"

    def __init__(self, act: Act) -> None:
        self.run = act


def until_stopped(job: Job, log: RunLog, stop: Cancellation) -> Outcome:
    assert stop.wait(10)
    return Outcome("Failed", error_message="ended")


def succeed(job: Job, log: RunLog, stop: Cancellation) -> Outcome:
    log.line(f"hello from {job.run_id}")
    return Outcome("Succeeded", [{"registry": "r", "repository": "a", "tag": "1", "digest": "sha256:0"}])


def job(run_id: str = "cf1", **members: object) -> Job:
    return Job(run_id, "emulator", "127.0.0.1:5000", {"type": "Docker"}, **members)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
def agents_for(recorder: Recorder) -> Iterator[Callable[..., Agents]]:
    opened: list[Agents] = []

    def make(act: Act, count: int = 1, delay: float = 0) -> Agents:
        opened.append(Agents(count, Script(act), recorder, delay))
        return opened[-1]

    yield make
    for agents in opened:
        agents.close()


def test_a_run_that_succeeds(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """The log is complete before the run is finished, and ends with the agent's last line."""
    agents_for(succeed).submit(job())
    recorder.wait("finished", "cf1")
    assert recorder.events == [("started", "cf1"), ("successful", "cf1"), ("finished", "cf1")]
    assert recorder.logs["cf1"] == b"hello from cf1\r\n\r\nRun ID: cf1 was successful after 0s\r\n"
    assert recorder.outcomes["cf1"].output_images[0]["repository"] == "a"


def test_a_run_that_fails(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A failed run's last line gives the reason."""
    agents_for(lambda *_: Outcome("Failed", error_message="failed during run, err: exit status 1")).submit(job())
    recorder.wait("finished", "cf1")
    assert ("failed", "cf1") in recorder.events
    last = recorder.logs["cf1"].decode().splitlines()[-1]
    assert last == "Run ID: cf1 failed after 0s. Error: failed during run, err: exit status 1"


def test_runs_come_in_order_and_no_more_than_there_are_agents(
    recorder: Recorder, agents_for: Callable[..., Agents]
) -> None:
    """Two agents take the first two runs; the third begins when one of them has ended."""
    gates = {f"cf{n}": threading.Event() for n in range(1, 4)}

    def gated(job: Job, log: RunLog, stop: Cancellation) -> Outcome:
        assert gates[job.run_id].wait(10)
        return Outcome("Succeeded")

    agents = agents_for(gated, 2)
    for run_id in gates:
        agents.submit(job(run_id))
    recorder.wait("started", "cf1")
    recorder.wait("started", "cf2")
    assert ("started", "cf3") not in recorder.events
    gates["cf2"].set()
    recorder.wait("started", "cf3")
    assert "cf1" not in recorder.outcomes
    for gate in gates.values():
        gate.set()
    for run_id in gates:
        recorder.wait("finished", run_id)


def test_cancel_of_a_run_that_waits(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A run in the queue is Canceled at once and never starts."""
    agents = agents_for(until_stopped)
    agents.submit(job("cf1"))
    agents.submit(job("cf2"))
    recorder.wait("started", "cf1")
    assert agents.cancel("cf2") is True
    assert recorder.outcomes["cf2"].status == "Canceled"
    assert ("canceled", "cf2") in recorder.events
    assert ("started", "cf2") not in recorder.events


def test_a_log_that_cannot_be_ended(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A run whose log breaks for another reason than a full disk ends as Error, and the next one runs."""
    recorder.broken = {"cf1"}
    agents = agents_for(lambda *_: Outcome("Succeeded"))
    for run_id in ("cf1", "cf2"):
        agents.submit(job(run_id))
    recorder.wait("finished", "cf2")
    assert recorder.outcomes["cf1"] == Outcome("Error", error_message="the emulator failed: ValueError")
    assert recorder.outcomes["cf2"].status == "Succeeded"


def test_an_error_that_utf_8_cannot_spell(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """The run ends, and the answer and the log have a question mark in its place."""
    agents_for(lambda *_: Outcome("Failed", error_message="half \ud800 a pair")).submit(job())
    recorder.wait("finished", "cf1")
    assert recorder.outcomes["cf1"].error_message == "half ? a pair"
    assert recorder.logs["cf1"].endswith(b"Error: half ? a pair\r\n")


def test_a_run_that_ended_before_an_agent_took_it(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A run that was canceled or removed on its way into the queue is not run, and has no log."""
    recorder.ended = {"cf1"}
    agents = agents_for(succeed)
    for run_id in ("cf1", "cf2"):
        agents.submit(job(run_id))
    recorder.wait("finished", "cf2")
    assert recorder.events[0] == ("ended", "cf1")
    assert recorder.logs.keys() == recorder.outcomes.keys() == {"cf2"}


def test_cancel_of_a_run_that_waits_on_a_full_disk(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A cancellation that cannot be recorded fails, and the run keeps its place in the queue."""
    agents = agents_for(until_stopped)
    for run_id in ("cf1", "cf2", "cf3"):
        agents.submit(job(run_id))
    recorder.wait("started", "cf1")
    recorder.full = True
    with pytest.raises(StorageFullError):
        agents.cancel("cf3")
    recorder.full = False
    agents.cancel("cf1")
    recorder.wait("started", "cf2")
    agents.cancel("cf2")
    recorder.wait("started", "cf3")


def test_runs_that_have_to_wait_for_an_agent(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A run begins after the delay; one that is canceled before has ended, and close() leaves the others queued."""
    agents_for(succeed, delay=0.01).submit(job("cf1"))
    recorder.wait("finished", "cf1")
    slow = agents_for(succeed, delay=3600)
    slow.submit(job("cf2"))
    slow.submit(job("cf3"))
    assert slow.cancel("cf2")
    slow.close()
    assert recorder.outcomes["cf2"] == Outcome("Canceled")
    assert "cf3" not in recorder.outcomes


def test_cancel_of_a_run_under_way(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A run that is under way ends as Canceled, whatever the executor makes of it."""
    agents = agents_for(until_stopped)
    agents.submit(job())
    recorder.wait("started", "cf1")
    assert agents.cancel("cf1") is True
    recorder.wait("finished", "cf1")
    assert recorder.outcomes["cf1"] == Outcome("Canceled")
    assert ("canceled", "cf1") in recorder.events


def test_cancel_of_an_unknown_run(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """The cancellation of an unknown or ended run returns False."""
    agents = agents_for(succeed)
    agents.submit(job())
    recorder.wait("finished", "cf1")
    agents.close()
    assert agents.cancel("cf1") is False
    assert agents.cancel("cf99") is False


def test_timeout(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """A run that takes too long ends as Timeout, and its log says so."""
    agents_for(until_stopped).submit(job(timeout=0))
    recorder.wait("finished", "cf1")
    assert recorder.outcomes["cf1"].status == "Timeout"
    assert ("timedout", "cf1") in recorder.events
    assert "timed out after" in recorder.logs["cf1"].decode()


def test_close(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """Runs in progress end as Error; queued runs stay queued."""
    agents = agents_for(until_stopped)
    agents.submit(job("cf1"))
    agents.submit(job("cf2"))
    recorder.wait("started", "cf1")
    agents.close()
    agents.close()
    assert recorder.outcomes["cf1"].status == "Error"
    assert "stopped" in (recorder.outcomes["cf1"].error_message or "")
    assert "cf2" not in recorder.outcomes
    with pytest.raises(RuntimeError, match="closed"):
        agents.submit(job("cf3"))


def test_an_executor_that_breaks(
    recorder: Recorder, agents_for: Callable[..., Agents], caplog: pytest.LogCaptureFixture
) -> None:
    """An exception of the executor ends the run as Error, and the agent takes the next run."""

    def broken(job: Job, log: RunLog, stop: Cancellation) -> Outcome:
        if job.run_id == "cf1":
            raise KeyError("oops")
        return Outcome("Succeeded")

    agents = agents_for(broken)
    agents.submit(job("cf1"))
    agents.submit(job("cf2"))
    recorder.wait("finished", "cf2")
    assert recorder.outcomes["cf1"] == Outcome("Error", error_message="the emulator failed: KeyError")
    assert ("internalerror", "cf1") in recorder.events
    assert "cf1" in caplog.text


def test_secrets_are_masked(recorder: Recorder, agents_for: Callable[..., Agents]) -> None:
    """Neither the log nor the error message shows the value of a secret argument, value or password."""
    step = {
        "type": "Docker",
        "arguments": [{"name": "TOKEN", "value": "hunter2", "isSecret": True}, {"name": "PLAIN", "value": "seen"}],
    }
    credentials = {"customRegistries": {"r": {"password": {"type": "Opaque", "value": "swordfish"}}}}
    values = [{"name": "KEY", "value": "first\nsecond", "isSecret": True}]

    def talkative(job: Job, log: RunLog, stop: Cancellation) -> Outcome:
        log.line("token hunter2, plain seen, password swordfish")
        log.say("key first and second")
        return Outcome("Failed", error_message="bad token hunter2")

    agents_for(talkative).submit(
        Job("cf1", "emulator", "127.0.0.1:5000", step, credentials=credentials, values=values, timeout=60)
    )
    recorder.wait("finished", "cf1")
    text = recorder.logs["cf1"].decode()
    assert "token ***, plain seen, password ***" in text
    assert "key *** and ***" in text
    assert not re.search("hunter2|swordfish|first|second", text + str(recorder.outcomes))
    assert "hunter2" not in repr(Job("cf1", "emulator", "127.0.0.1:5000", step))
