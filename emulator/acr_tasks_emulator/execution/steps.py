"""Running the steps of a graph: each starts when the steps that it waits for have succeeded."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial

from acr_tasks_emulator.execution.build.dependency_scan import ScanError
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.task_file.graph import Graph, Step


class StepFailedError(Exception):
    """A failed step; the text is the agent's, such as `exit status 1`."""


Act = Callable[[Step, RunContext], int]
"""A function that runs a step and returns its exit status, soon after the cancellation of the step's context."""


def run_steps(graph: Graph, act: Act, run: RunContext) -> None:
    """Run all steps; the first that fails ends the running ones, and no other step starts.

    Detached steps are ended with the last of the others. Raises StepFailedError, and what `act` raises. Returns early
    when the run is canceled.
    """
    group = Cancellation()
    detached = _Detached(act, run)
    run_one = partial(_run_step, act=act, run=run.of_step(group), detached=detached)
    waiting = list(graph.steps)
    under_way: dict[Future[None], str] = {}
    done: set[str] = set()
    failure: BaseException | None = None
    with (
        detached,
        run.cancellation.when_canceled(lambda: group.cancel(run.cancellation.reason or "")),
        ThreadPoolExecutor(len(graph.steps), "step") as pool,
    ):
        while under_way or (waiting and not group.requested):
            ready = [] if group.requested else [step for step in waiting if done.issuperset(step.after)]
            waiting = [step for step in waiting if step not in ready]
            under_way.update({pool.submit(run_one, step): step.id for step in ready})
            ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                done.add(under_way.pop(future))
                error = future.exception()
                if error is not None:
                    failure = failure or error
                    group.cancel("a step failed")
    if failure is not None:
        raise failure


class _Detached:
    """The detached containers: started by their steps, ended at the end of the block."""

    def __init__(self, act: Act, run: RunContext) -> None:
        self._act = act
        self._run = run
        self._cancellation = Cancellation()
        self._threads: list[threading.Thread] = []

    def begin(self, step: Step) -> None:
        thread = threading.Thread(target=self._work, args=(step,), name=f"detached-{step.id}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, step: Step) -> None:
        own = Cancellation()
        try:
            with self._cancellation.when_canceled(lambda: own.cancel("the run ends")):
                self._act(step, self._run.of_step(own))
        except Exception as error:  # the run does not wait for it
            self._run.log.line(f"{step.id}: {error}")

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self._cancellation.cancel("the run ends")
        for thread in self._threads:
            thread.join()


def _run_step(step: Step, act: Act, run: RunContext, detached: _Detached) -> None:
    log, group = run.log, run.cancellation
    _announce(step, log)
    if group.wait(step.start_delay):
        return
    began = time.monotonic()
    if step.detach:
        detached.begin(step)
        log.say(f"Step ID: {step.id} marked as successful (elapsed time in seconds: 0.000000)")
        return
    errors = []
    for _ in range(step.repeat + 1):
        error = _attempts(step, act, run)
        if group.requested:
            return
        errors += [error] if error is not None else []
    if errors and step.ignore_errors:
        text = ", ".join(errors)
        log.say(f"Step ID: {step.id} encountered an error: {text}, but is set to ignore errors. Continuing...")
    elif errors:
        log.line(f"failed to run step ID: {step.id}: {', '.join(errors)}")
        raise StepFailedError(", ".join(errors))
    seconds = time.monotonic() - began
    log.say(f"Step ID: {step.id} marked as successful (elapsed time in seconds: {seconds:.6f})")


def _announce(step: Step, log: RunLog) -> None:
    log.say(
        f"Executing step ID: {step.id}. Timeout(sec): {step.timeout}, "
        f"Working directory: '{step.working_directory or ''}', Network: '{step.network or ''}'"
    )
    if step.start_delay:
        log.say(f"Waiting {step.start_delay} seconds before executing step ID: {step.id}")


def _attempts(step: Step, act: Act, run: RunContext) -> str | None:
    """Try once and then as often as `retries` says; None, or what went wrong last."""
    log, group = run.log, run.cancellation
    for left in range(step.retries, -1, -1):
        try:
            error = _attempt(step, act, run)
        except ScanError as failure:  # it comes before the first try
            return str(failure)
        if group.requested:
            return None
        if error is None:
            log.say(f"Successfully executed container: {step.id}")
            return None
        if left and step.retry_on_errors and step.id not in run.matched:
            log.say(f"Container failed during run: {step.id}, and not with one of its retryOnErrors.")
            return error
        if left:
            log.say(f"Container failed during run: {step.id}, waiting {step.retry_delay} seconds before retrying...")
            if group.wait(step.retry_delay):
                return None
    log.say(f"Container failed during run: {step.id}. No retries remaining.")
    return error


def _attempt(step: Step, act: Act, run: RunContext) -> str | None:
    own, group = Cancellation(), run.cancellation
    run.matched.discard(step.id)
    with group.when_canceled(lambda: own.cancel(group.reason or "")), own.canceled_after(step.timeout, "timedout"):
        status = act(step, run.of_step(own))
    if own.requested and own.reason == "timedout":
        return f"the step took longer than its timeout of {step.timeout} seconds"
    return None if status == 0 else f"exit status {status}"
