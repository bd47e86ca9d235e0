"""The scheduler of a registry: it sends each request once, and searches for the run when the answer is lost.

`scheduleRun` has no idempotency key: the service would start another run for a repeated request.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.errors import AcrTasksError, TransportError, UnavailableError
from pulumi_acr_tasks.run.schedule.lost_answers import (
    IN_FLIGHT,
    SHOWN,
    LostAnswer,
    LostRequest,
    SearchResult,
    SearchTerms,
    Verdict,
    describe,
    judge,
)

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run

_PAUSES = (1.0, 3.0, 0.0)  # seconds after each look: a new run shows in the list a moment late
_FIRST, _GROWTH, _LONGEST = 2.0, 1.5, 15.0  # seconds between looks at candidates that still run
_FAILURES = 5  # failed looks in a row, after which the search ends; each of them is several requests
_NEWEST = 100  # runs to look at: those of the last minutes
_POST_TIMEOUT = 120.0  # seconds for the answers to our other requests; longer than any request takes


class Scheduler:
    """A scheduler of the runs of one registry, which knows the runs that this process has scheduled.

    `clock`: the client's. `recorded`: the ARM ids, in lower case, of runs in the engine's state; no lost answer has
    started one of these.
    """

    def __init__(self, client: Client, registry: RegistryId, clock: Clock, recorded: set[str]) -> None:
        self._client, self._registry, self.clock, self._recorded = client, registry, clock, recorded
        self._changed = threading.Condition()
        self._posting: set[object] = set()
        self._lost: list[LostAnswer] = []
        self._ours: set[str] = set()
        self._principals: set[str] = set()

    def schedule(self, request: dict[str, Any]) -> Run | LostAnswer:
        """Schedule a run; return the run, or the request when its answer was lost.

        ^C does not interrupt it, because only the answer makes it possible to cancel the run. Raises ServiceError when
        the service refuses, TransportError when the request certainly did not arrive.
        """
        answer: Run | LostAnswer | None = None
        me = object()
        with self._changed:
            self._posting.add(me)
        try:
            answer = self._post(request)
        finally:
            with self._changed:
                self._posting.discard(me)
                if isinstance(answer, LostAnswer):
                    self._lost.append(answer)
                elif answer is not None:
                    self._remember(answer)
                self._changed.notify_all()
        return answer

    def _post(self, request: dict[str, Any]) -> Run | LostAnswer:
        began = self.clock.now()
        try:
            return self._client.registries.schedule_run(self._registry, request)
        except TransportError as error:
            if not error.arrived:
                raise
            return LostAnswer(request, began, self.clock.now(), error)
        except UnavailableError as error:
            # A gateway that gave up may have passed the request on.
            return LostAnswer(request, began, self.clock.now(), error)
        except AcrTasksError as error:
            if not error.uncertain:
                raise
            # The service accepted the request, and its result could not be read.
            return LostAnswer(request, began, self.clock.now(), error)

    def claim(self, run: Run) -> None:
        """Record a run as ours that an earlier command has scheduled."""
        with self._changed:
            self._remember(run)

    def dismiss(self, lost: LostAnswer) -> None:
        """Give up the search for the run of a lost answer."""
        with self._changed:
            self._lost = [each for each in self._lost if each is not lost]

    def is_ours(self, run_id: str) -> bool:
        """Return whether this process has scheduled or resumed that run."""
        with self._changed:
            return run_id in self._ours

    def _remember(self, run: Run) -> None:
        self._ours.add(run.run_id)
        self._principals |= run.principals

    def find(self, lost: LostAnswer, terms: SearchTerms) -> SearchResult:
        """Search for the run that a request without an answer has started.

        The runs are listed three times, because a new run may show late. A failed list is not repeated: the client has
        retried it. Candidates whose images will tell are awaited as `terms` say.
        """
        with self._changed:
            if lost not in self._lost:
                self._lost.append(lost)
        found = SearchResult()
        for pause in _PAUSES:
            found = self._look(lost)
            if found.run is not None:
                return found
            if found.candidates or found.error is not None or terms.cancel.is_set():
                break
            self.clock.wait(terms.cancel, pause)
        return self._await_images(lost, found, terms) if terms.wait and found.undecided else found

    def _await_images(self, lost: LostAnswer, found: SearchResult, terms: SearchTerms) -> SearchResult:
        """Look again until the images of every candidate decide, or `terms` end the search."""
        terms.show(f"the answer was lost; the images of {', '.join(found.ids[:SHOWN])} will tell which run is ours")
        pause, failures = _FIRST, 0
        while found.undecided and failures < _FAILURES and not self.clock.wait(terms.cancel, pause):
            if terms.deadline is not None and self.clock.now() >= terms.deadline:
                break
            again = self._look(lost)
            failures = failures + 1 if again.error else 0
            found, pause = found if again.error else again, min(pause * _GROWTH, _LONGEST)
        return found

    def _look(self, lost: LostAnswer) -> SearchResult:
        try:
            newest = list(self._client.runs.list(self._registry, top=_NEWEST))
        except AcrTasksError as error:
            return SearchResult(error=error)
        self._await_posts()
        with self._changed:
            verdicts = {run.run_id: self._judge(run, lost) for run in newest}
            fitting = [run for run in newest if verdicts[run.run_id] is not Verdict.OTHER]
            proved = [run for run in fitting if verdicts[run.run_id] is Verdict.PROVED]
            undecided = any(verdicts[run.run_id] is Verdict.OPEN for run in fitting)
            if len(proved) == 1 and not undecided and not self._is_contended(proved[0], lost):
                self._lost.remove(lost)
                self._remember(proved[0])
                return SearchResult(proved[0])
        return SearchResult(candidates=tuple(fitting), undecided=undecided)

    def _is_contended(self, run: Run, lost: LostAnswer) -> bool:
        """Return whether a run may be that of another lost answer."""
        others = (other for other in self._lost if other is not lost)
        return any(self._judge(run, other) in (Verdict.PROVED, Verdict.OPEN) for other in others)

    def _await_posts(self) -> None:
        """Wait for the answers to all requests under way: the list may show runs of theirs."""
        with self._changed:
            posting = set(self._posting)
            self._changed.wait_for(lambda: not posting & self._posting, timeout=_POST_TIMEOUT)

    def _judge(self, run: Run, lost: LostAnswer) -> Verdict:
        if run.run_id in self._ours or (run.id or "").lower() in self._recorded:
            return Verdict.OTHER
        return judge(run, self._request_of(lost))

    def _request_of(self, lost: LostAnswer) -> LostRequest:
        time = self._client.server_time
        since = lost.sent or time.at(lost.began)
        until = lost.sent + IN_FLIGHT if lost.sent else time.at(lost.until)
        return LostRequest(lost.request, since, until, frozenset(self._principals | self._client.caller_names()))

    def describe(self, lost: LostAnswer, found: SearchResult) -> str:
        """Return what the user has to know of a lost answer."""
        return describe(found, self._registry, self._client.endpoint, self._request_of(lost).since)
