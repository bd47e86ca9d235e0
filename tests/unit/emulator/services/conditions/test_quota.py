from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest
from starlette.datastructures import Headers

from acr_tasks_emulator.routes.middleware.conditions import principal_of
from acr_tasks_emulator.services.conditions.quota import Quota, Spent

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import SetClock, World

PREFIX = "x-ms-ratelimit-remaining-subscription-"


@pytest.fixture
def clock(world: World) -> SetClock:
    return world.clock


def spend(quota: Quota, times: int, method: str = "GET", principal: str = "me", subscription: str = "S") -> list[Spent]:
    return [quota.spend(method, subscription, principal) for _ in range(times)]


def left(spent: Spent) -> list[str]:
    return list(spent.headers.values())


def test_a_bucket_holds_250_reads_and_gets_25_a_second(clock: SetClock) -> None:
    """The 251st read is refused and costs nothing; the headers count down to 0."""
    quota = Quota(clock, enforced=True)
    spent = spend(quota, 252)
    assert [each.refusal is None for each in spent] == [True] * 250 + [False] * 2
    assert [left(spent[0]), left(spent[249]), left(spent[251])] == [["249", "3749"], ["0", "3500"], ["0", "3500"]]
    clock.advance(1)
    assert [each.refusal is None for each in spend(quota, 26)] == [True] * 25 + [False]
    clock.advance(3600)
    assert left(quota.spend("GET", "S", "me")) == ["249", "3749"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
def test_writes_and_deletes_have_buckets_of_200_and_get_10_a_second(clock: SetClock, method: str) -> None:
    """A POST counts as a write."""
    quota = Quota(clock, enforced=True)
    for kind in (method, "DELETE"):
        assert [each.refusal is None for each in spend(quota, 201, kind)] == [True] * 200 + [False]
        clock.advance(0.1)
        assert [each.refusal is None for each in spend(quota, 2, kind)] == [True, False]
    assert set(quota.spend(method, "S", "me").headers) == {f"{PREFIX}writes", f"{PREFIX}global-writes"}
    assert set(quota.spend("DELETE", "S", "me").headers) == {f"{PREFIX}deletes", f"{PREFIX}global-deletes"}


def test_each_principal_and_subscription_has_its_own(clock: SetClock) -> None:
    """All principals of a subscription share fifteen times as much."""
    quota = Quota(clock, enforced=True)
    spend(quota, 200, "PUT")
    assert quota.spend("PUT", "s", "me").refusal is not None
    assert quota.spend("PUT", "other", "me").refusal is None
    for number in range(14):
        assert all(each.refusal is None for each in spend(quota, 200, "PUT", f"someone-{number}"))
    last = quota.spend("PUT", "S", "somebody else")
    assert last.refusal is not None
    assert left(last) == ["200", "0"]


def test_without_enforcing_no_request_is_refused(clock: SetClock) -> None:
    """The headers stay where the first request leaves them."""
    spent = spend(Quota(clock), 300)
    assert all(each.refusal is None for each in spent)
    assert {tuple(left(each)) for each in spent} == {("249", "3749")}


def test_full_buckets_are_forgotten(clock: SetClock) -> None:
    """A spent bucket is remembered, however many principals follow."""
    quota = Quota(clock, enforced=True)
    for number in range(990):
        quota.spend("GET", "S", f"early-{number}")
    clock.advance(1)
    spend(quota, 200, "PUT")
    for number in range(1200):
        quota.spend("GET", "S", f"late-{number}")
    assert quota.spend("PUT", "S", "me").refusal is not None


def test_the_principal_is_the_object_of_the_token() -> None:
    """Two tokens of one object are one principal; an opaque token stands for itself and is not shown."""

    def jwt(**claims: object) -> str:
        parts = ({"alg": "RS256"}, claims, "signature")
        return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)

    def of(token: str) -> str:
        return principal_of(Headers({"authorization": f"Bearer {token}"}))

    assert of(jwt(oid="me", iat=1)) == of(jwt(oid="me", iat=2)) == "me"
    assert of(jwt(appid="app")) == "app"
    assert of("opaque-1") == of("opaque-1") != of("opaque-2")
    assert "opaque" not in of("opaque-1")
    for strange in ("a.b.c", "a.bm9udA.c", jwt(oid=7), "a.W10.c"):
        assert of(strange)
    assert principal_of(Headers({})) == "anonymous"
