"""Retries, and requests that are slowed down before the service refuses them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.unit.provider.arm.client.scene import REGISTRY, FakeClock, Service, plain_request, refusal

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.http.retry_and_throttle import ATTEMPTS, retry, throttle


@pytest.mark.parametrize(
    ("error", "arrived"),
    [
        (httpx.ConnectError("refused"), False),
        (httpx.ConnectTimeout("late"), False),
        (httpx.PoolTimeout("full"), False),
        (httpx.ReadTimeout("late"), True),
        (httpx.WriteError("broken"), True),
        (httpx.RemoteProtocolError("closed"), True),
    ],
)
def test_a_run_is_scheduled_again_only_when_the_request_did_not_arrive(error: Exception, arrived: bool) -> None:
    """A second request might be a second run."""
    service = Service([error, {"properties": {"runId": "cf1"}}])
    client = service.client()
    if arrived:
        with pytest.raises(errors.TransportError) as caught:
            client.registries.schedule_run(REGISTRY, {})
        assert caught.value.arrived
    else:
        assert client.registries.schedule_run(REGISTRY, {}).properties.run_id == "cf1"
    assert len(service.requests) == (1 if arrived else 2)


@pytest.mark.parametrize(
    ("answer", "requests"),
    [
        (refusal(503, "Busy", **{"retry-after": "1"}), 1),
        (refusal(500, "Oops"), 1),
        (refusal(429, "TooManyRequests", **{"retry-after": "3"}), 2),
    ],
)
def test_a_run_is_scheduled_again_after_429_only(answer: httpx.Response, requests: int) -> None:
    """A throttled request was not carried out; one that was answered 5xx may have been."""
    service = Service([answer, {"name": "cf1"}])
    client = service.client()
    if requests == 1:
        with pytest.raises(errors.UnavailableError):
            client.registries.schedule_run(REGISTRY, {})
    else:
        client.registries.schedule_run(REGISTRY, {})
        assert service.clock.slept == [3]
    assert len(service.requests) == requests


def test_other_requests_are_repeated_with_growing_waits() -> None:
    """They are repeated after broken connections and 5xx; a `Retry-After` sets the wait."""
    service = Service(
        [httpx.ReadError("broken"), refusal(500, "x"), refusal(503, "x", **{"retry-after": "9"}), refusal(502, "x")]
    )
    service.answers.append({"name": "build"})
    service.client().tasks.update(REGISTRY, "build", {})
    assert service.clock.slept == [0.5, 1.0, 9.0, 4.0]


def test_a_retry_after_may_be_a_date_and_is_capped() -> None:
    """A date in the past is now; an hour becomes five minutes."""
    service = Service(
        [
            refusal(429, "x", **{"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
            refusal(429, "x", **{"retry-after": "3600"}),
            refusal(429, "x", **{"retry-after": "soon"}),
            {"name": "build"},
        ]
    )
    service.client().tasks.get(REGISTRY, "build")
    assert service.clock.slept == [0.0, 300.0, 2.0]


def test_waiting_ends_when_the_update_is_canceled() -> None:
    """^C raises out of the wait; the request that cancels a run is not ended by it."""

    class Canceled(FakeClock):
        def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
            super().sleep(seconds)
            if interruptible:
                raise errors.CanceledError("canceled")

    service = Service([refusal(503, "x"), {}], clock=Canceled())
    with pytest.raises(errors.CanceledError):
        service.client().tasks.get(REGISTRY, "build")
    service = Service([refusal(503, "x"), httpx.Response(200)], clock=Canceled())
    service.client().runs.cancel(REGISTRY, "cf1")
    assert len(service.requests) == 2


def test_jitter_is_below_the_doubled_wait() -> None:
    """Waiting clients return at different times."""
    clock = FakeClock()
    send = retry(lambda _: httpx.Response(500), clock)
    assert send(plain_request()).status_code == 500
    assert len(clock.slept) == ATTEMPTS - 1
    assert all(0 <= wait <= 0.5 * 2**attempt for attempt, wait in enumerate(clock.slept))


@pytest.mark.parametrize(
    ("method", "kind", "refill"), [("GET", "reads", 25), ("POST", "writes", 10), ("DELETE", "deletes", 10)]
)
def test_requests_slow_down_before_the_bucket_is_empty(method: str, kind: str, refill: int) -> None:
    """The scarcest scope counts, and requests are sent at the bucket's own rate."""
    clock = FakeClock()
    headers = {
        f"x-ms-ratelimit-remaining-subscription-{kind}": "0",
        f"x-ms-ratelimit-remaining-subscription-global-{kind}": "900",
    }
    send = throttle(lambda _: httpx.Response(200, headers=headers), clock)
    send(plain_request(method))
    assert clock.slept == []
    send(plain_request(method))
    assert clock.slept == [pytest.approx(1 / refill)]


def test_other_buckets_are_not_slowed_down() -> None:
    """Reads and writes have buckets of their own."""
    clock = FakeClock()
    send = throttle(lambda _: httpx.Response(200, headers={"x-ms-ratelimit-remaining-subscription-writes": "0"}), clock)
    send(plain_request("PUT"))
    send(plain_request("GET"))
    assert clock.slept == []


def test_a_request_that_fails_gives_its_place_back() -> None:
    """A request that raised does not count as in flight."""
    clock = FakeClock()
    answers: list[Any] = [httpx.Response(200, headers={"x-ms-ratelimit-remaining-subscription-reads": "2"})]
    answers += [errors.TransportError("x")] * 20
    service = Service(answers)
    send = throttle(service, clock)
    send(plain_request())
    for _ in range(20):
        with pytest.raises(errors.TransportError):
            send(plain_request())
    assert clock.slept == []
