"""One watcher for all the runs of a registry that are in flight."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pulumi_acr_tasks.arm.http.deadlines import limited
from pulumi_acr_tasks.errors import AcrTasksError, NotFoundError, ServiceError
from pulumi_acr_tasks.run.wait.batch import Question
from pulumi_acr_tasks.run.wait.clock import Clock, SystemClock
from pulumi_acr_tasks.run.wait.outage import Silence
from pulumi_acr_tasks.run.wait.status import QUEUED, TERMINAL, RunLike, Wait

R = TypeVar("R", bound=RunLike)

_SOON = 1.0  # seconds between the first two questions
_CLOSE = 0.5  # seconds between questions once the log has ended, to begin with
_GATHER = 0.2  # seconds in which the ends of several logs are one reason to ask
_PACE = 1.0  # seconds between two such questions, where logs end one after another
_LATE = 15.0  # seconds between two questions in the long run
_LATEST = 60.0  # the same, however many requests a question takes
_GROWTH = 1.5
_SLICE = 0.25  # seconds in which a stop is noticed while waiting for something else
_MOMENT = 0.05
_LOST = 5.0  # seconds between two questions, at most, while the service does not answer
_PATIENCE = 10.0  # seconds for a question and its retries: whoever asks has to tell soon that there is no answer
_UNSEEN = 5  # questions in which a new run may be unknown to the service


@dataclass
class _Watched(Generic[R]):
    """A run that somebody waits for: when to ask for it, and what the last answer was."""

    wait: Wait
    silence: Silence
    due: float
    pause: float = _SOON
    hurried: bool = False
    unseen: int = 0
    answer: R | AcrTasksError | None = None
    answered: threading.Event = field(default_factory=threading.Event)


class Watcher(Generic[R]):
    """Awaits the ends of the runs of a registry, for any number of threads.

    `get` asks the service for one run by its id, `find` for several in one list. There is no thread of its own:
    whoever waits and finds that it is time asks for everybody, and the others hear of it.
    """

    def __init__(
        self,
        get: Callable[[str], R],
        find: Callable[[Sequence[str]], Iterable[R]] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._question = Question(get, find)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._asking = False
        self._asked = -_PACE  # when the last question was put
        self._watched: dict[str, _Watched[R]] = {}

    def wait(self, run_id: str, wait: Wait) -> R:
        """Return the run once its status is final.

        A service that is busy or does not answer is asked again. Raises WaitStoppedError, WaitExpiredError,
        WaitUnansweredError, and whatever else asking for this run raises.
        """
        me = self._enter(run_id, wait)
        status, queued = "", True
        try:
            while True:
                run = self._answer(me)
                if run is not None:
                    before, status = status, run.properties.status or QUEUED
                    if status in TERMINAL:
                        return run
                    # Once an agent has had the run, the patience for queued runs counts no more: a status that goes
                    # backwards is an agent that was restarted, or an answer that comes late.
                    queued = queued and status == QUEUED
                    if status != before:
                        wait.noticed(status)
                    wait.looked(run)
                wait.check(self._clock.now(), queued=queued)
                me.silence.check(self._clock.now())
                if not self._ask(me):
                    self._sleep(me, queued=queued)
        finally:
            with self._lock:
                if self._watched.get(run_id) is me:
                    del self._watched[run_id]

    def _enter(self, run_id: str, wait: Wait) -> _Watched[R]:
        with self._lock:
            # It was scheduled just now, so there is nothing to see yet.
            me = self._watched[run_id] = _Watched[R](wait, Silence(wait), due=0.0)
            me.due = self._clock.now() + self._stretched(me.pause)
            return me

    def _stretched(self, pause: float) -> float:
        """A pause, longer by the number of requests that it takes to ask for all."""
        return min(pause * self._question.requests(len(self._watched)), max(_LATEST, pause))

    def _answer(self, me: _Watched[R]) -> R | None:
        """What was heard of a run since the last time.

        Raises what is wrong with asking for it.
        """
        with self._lock:
            answer, me.answer = me.answer, None
            me.answered.clear()
            if answer is not None:
                me.silence.ends(self._clock.now())
            if isinstance(answer, NotFoundError) and me.unseen < _UNSEEN:
                me.unseen += 1  # a run that was scheduled just now may not have reached every server
                return None
        if isinstance(answer, AcrTasksError):
            raise answer
        if answer is not None:
            me.unseen = _UNSEEN
        return answer

    def _ask(self, me: _Watched[R]) -> bool:
        """Ask for all whose time has come, if this one's has and nobody else is asking; True when it did."""
        with self._lock:
            now = self._clock.now()
            self._hurry(me, now)
            if self._asking or me.due > now:
                return False
            self._asking = True
            for each in self._watched.values():
                self._hurry(each, now)
            self._asked = now
            due = {run_id: each for run_id, each in self._watched.items() if _is_due(each, now, all_=not me.hurried)}
        answers: dict[str, R | AcrTasksError] = {}
        try:
            with limited(_PATIENCE):
                answers = self._question.ask(list(due))
        finally:
            with self._lock:
                self._asking = False
                for run_id, each in due.items():
                    self._heard(each, answers.get(run_id), now)
        return True

    def _hurry(self, each: _Watched[R], now: float) -> None:
        """Take note that there is reason to believe that a run has ended."""
        if each.wait.hurry.is_set():
            each.wait.hurry.clear()
            # The log ends a moment before the status changes: stay close to it from now on. Where several runs are in
            # flight, they often end together.
            each.hurried, each.pause = True, _CLOSE
            soonest = max(now + _GATHER, self._asked + _PACE) if len(self._watched) > 1 else now
            each.due = min(each.due, soonest)

    def _heard(self, each: _Watched[R], answer: R | AcrTasksError | None, asked: float) -> None:
        pause = each.pause if each.hurried else self._stretched(each.pause)
        reason = self._question.unanswered
        if answer is None and reason is not None:
            each.silence.begins(asked, reason)
            told = reason.retry_after if isinstance(reason, ServiceError) else None
            pause = min(pause, _LOST) if told is None else max(pause, told)
        each.due = self._clock.now() + pause
        each.pause = min(each.pause * _GROWTH, _LATE)
        # An answer that was not read yet is worth more than none.
        each.answer = answer if answer is not None else each.answer
        each.answered.set()
        if answer is not None and not isinstance(answer, AcrTasksError) and answer.properties.status in TERMINAL:
            each.wait.hurry.set()

    def _sleep(self, me: _Watched[R], *, queued: bool) -> None:
        """Sleep until it is time to ask, there is an answer or a reason to hurry, the waiting is stopped, or the
        patience ends."""
        # When it is time and another one is asking, there will be an answer, or a turn, in a moment.
        end = max(me.silence.end(me.wait.end(me.due, queued=queued)), self._clock.now() + _MOMENT)
        woken = (me.wait.stop, me.answered, me.wait.hurry)
        while (left := end - self._clock.now()) > 0 and not any(event.is_set() for event in woken):
            self._clock.wait(me.answered if me.hurried else me.wait.hurry, min(left, _SLICE))


def _is_due(each: _Watched[R], now: float, *, all_: bool) -> bool:
    """Whether to ask for a run now: its time has come, or is so near that a question of its own is not worth it.

    `all_` is False when the reason to ask is the end of a log: only other such ends join it then.
    """
    if each.hurried:
        return each.due <= now + _GATHER
    return each.due <= now + (each.pause / 2 if all_ else 0.0)
