"""One poller for all the runs of a registry."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_acr_tasks.errors import (
    AcrTasksError,
    AnswerError,
    ForbiddenError,
    InvalidRequestError,
    NotFoundError,
    ThrottledError,
)
from pulumi_acr_tasks.run.wait.batch import BatchReader
from pulumi_acr_tasks.run.wait.poller import Poller
from pulumi_acr_tasks.run.wait.terms import Wait


def seen(run_id: str, status: str = "Running") -> Any:
    return SimpleNamespace(properties=SimpleNamespace(run_id=run_id, status=status))


class Service:
    """A service that knows the statuses of runs, and remembers its requests."""

    def __init__(self, *run_ids: str) -> None:
        self.statuses = dict.fromkeys(run_ids, "Running")
        self.hidden: set[str] = set()
        self.asked: list[str | int] = []
        self.list_fails: Exception | None = None
        self.ignores_filter = False

    def get(self, run_id: str) -> Any:
        self.asked.append(run_id)
        if run_id not in self.statuses:
            raise NotFoundError(404, "ResourceNotFound", "")
        return seen(run_id, self.statuses[run_id])

    def find(self, run_ids: Sequence[str]) -> Iterator[Any]:
        self.asked.append(len(run_ids))
        if self.list_fails:
            raise self.list_fails
        for run_id in self.statuses if self.ignores_filter else run_ids:
            if run_id not in self.hidden:
                yield seen(run_id, self.statuses[run_id])


def names(count: int) -> list[str]:
    return [f"cf{number}" for number in range(count)]


def test_many_runs_are_read_in_groups_of_fifteen() -> None:
    """A single run is read by its id, which does not turn lists off."""
    service = Service(*names(32))
    reader = BatchReader(service.get, service.find)
    assert sorted(reader.read(names(32))) == sorted(names(32))
    assert service.asked == [15, 15, 2]
    reader.read(["cf7"])
    reader.read(["cf7", "cf8"])
    assert service.asked[3:] == ["cf7", 2]


@pytest.mark.parametrize(
    "refusal", [InvalidRequestError(400, "", ""), ForbiddenError(403, "", ""), AnswerError("what")]
)
def test_a_refused_filter_is_not_tried_again(refusal: Exception) -> None:
    """From then on each run is read by its own id."""
    service = Service("cf1", "cf2")
    service.list_fails = refusal
    reader = BatchReader(service.get, service.find)
    for _ in range(2):
        assert sorted(reader.read(["cf1", "cf2"])) == ["cf1", "cf2"]
    assert service.asked == [2, "cf1", "cf2", "cf1", "cf2"]


def test_an_ignored_filter_is_not_tried_again() -> None:
    """A service that ignores the filter may list thousands of runs."""
    service = Service("old", "cf1", "cf2")
    service.ignores_filter = True
    reader = BatchReader(service.get, service.find)
    for _ in range(2):
        assert sorted(reader.read(["cf1", "cf2"])) == ["cf1", "cf2"]
    assert service.asked == [2, "cf1", "cf2", "cf1", "cf2"]


def test_a_run_that_is_missing_in_the_list_is_not_gone() -> None:
    """The run is read by its id; the next poll lists again."""
    service = Service("cf1", "cf2")
    service.hidden = {"cf2"}
    reader = BatchReader(service.get, service.find)
    for _ in range(2):
        assert sorted(reader.read(["cf1", "cf2"])) == ["cf1", "cf2"]
    assert service.asked == [2, "cf2", 2, "cf2"]


def test_a_list_without_any_of_the_runs_is_not_tried_again() -> None:
    """The runs exist all the same."""
    service = Service("cf1", "cf2")
    service.hidden = {"cf1", "cf2"}
    reader = BatchReader(service.get, service.find)
    reader.read(["cf1", "cf2"])
    reader.read(["cf1", "cf2"])
    assert service.asked == [2, "cf1", "cf2", "cf1", "cf2"]


def test_after_a_failed_list_no_run_is_read_by_id() -> None:
    """This poll has no answers, and the next one lists again."""
    service = Service("cf1", "cf2")
    service.list_fails = ThrottledError(429, "TooManyRequests", "")
    reader = BatchReader(service.get, service.find)
    assert reader.read(["cf1", "cf2"]) == {}
    service.list_fails = None
    assert len(reader.read(["cf1", "cf2"])) == 2
    assert service.asked == [2, 2]


def test_the_error_of_one_run_is_not_that_of_the_others() -> None:
    """The error is the answer for that run alone."""
    service = Service("cf1")
    answers = BatchReader(service.get).read(["cf1", "gone"])
    assert answers["cf1"].properties.status == "Running"
    assert isinstance(answers["gone"], NotFoundError)


class SharedClock:
    """A clock whose time passes when all of `threads` threads wait; `at` maps times to what happens then."""

    def __init__(self, threads: int) -> None:
        self.time, self.threads = 0.0, threads
        self.at: dict[float, Callable[[], None]] = {}
        self._until: dict[int, float] = {}
        self._changed = threading.Condition()

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        me = threading.get_ident()
        with self._changed:
            self._until[me] = self.time + seconds
            self._pass()
            assert self._changed.wait_for(lambda: self.time >= self._until[me], timeout=20)
            del self._until[me]
        return event.is_set()

    def leave(self) -> None:
        with self._changed:
            self.threads -= 1
            self._pass()

    def _pass(self) -> None:
        if not self.threads or len(self._until) < self.threads:
            return
        next_ = min(self._until.values())
        while next_ > self.time:
            self.time = min([next_, *self.at])
            if self.time in self.at:
                self.at.pop(self.time)()
        self._changed.notify_all()


class Watching:
    """Runs that are awaited at the same time, each in a thread of its own."""

    def __init__(self, service: Service) -> None:
        self.service, self.clock = service, SharedClock(len(service.statuses))
        self.poller = Poller(service.get, service.find, self.clock)
        self.waits = {run_id: Wait(cancel=threading.Event()) for run_id in service.statuses}

    def log_ends(self, moment: float, *run_ids: str, status: str = "Succeeded") -> None:
        """End these runs, and their logs, at that time."""

        def end() -> None:
            for run_id in run_ids:
                self.service.statuses[run_id] = status
                self.waits[run_id].poll_now.set()

        self.clock.at[moment] = end

    def ends(self) -> dict[str, tuple[str, float]]:
        """Return when each run was known to have ended, and how."""

        def wait(run_id: str) -> tuple[str, float]:
            try:
                run = self.poller.wait(run_id, self.waits[run_id])
                return run.properties.status, round(self.clock.now(), 2)
            except AcrTasksError as error:
                return type(error).__name__, round(self.clock.now(), 2)
            finally:
                self.clock.leave()

        with ThreadPoolExecutor(len(self.waits)) as pool:
            futures: dict[str, Future[tuple[str, float]]] = {run_id: pool.submit(wait, run_id) for run_id in self.waits}
            return {run_id: future.result(timeout=30) for run_id, future in futures.items()}


def test_forty_runs_cost_the_polls_of_a_few() -> None:
    """Forty runs that end together after five seconds take at most twenty requests, and no thread learns of it late."""
    watching = Watching(Service(*names(40)))
    watching.log_ends(5.0, *names(40))
    ends = watching.ends()
    assert {status for status, _ in ends.values()} == {"Succeeded"}
    assert max(moment for _, moment in ends.values()) <= 6.0
    assert len(watching.service.asked) <= 20


def test_the_end_of_one_log_among_many_polls_for_that_run_alone() -> None:
    """The other runs are not due."""
    watching = Watching(Service("cf0", "cf1", "cf2"))
    watching.log_ends(4.1, "cf1")
    watching.log_ends(9.0, "cf0", "cf2")
    ends = watching.ends()
    assert "cf1" in watching.service.asked
    assert ends["cf1"][1] <= 5.0


def test_a_run_whose_service_error_is_its_own_fails_alone() -> None:
    """The thread that polled goes on waiting for its own run."""
    service = Service("cf0", "cf1")
    service.statuses["cf2"] = "Running"
    watching = Watching(service)
    watching.log_ends(30.0, "cf0", "cf1")
    del service.statuses["cf2"]
    service.list_fails = InvalidRequestError(400, "", "")
    ends = watching.ends()
    assert ends["cf2"][0] == "NotFoundError"
    assert {ends["cf0"][0], ends["cf1"][0]} == {"Succeeded"}


def test_more_runs_are_polled_less_often() -> None:
    """The interval grows with the number of requests that a poll takes."""
    few, many = Watching(Service("cf0")), Watching(Service(*names(40)))
    for watching in (few, many):
        watching.log_ends(60.0, *watching.waits)
        watching.ends()
    assert len(many.service.asked) < 4 * len(few.service.asked)
