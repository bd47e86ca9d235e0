"""Runs the steps of a graph: each as soon as those that it waits for have ended well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from acr_tasks_emulator.execution.graph import Graph, Step
from acr_tasks_emulator.execution.log import RunLog
from acr_tasks_emulator.execution.stop import Stop


class StepFailedError(Exception):
    """A step ended badly; the text is what the agent says of it, such as `exit status 1`."""


def run_steps(graph: Graph, act: Callable[[Step, Stop], int], log: RunLog, stop: Stop) -> None:
    """Run all steps; the first that fails ends those that are under way, and the rest is not begun.

    act: does what a step says and returns its exit status, soon after its stop is asked. Raises StepFailedError, and
    what `act` raises. Returns early when `stop` is asked.
    """
    group = Stop()
    waiting = list(graph.steps)
    under_way: dict[Future[None], str] = {}
    done: set[str] = set()
    failure: BaseException | None = None
    with stop.calling(lambda: group.ask(stop.reason or "")), ThreadPoolExecutor(len(graph.steps), "step") as pool:
        while under_way or (waiting and not group.asked):
            ready = [] if group.asked else [step for step in waiting if done.issuperset(step.after)]
            waiting = [step for step in waiting if step not in ready]
            under_way.update({pool.submit(_run_step, step, act, log, group): step.id for step in ready})
            ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                done.add(under_way.pop(future))
                error = future.exception()
                if error is not None:
                    failure = failure or error
                    group.ask("a step failed")
    if failure is not None:
        raise failure


def _run_step(step: Step, act: Callable[[Step, Stop], int], log: RunLog, group: Stop) -> None:
    if group.wait(step.start_delay):
        return
    began = time.monotonic()
    for _ in range(step.repeat + 1):
        error = _attempts(step, act, log, group)
        if group.asked:
            return
        if error is not None and not step.ignore_errors:
            log.line(f"failed to run step ID: {step.id}: {error}")
            raise StepFailedError(error)
    seconds = time.monotonic() - began
    log.say(f"Step ID: {step.id} marked as successful (elapsed time in seconds: {seconds:.6f})")


def _attempts(step: Step, act: Callable[[Step, Stop], int], log: RunLog, group: Stop) -> str | None:
    """Try once and then as often as `retries` says; None, or what went wrong last."""
    for left in range(step.retries, -1, -1):
        log.say(
            f"Executing step ID: {step.id}. Timeout(sec): {step.timeout}, "
            f"Working directory: '{step.working_directory or ''}', Network: ''"
        )
        error = _attempt(step, act, group)
        if group.asked:
            return None
        if error is None:
            log.say(f"Successfully executed container: {step.id}")
            return None
        if left:
            log.say(f"Container failed during run: {step.id}, waiting {step.retry_delay} seconds before retrying...")
            if group.wait(step.retry_delay):
                return None
    log.say(f"Container failed during run: {step.id}. No retries remaining.")
    return error


def _attempt(step: Step, act: Callable[[Step, Stop], int], group: Stop) -> str | None:
    own = Stop()
    timer = threading.Timer(step.timeout, own.ask, ("timedout",))
    timer.daemon = True
    with group.calling(lambda: own.ask(group.reason or "")):
        timer.start()
        try:
            status = act(step, own)
        finally:
            timer.cancel()
    if own.asked and own.reason == "timedout":
        return f"the step took longer than its timeout of {step.timeout} seconds"
    return None if status == 0 else f"exit status {status}"
