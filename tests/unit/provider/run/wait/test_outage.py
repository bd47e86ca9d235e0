"""Outages of the service while a run is awaited."""

from __future__ import annotations

import itertools
import threading
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_acr_tasks.errors import AcrTasksError, ForbiddenError, SignInError, ThrottledError, TransportError
from pulumi_acr_tasks.run.wait.poller import Poller
from pulumi_acr_tasks.run.wait.terms import Wait, WaitOutageError


class Clock:
    """A clock whose time passes when something waits."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        if not event.is_set():
            self.time += seconds
        return event.is_set()


class Service:
    """A service that does not answer between two times; each request takes `takes` seconds then."""

    def __init__(self, clock: Clock, since: float, until: float, end: float, takes: float = 0.0) -> None:
        self.clock, self.since, self.until, self.end, self.takes = clock, since, until, end, takes
        self.trouble: Exception = TransportError("read run x: cannot connect (refused)")
        self.asked_at: list[float] = []

    def get(self, run_id: str) -> Any:
        self.asked_at.append(self.clock.time)
        if self.since <= self.clock.time < self.until:
            self.clock.time += self.takes
            raise self.trouble
        status = "Succeeded" if self.clock.time >= self.end else "Running"
        return SimpleNamespace(properties=SimpleNamespace(run_id=run_id, status=status))


class Reports:
    """The reports of an outage."""

    def __init__(self) -> None:
        self.outages: list[int] = []
        self.recoveries: list[int] = []
        self.reasons: list[str] = []

    def wait(self, answer_timeout: float | None = None) -> Wait:
        def on_outage(seconds: float, reason: AcrTasksError) -> None:
            self.outages.append(int(seconds))
            self.reasons.append(str(reason))

        return Wait(
            threading.Event(),
            answer_timeout=answer_timeout,
            on_outage=on_outage,
            on_recovery=lambda seconds: self.recoveries.append(int(seconds)),
        )


@pytest.mark.parametrize("takes", [0.0, 10.0])
def test_an_outage_is_reported_after_ten_seconds_and_later_again(takes: float) -> None:
    """Each report has the reason, whether requests are refused or time out; the recovery is reported once."""
    clock, reports = Clock(), Reports()
    service = Service(clock, 5.0, 300.0, 400.0, takes)
    Poller(service.get, clock=clock).wait("cf1", reports.wait())
    assert reports.outages[0] in range(10, 16)
    assert len(reports.outages) in (6, 7)
    assert set(reports.reasons) == {"read run x: cannot connect (refused)"}
    assert len(reports.recoveries) == 1


def test_a_short_outage_is_not_reported() -> None:
    """A single request without an answer is not worth a message."""
    clock, reports = Clock(), Reports()
    Poller(Service(clock, 5.0, 9.0, 60.0).get, clock=clock).wait("cf1", reports.wait())
    assert (reports.outages, reports.recoveries) == ([], [])


def test_a_recovery_is_noticed_soon() -> None:
    """The service is polled every five seconds at least, however long the run has been awaited."""
    clock = Clock()
    service = Service(clock, 1000.0, 2000.0, 5000.0)
    Poller(service.get, clock=clock).wait("cf1", Reports().wait())
    lost = [moment for moment in service.asked_at if 1000.0 <= moment <= 2000.0]
    assert max(after - before for before, after in itertools.pairwise(lost)) <= 5.5


@pytest.mark.parametrize("takes", [0.0, 10.0])
def test_the_wait_ends_at_its_answer_timeout(takes: float) -> None:
    """The time counts from the first request without an answer; the error has the last reason."""
    clock, reports = Clock(), Reports()
    with pytest.raises(WaitOutageError) as given_up:
        Poller(Service(clock, 50.0, 1e9, 1e9, takes).get, clock=clock).wait("cf1", reports.wait(answer_timeout=120.0))
    assert 120.0 <= given_up.value.seconds <= 131.0
    assert "refused" in str(given_up.value.reason)


def test_an_answer_resets_the_answer_timeout() -> None:
    """Two short outages are not one long one."""
    clock, reports = Clock(), Reports()
    service = Service(clock, 5.0, 60.0, 300.0)
    first = service.get

    def get(run_id: str) -> Any:
        if 100.0 <= clock.time < 160.0:
            raise TransportError("again")
        return first(run_id)

    Poller(get, clock=clock).wait("cf1", reports.wait(answer_timeout=70.0))
    assert len(reports.recoveries) == 2


@pytest.mark.parametrize(
    "trouble",
    [
        TransportError("the server's certificate is not trusted", lasting=True),
        TransportError("the answer is not understood (JSONDecodeError)"),
        SignInError("cannot sign in: the login server is not reached"),
        AttributeError("'NoneType' object has no attribute 'get'"),
        ValueError("HTML"),
    ],
)
def test_certificates_and_answers_that_cannot_be_read_are_outages_too(trouble: Exception) -> None:
    """The run goes on, and its status is unknown."""
    clock, reports = Clock(), Reports()
    service = Service(clock, 5.0, 100.0, 200.0)
    service.trouble = trouble
    Poller(service.get, clock=clock).wait("cf1", reports.wait())
    assert len(reports.outages) == 3
    assert len(reports.recoveries) == 1


def test_a_refusal_is_an_answer() -> None:
    """A refusal ends the wait at once."""
    clock, reports = Clock(), Reports()
    service = Service(clock, 5.0, 100.0, 200.0)
    service.trouble = ForbiddenError(403, "AuthorizationFailed", "")
    with pytest.raises(ForbiddenError):
        Poller(service.get, clock=clock).wait("cf1", reports.wait())
    assert reports.outages == []


def test_retry_after_holds_between_polls() -> None:
    """A busy service is not polled before the time that it asks for."""
    clock, reports = Clock(), Reports()
    service = Service(clock, 5.0, 60.0, 200.0)
    service.trouble = ThrottledError(429, "TooManyRequests", "")
    service.trouble.retry_after = 40.0
    Poller(service.get, clock=clock).wait("cf1", reports.wait())
    busy = [moment for moment in service.asked_at if 5.0 <= moment < 60.0]
    assert all(after - before >= 40.0 for before, after in itertools.pairwise(busy))
