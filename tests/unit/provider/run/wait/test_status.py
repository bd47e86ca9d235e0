"""The status of one awaited run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from pulumi_acr_tasks.errors import ForbiddenError, ThrottledError, TransportError, UnavailableError
from pulumi_acr_tasks.run.wait.poller import Poller
from pulumi_acr_tasks.run.wait.terms import TERMINAL, Wait, WaitCanceledError, WaitTimeoutError


class FakeClock:
    """A clock whose time passes when something waits; `at` maps times to what happens then."""

    def __init__(self, at: dict[float, Callable[[], None]] | None = None) -> None:
        self.time = 0.0
        self._at = dict(at or {})

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        end = self.time + seconds
        while not event.is_set():
            due = min((moment for moment in self._at if moment <= end), default=None)
            self.time = max(self.time, end if due is None else due)
            if due is None:
                break
            self._at.pop(due)()
        return event.is_set()


class Service:
    """A service that answers one status after the other, the last one repeatedly, and remembers when it was asked."""

    def __init__(self, clock: FakeClock, *statuses: str | Exception | None) -> None:
        self._clock, self._statuses = clock, list(statuses)
        self.asked_at: list[float] = []

    def get(self, run_id: str) -> Any:
        assert len(self.asked_at) < 500, "it never ends"
        self.asked_at.append(round(self._clock.now(), 3))
        status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
        if isinstance(status, Exception):
            raise status
        # A run's provisioningState says Succeeded from the beginning.
        return SimpleNamespace(properties=SimpleNamespace(status=status, provisioning_state="Succeeded"))


def forever() -> Wait:
    return Wait(cancel=threading.Event())


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_a_final_status_ends_the_wait(status: str) -> None:
    """The run is returned, whatever its final status is."""
    clock = FakeClock()
    service = Service(clock, "Queued", None, "Started", "Running", status)
    run = Poller(service.get, clock=clock).wait("cf1", forever())
    assert run.properties.status == status
    assert len(service.asked_at) == 5


def test_the_interval_grows_to_fifteen_seconds() -> None:
    """It begins at one second."""
    clock = FakeClock()
    service = Service(clock, *["Running"] * 20, "Succeeded")
    Poller(service.get, clock=clock).wait("cf1", forever())
    gaps = [round(after - before, 3) for before, after in zip(service.asked_at, service.asked_at[1:], strict=False)]
    assert gaps[0] == 1.0
    assert gaps == sorted(gaps)
    assert gaps[-1] == 15.0


def test_the_end_of_the_log_leads_to_a_poll_at_once() -> None:
    """The next polls follow closely until the status changes."""
    wait = forever()
    clock = FakeClock({20.0: wait.poll_now.set})
    service = Service(clock, *["Running"] * 8, "Succeeded")
    Poller(service.get, clock=clock).wait("cf1", wait)
    # Asked at 1, 2, 3.5, 5.75, ... before; at 20 because of the log, and soon after that.
    assert 20.0 in service.asked_at
    after = [moment for moment in service.asked_at if moment > 20.0]
    assert after[0] == 20.5


@pytest.mark.parametrize("hurried", [False, True])
def test_a_cancellation_ends_the_wait_within_a_quarter_of_a_second(hurried: bool) -> None:
    """It does so whatever the wait is for at that moment."""
    wait = forever()
    if hurried:
        wait.poll_now.set()
    clock = FakeClock({30.0: wait.cancel.set})
    service = Service(clock, "Running")
    with pytest.raises(WaitCanceledError):
        Poller(service.get, clock=clock).wait("cf1", wait)
    assert 30.0 <= clock.time <= 30.25


def test_a_cancellation_before_the_wait_ends_it_too() -> None:
    """A run that was scheduled while the user canceled is not awaited."""
    wait = forever()
    wait.cancel.set()
    clock = FakeClock()
    service = Service(clock, "Running")
    with pytest.raises(WaitCanceledError):
        Poller(service.get, clock=clock).wait("cf1", wait)
    assert clock.time == 0.0


def test_a_deadline_ends_the_wait_at_its_time() -> None:
    """It does not wait for the next poll."""
    clock = FakeClock()
    service = Service(clock, "Running")
    with pytest.raises(WaitTimeoutError) as expired:
        Poller(service.get, clock=clock).wait("cf1", Wait(cancel=threading.Event(), deadline=33.0))
    assert clock.time == 33.0
    assert (expired.value.queued, expired.value.by_queue) == (False, False)


def test_the_queue_deadline_ends_the_wait_for_a_queued_run() -> None:
    """The error says that no agent took the run."""
    clock = FakeClock()
    service = Service(clock, "Queued")
    with pytest.raises(WaitTimeoutError) as expired:
        Poller(service.get, clock=clock).wait("cf1", Wait(cancel=threading.Event(), queue_deadline=7.0, deadline=60.0))
    assert clock.time == 7.0
    assert (expired.value.queued, expired.value.by_queue) == (True, True)


def test_the_queue_deadline_does_not_count_for_a_running_run() -> None:
    """Once an agent has taken the run, only the other deadline counts."""
    clock = FakeClock()
    service = Service(clock, "Queued", *["Running"] * 10, "Succeeded")
    Poller(service.get, clock=clock).wait("cf1", Wait(cancel=threading.Event(), queue_deadline=7.0))
    assert clock.time > 60.0
    assert len(service.asked_at) == 12


@pytest.mark.parametrize(
    "trouble", [ThrottledError(429, "", ""), UnavailableError(503, "", ""), TransportError("cannot connect")]
)
def test_a_failed_poll_is_repeated(trouble: Exception) -> None:
    """The run goes on whether it can be seen or not."""
    clock = FakeClock()
    service = Service(clock, "Running", trouble, trouble, "Succeeded")
    assert Poller(service.get, clock=clock).wait("cf1", forever()).properties.status == "Succeeded"


def test_a_refusal_ends_the_wait() -> None:
    """The service would refuse the next request too."""
    clock = FakeClock()
    service = Service(clock, "Running", ForbiddenError(403, "AuthorizationFailed", "no"))
    with pytest.raises(ForbiddenError):
        Poller(service.get, clock=clock).wait("cf1", forever())


def test_each_new_status_is_reported_once() -> None:
    """The statuses come in order, without the final one."""
    noticed: list[str] = []
    clock = FakeClock()
    service = Service(clock, None, "Queued", "Running", "Running", "Queued", "Running", "Failed")
    Poller(service.get, clock=clock).wait("cf1", Wait(cancel=threading.Event(), on_status=noticed.append))
    assert noticed == ["Queued", "Running", "Queued", "Running"]
