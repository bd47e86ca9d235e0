"""One poller for all the runs of a registry that are in flight."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from pulumi_acr_tasks.arm.clock import Clock, SystemClock, deadline
from pulumi_acr_tasks.arm.operations import filter_by_run_ids
from pulumi_acr_tasks.errors import AcrTasksError, NotFoundError, ServiceError
from pulumi_acr_tasks.run.wait.batch import BatchReader
from pulumi_acr_tasks.run.wait.terms import QUEUED, TERMINAL, Outage, RunLike, Wait

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run

R = TypeVar("R", bound=RunLike)

_FIRST = 1.0  # seconds before the first poll, and between the first two
_GROWTH = 1.5
_LONGEST = 15.0  # seconds between two polls in the long run
_LONGEST_OF_ALL = 60.0  # the same, however many requests a poll takes
_AFTER_LOG = 0.5  # seconds between the first polls after the end of the log
_GATHER = 0.2  # seconds in which the ends of several logs lead to one poll
_PACE = 1.0  # seconds between two such polls, where logs end one after another
_OUTAGE = 5.0  # seconds between two polls, at most, during an outage
_POLL_TIMEOUT = 10.0  # seconds for a poll and its retries, so that an outage is noticed soon
_UNSEEN = 5  # polls in which a new run may be unknown to the service
_SLICE = 0.25  # seconds in which a cancellation is noticed
_MOMENT = 0.05


@dataclass
class _Waiter(Generic[R]):
    """A thread that waits for a run: when its next poll is due, and the answer of the last one."""

    wait: Wait
    outage: Outage
    due: float
    pause: float = _FIRST
    log_ended: bool = False
    unseen: int = 0
    answer: R | AcrTasksError | None = None
    answered: threading.Event = field(default_factory=threading.Event)


class Poller(Generic[R]):
    """A poller of the runs of a registry, for any number of waiting threads.

    `get` reads one run by its id, `find` reads several with one list. The poller has no thread of its own: a waiting
    thread whose poll is due polls for all threads.
    """

    def __init__(
        self,
        get: Callable[[str], R],
        find: Callable[[Sequence[str]], Iterable[R]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._reader = BatchReader(get, find)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._polling = False
        self._polled_at = -_PACE
        self._waiters: dict[str, _Waiter[R]] = {}

    def wait(self, run_id: str, wait: Wait) -> R:
        """Return the run once its status is final.

        A service that is busy or does not answer is polled again. Raises WaitCanceledError, WaitTimeoutError,
        WaitOutageError, and any other error of reading this run.
        """
        me = self._enter(run_id, wait)
        status, queued = "", True
        try:
            while True:
                run = self._take_answer(me)
                if run is not None:
                    before, status = status, run.properties.status or QUEUED
                    if status in TERMINAL:
                        return run
                    # The queue deadline ends once an agent has had the run. A status that goes backwards comes from an
                    # agent that was restarted, or from a late answer.
                    queued = queued and status == QUEUED
                    if status != before:
                        wait.on_status(status)
                    wait.on_run(run)
                wait.check(self._clock.now(), queued=queued)
                me.outage.check(self._clock.now())
                if not self._poll(me):
                    self._sleep(me, queued=queued)
        finally:
            with self._lock:
                if self._waiters.get(run_id) is me:
                    del self._waiters[run_id]

    def _enter(self, run_id: str, wait: Wait) -> _Waiter[R]:
        with self._lock:
            # The run was scheduled just now: there is nothing to see yet.
            me = self._waiters[run_id] = _Waiter[R](wait, Outage(wait), due=0.0)
            me.due = self._clock.now() + self._stretched(me.pause)
            return me

    def _stretched(self, pause: float) -> float:
        """Return a pause, multiplied by the number of requests that a poll takes."""
        return min(pause * self._reader.requests(len(self._waiters)), max(_LONGEST_OF_ALL, pause))

    def _take_answer(self, me: _Waiter[R]) -> R | None:
        """Return the run of the last poll; None without a new one.

        Raises the error of reading it.
        """
        with self._lock:
            answer, me.answer = me.answer, None
            me.answered.clear()
            if answer is not None:
                me.outage.answered(self._clock.now())
            if isinstance(answer, NotFoundError) and me.unseen < _UNSEEN:
                me.unseen += 1  # a run that was scheduled just now may not have reached every server
                return None
        if isinstance(answer, AcrTasksError):
            raise answer
        if answer is not None:
            me.unseen = _UNSEEN
        return answer

    def _poll(self, me: _Waiter[R]) -> bool:
        """Poll for every thread whose poll is due, if this thread's is and no other is polling; return whether it was.

        Threads whose polls are almost due are served too.
        """
        with self._lock:
            now = self._clock.now()
            self._advance(me, now)
            if self._polling or me.due > now:
                return False
            self._polling = True
            for each in self._waiters.values():
                self._advance(each, now)
            self._polled_at = now
            due = {
                run_id: each
                for run_id, each in self._waiters.items()
                if _is_due(each, now, log_ended_only=me.log_ended)
            }
        answers: dict[str, R | AcrTasksError] = {}
        try:
            with deadline(_POLL_TIMEOUT):
                answers = self._reader.read(list(due))
        finally:
            with self._lock:
                self._polling = False
                for run_id, each in due.items():
                    self._deliver(each, answers.get(run_id), now)
        return True

    def _advance(self, each: _Waiter[R], now: float) -> None:
        """Bring a poll forward when `poll_now` says that the run has probably ended."""
        if each.wait.poll_now.is_set():
            each.wait.poll_now.clear()
            # The log ends a moment before the status changes, so the next polls follow closely. Several runs in flight
            # often end together.
            each.log_ended, each.pause = True, _AFTER_LOG
            soonest = max(now + _GATHER, self._polled_at + _PACE) if len(self._waiters) > 1 else now
            each.due = min(each.due, soonest)

    def _deliver(self, each: _Waiter[R], answer: R | AcrTasksError | None, polled_at: float) -> None:
        """Hand an answer to its thread, None for a poll without one, and set the time of the next poll."""
        pause = each.pause if each.log_ended else self._stretched(each.pause)
        failure = self._reader.failure
        if answer is None and failure is not None:
            each.outage.failed(polled_at, failure)
            retry_after = failure.retry_after if isinstance(failure, ServiceError) else None
            pause = min(pause, _OUTAGE) if retry_after is None else max(pause, retry_after)
        each.due = self._clock.now() + pause
        each.pause = min(each.pause * _GROWTH, _LONGEST)
        # A failed poll does not replace an answer that the thread has not taken yet.
        each.answer = answer if answer is not None else each.answer
        each.answered.set()
        if answer is not None and not isinstance(answer, AcrTasksError) and answer.properties.status in TERMINAL:
            each.wait.poll_now.set()

    def _sleep(self, me: _Waiter[R], *, queued: bool) -> None:
        """Sleep until a poll, a report or a deadline is due, an answer arrives, or the wait is canceled."""
        # While another thread polls, its answer comes in a moment, or this thread's turn.
        end = max(me.outage.wake_at(me.wait.wake_at(me.due, queued=queued)), self._clock.now() + _MOMENT)
        events = (me.wait.cancel, me.answered, me.wait.poll_now)
        while (left := end - self._clock.now()) > 0 and not any(event.is_set() for event in events):
            self._clock.wait(me.answered if me.log_ended else me.wait.poll_now, min(left, _SLICE))


def _is_due(each: _Waiter[R], now: float, *, log_ended_only: bool) -> bool:
    """Return whether a poll includes a run: its own poll is due, or so near that it is not worth a request.

    `log_ended_only`: the reason of the poll is the end of a log; only runs whose logs have ended join it early.
    """
    if each.log_ended:
        return each.due <= now + _GATHER
    return each.due <= now + (0.0 if log_ended_only else each.pause / 2)


def poller_of(client: Client, registry: RegistryId, clock: Clock) -> Poller[Run]:
    """Return a poller of the runs of a registry."""

    def find(run_ids: Sequence[str]) -> Iterator[Run]:
        return client.runs.list(registry, filter_by_run_ids(run_ids))

    return Poller(lambda run_id: client.runs.get(registry, run_id), find, clock)
