"""The queue of runs, and the agents that carry them out."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, TypeVar

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.executor import Executor
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.run_log import LogSink, RunLog

RETRY_SECONDS = 1.0
CLOSED_MESSAGE = "The emulator was stopped while this run was under way."

_logger = logging.getLogger(__name__)
_T = TypeVar("_T")


class Observer(Protocol):
    """A receiver of the events of runs. Agents call it in their threads; `Agents.cancel` calls it in its caller's."""

    def started(self, run_id: str) -> bool:
        """Record that an agent has taken the run; return False for a run that was canceled or removed meanwhile."""

    def finished(self, run_id: str, outcome: Outcome) -> None:
        """Record that the run has ended. Its log is complete by then."""

    def log(self, run_id: str) -> LogSink:
        """Return the sink of the run's log. Called once for each run."""


class Agents:
    """A queue of jobs and `count` agents that run them in order, each after `delay` seconds in the queue.

    A cancellation removes a waiting run from the queue, and ends a running one with all its processes. The timeout
    of a run begins when an agent takes it, as in the service.
    """

    def __init__(self, count: int, executor: Executor, observer: Observer, delay: float = 0) -> None:
        self._executor = executor
        self._observer = observer
        self._wake = threading.Condition()
        self._queue: deque[tuple[float, Job]] = deque()  # each with the time from which it may be taken
        self._delay = delay
        self._running: dict[str, Cancellation] = {}
        self._closed = False
        self._warned = False
        self._threads = [
            threading.Thread(target=self._work, name=f"agent-{n}", daemon=True) for n in range(max(count, 1))
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue. Raises RuntimeError after close()."""
        with self._wake:
            if self._closed:
                raise RuntimeError("the agents are closed and take no more runs")
            self._queue.append((time.monotonic() + self._delay, job))
            self._wake.notify()

    def cancel(self, run_id: str) -> bool:
        """Cancel a waiting or running run; return False for any other.

        A waiting run has ended when this returns. A running one ends soon after, with `Observer.finished`. Raises what
        the observer raises; the run then waits on.
        """
        with self._wake:
            cancellation = self._running.get(run_id)
            waiting = next((each for each in self._queue if each[1].run_id == run_id), None)
            if waiting is not None:
                place = self._queue.index(waiting)
                del self._queue[place]
        if waiting is not None:
            try:
                RunLog(self._observer.log(run_id)).end(run_id, 0, "Canceled", None)
                self._observer.finished(run_id, Outcome("Canceled"))
            except BaseException:  # such as a full disk: the run still waits
                with self._wake:
                    self._queue.insert(place, waiting)
                    self._wake.notify()
                raise
            return True
        if cancellation is None:
            return False
        cancellation.cancel("canceled")
        return True

    def close(self) -> None:
        """End every running run with status Error, and wait for the agents. Idempotent.

        Waiting runs get no event, so that the next start can queue them again.
        """
        with self._wake:
            self._closed = True
            self._queue.clear()
            cancellations = list(self._running.values())
            self._wake.notify_all()
        for cancellation in cancellations:
            cancellation.cancel("closed")
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            job, cancellation = taken
            try:
                self._run(job, cancellation)
            except Exception as error:  # an error of the observer must not end the thread of the agent
                _logger.exception("run %s: its end could not be recorded", job.run_id)
                with contextlib.suppress(Exception):  # the next start ends the run
                    self._observer.finished(job.run_id, _failure(error))
            finally:
                with self._wake:
                    self._running.pop(job.run_id, None)

    def _next(self) -> tuple[Job, Cancellation] | None:
        """Wait for the next job and take it; None after close()."""
        with self._wake:
            while not self._closed:
                left = self._queue[0][0] - time.monotonic() if self._queue else None
                if left is not None and left <= 0:
                    _, job = self._queue.popleft()
                    cancellation = self._running[job.run_id] = Cancellation()
                    return job, cancellation
                self._wake.wait(left)
        return None

    def _run(self, job: Job, cancellation: Cancellation) -> None:
        if not self._record(lambda: self._observer.started(job.run_id)):
            return
        log = RunLog(self._record(lambda: self._observer.log(job.run_id)), job.secrets())
        began = time.monotonic()
        with cancellation.canceled_after(job.timeout, "timedout"):
            try:
                outcome = self._executor.run(job, log, cancellation)
            except Exception as error:  # the run has to end after any error
                _logger.exception("run %s: the executor failed", job.run_id)
                outcome = _failure(error)
        outcome = _with_reason(outcome, cancellation, job)
        if outcome.error_message is not None:
            outcome = replace(outcome, error_message=log.masked(outcome.error_message))
        seconds = time.monotonic() - began
        self._record(lambda: log.end(job.run_id, seconds, outcome.status, outcome.error_message))
        self._record(lambda: self._observer.finished(job.run_id, outcome))

    def _record(self, record: Callable[[], _T]) -> _T:
        """Record an event; retry while the disk is full. Raises OSError after close(); the next start ends the run."""
        while True:
            try:
                return record()
            except OSError as error:
                with self._wake:
                    if self._closed:
                        raise
                    if not self._warned:
                        _logger.warning("events of runs cannot be recorded, agents retry: %s", error.strerror)
                        self._warned = True
                    self._wake.wait_for(lambda: self._closed, RETRY_SECONDS)


def _failure(error: Exception) -> Outcome:
    return Outcome("Error", error_message=f"the emulator failed: {type(error).__name__}")


def _with_reason(outcome: Outcome, cancellation: Cancellation, job: Job) -> Outcome:
    """Return the outcome with the reason of a cancellation. A run that succeeded nevertheless stays Succeeded."""
    if not cancellation.requested or outcome.status == "Succeeded":
        return outcome
    images = outcome.output_images
    if cancellation.reason == "timedout":
        return Outcome("Timeout", images, f"the run took longer than its timeout of {job.timeout} seconds")
    if cancellation.reason == "closed":
        return Outcome("Error", images, CLOSED_MESSAGE)
    return Outcome("Canceled", images)
