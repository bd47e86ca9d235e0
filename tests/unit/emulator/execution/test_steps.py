"""Running of steps: their order, their failures, and their ends."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.steps import StepFailedError, run_steps
from acr_tasks_emulator.execution.task_file.graph import Graph, Step
from acr_tasks_emulator.execution.task_file.load import read


class Lines:
    """A log that is a list of lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.log = RunLog(self)

    def write(self, data: bytes) -> None:
        self.lines.append(data.decode().rstrip("\r\n"))

    def complete(self, value: str) -> None:
        raise AssertionError("steps do not end the log")


def context(lines: Lines | None = None, cancellation: Cancellation | None = None) -> RunContext:
    """Return the context of a run whose steps read no files."""
    job = Job("cf1", "emulator", "127.0.0.1:5000", {})
    return RunContext(job, (lines or Lines()).log, cancellation or Cancellation(), Path("nowhere"))


def steps(text: str) -> tuple[Step, ...]:
    return read(text, {"ID": "cf1"}, {}).steps


def test_a_failed_step_ends_the_run() -> None:
    """Steps after the failed one do not start."""
    begun: list[str] = []
    lines = Lines()
    graph = Graph(steps("steps:\n- cmd: x\n  id: a\n- cmd: x\n  id: b\n- cmd: x\n  id: c"))

    def act(step: Step, run: RunContext) -> int:
        begun.append(step.id)
        return 3 if step.id == "b" else 0

    with pytest.raises(StepFailedError, match=r"^exit status 3$"):
        run_steps(graph, act, context(lines))
    assert begun == ["a", "b"]
    assert "failed to run step ID: b: exit status 3" in lines.lines
    assert any("Step ID: a marked as successful (elapsed time in seconds: " in line for line in lines.lines)


def test_steps_run_side_by_side() -> None:
    """Independent steps run at the same time; a step that waits for both starts after them."""
    together = threading.Barrier(2)
    ended: list[str] = []
    graph = Graph(steps("steps:\n- {id: a, cmd: x}\n- {id: b, cmd: x, when: ['-']}\n- {id: c, cmd: x, when: [a, b]}"))

    def act(step: Step, run: RunContext) -> int:
        if step.id != "c":
            together.wait(10)
        ended.append(step.id)
        return 0

    run_steps(graph, act, context())
    assert sorted(ended[:2]) == ["a", "b"]
    assert ended[2:] == ["c"]


def test_a_failed_step_ends_those_beside_it() -> None:
    """A step in progress is stopped when another one fails."""
    graph = Graph(steps("steps:\n- {id: a, cmd: x}\n- {id: b, cmd: x, when: ['-']}"))

    def act(step: Step, run: RunContext) -> int:
        if step.id == "a":
            return 1
        assert run.cancellation.wait(10)
        return 137

    with pytest.raises(StepFailedError, match=r"^exit status 1$"):
        run_steps(graph, act, context())


def test_ignore_errors() -> None:
    """A step with ignoreErrors does not fail the run."""
    run_steps(Graph(steps("steps:\n- cmd: x\n  ignoreErrors: true")), lambda *_: 1, context())


def test_retries_and_repeat() -> None:
    """A step is tried once and `retries` times more; it is run once and `repeat` times more."""
    results = iter([1, 1, 0])
    run_steps(
        Graph(steps("steps:\n- {cmd: x, retries: 2, retryDelay: 1}")),
        lambda *_: next(results),
        context(),
    )
    assert list(results) == []
    count = iter(range(10))
    run_steps(Graph(steps("steps:\n- {cmd: x, repeat: 2}")), lambda *_: 0 * next(count), context())
    assert next(count) == 3


def test_timeout_of_a_step() -> None:
    """A step that takes too long is stopped and fails the run."""
    graph = Graph((Step(id="a", after=(), cmd="x", timeout=0),))
    with pytest.raises(StepFailedError, match="longer than its timeout of 0 seconds"):
        run_steps(graph, lambda _, run: 137 if run.cancellation.wait(10) else 0, context())


def test_a_run_that_is_stopped() -> None:
    """The step in progress is stopped, and the next one does not start."""
    whole = Cancellation()
    begun: list[str] = []

    def act(step: Step, run: RunContext) -> int:
        begun.append(step.id)
        whole.cancel("canceled")
        assert run.cancellation.wait(10)
        return 137

    run_steps(Graph(steps("steps:\n- cmd: x\n- cmd: y")), act, context(cancellation=whole))
    assert begun == ["acb_step_0"]
