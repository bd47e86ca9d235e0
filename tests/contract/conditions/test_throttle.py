"""Resource Manager's throttling with `--throttle arm`."""

from __future__ import annotations

import time
from typing import Any

import pytest

from acr_tasks_emulator.services.conditions import quota

SECTION = "Understand how Azure Resource Manager throttles requests: token buckets by subscription and principal"


def advance(arm: Any, seconds: Any) -> Any:
    return arm.http.post("/_emulator/clock/advance", json={"seconds": seconds})


@pytest.fixture
def slow_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refill buckets once in 1,000 seconds, so that a slow machine empties one too. Unit tests keep the real rate."""
    for kind, (size, _) in quota.BUCKETS.items():
        monkeypatch.setitem(quota.BUCKETS, kind, (size, 0.001))


@pytest.mark.arm_documented(SECTION)
def test_too_many_writes_are_answered_429(emulated: Any, slow_refill: None) -> None:
    """After 200 writes the answer is 429 with Retry-After. Reads have a bucket of their own; time refills them."""
    arm = emulated(throttle="arm")
    answers = [arm("POST", "listBuildSourceUploadUrl") for _ in range(200)]
    assert {answer.status_code for answer in answers} == {200}
    remaining = [int(answer.headers["x-ms-ratelimit-remaining-subscription-writes"]) for answer in answers]
    assert remaining == [*range(199, -1, -1)]
    refused = arm("POST", "listBuildSourceUploadUrl")
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == "SubscriptionRequestsThrottled"
    assert 1 <= int(refused.headers["retry-after"]) <= 1000
    assert refused.headers["x-ms-ratelimit-remaining-subscription-writes"] == "0"
    assert refused.headers["x-ms-correlation-request-id"]
    assert arm("GET", "tasks").status_code == 200
    assert advance(arm, 50_000).status_code == 200
    again = arm("POST", "listBuildSourceUploadUrl")
    assert again.status_code == 200
    assert int(again.headers["x-ms-ratelimit-remaining-subscription-writes"]) == 49


@pytest.mark.arm_documented(SECTION)
def test_another_principal_is_not_throttled(emulated: Any, slow_refill: None) -> None:
    """Each principal has buckets of its own."""
    arm = emulated(throttle="arm")
    while arm("DELETE", "tasks/nosuch").status_code != 429:
        pass
    headers = {"Authorization": "Bearer somebody-else"}
    url = f"{arm.registry}/tasks/nosuch?api-version=2019-04-01"
    assert arm.http.delete(url, headers=headers).status_code == 204


@pytest.mark.emulator_choice("the emulator's own interface")
def test_the_clock_is_moved_forward(emulated: Any) -> None:
    """Links expire; the clock never goes back, and anything but a number is refused."""
    arm = emulated()
    url = arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"]
    assert advance(arm, 4201).json()["now"] > "2026"
    assert arm.http.put(url, content=b"x", headers={"x-ms-blob-type": "BlockBlob"}).status_code == 403
    for wrong in (-1, "1", None, True, 1e300):
        answer = advance(arm, wrong)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidSeconds")


@pytest.mark.emulator_choice("the emulator's own interface")
def test_resource_manager_may_be_slow(emulated: Any) -> None:
    """Each answer takes that much longer; a waiting caller holds up no other."""
    arm = emulated(latency=150)
    began = time.monotonic()
    arm.ok("GET", "tasks")
    assert time.monotonic() - began >= 0.15
    entry = arm.http.get("/_emulator/requests").json()["value"][-1]
    assert entry["milliseconds"] >= 150
