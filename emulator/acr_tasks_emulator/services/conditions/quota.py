"""The quota of a subscription: Resource Manager's token buckets of reads, writes and deletes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

from acr_tasks_emulator.clock import Clock
from acr_tasks_emulator.services import errors

# The size of a bucket, and how many tokens it gets back each second.
BUCKETS = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}
GLOBAL_FACTOR = 15
_KINDS = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}
_KEPT = 1000


@dataclass
class Bucket:
    """A token bucket. `level` was right at the time `since`."""

    size: int
    refill: int
    level: float
    since: datetime

    def fill(self, now: datetime) -> None:
        """Add the tokens that came back since."""
        gained = max(0.0, (now - self.since).total_seconds()) * self.refill
        self.level, self.since = min(float(self.size), self.level + gained), now

    def seconds_to_one(self) -> float:
        """Return the seconds until one token is left."""
        return max(0.0, 1 - self.level) / self.refill


@dataclass(frozen=True)
class Spent:
    """The result of a request: the headers of its answer, and the refusal when no token was left."""

    headers: dict[str, str]
    refusal: errors.ServiceError | None


class Quota:
    """Token buckets: one for each subscription and principal, and one for each subscription.

    When it is not `enforced`, every request counts as the first: no client that reads the headers slows down.
    """

    def __init__(self, clock: Clock, enforced: bool = False) -> None:
        self._clock = clock
        self._enforced = enforced
        self._buckets: dict[tuple[str, str | None, str], Bucket] = {}

    def spend(self, method: str, subscription: str, principal: str) -> Spent:
        """Take a token for one request from its buckets. A refused request costs nothing."""
        kind = _KINDS.get(method, "writes")
        now = self._clock.now()
        own, shared = (self._bucket(subscription.lower(), who, kind, now) for who in (principal, None))
        wait = max(own.seconds_to_one(), shared.seconds_to_one())
        refused = self._enforced and wait > 0
        left = [bucket.level if refused else max(0.0, bucket.level - 1) for bucket in (own, shared)]
        if self._enforced:
            own.level, shared.level = left
        prefix = "x-ms-ratelimit-remaining-subscription-"
        headers = {f"{prefix}{kind}": str(int(left[0])), f"{prefix}global-{kind}": str(int(left[1]))}
        return Spent(headers, _refusal(kind, subscription, principal, wait) if refused else None)

    def clear(self) -> None:
        """Fill every bucket."""
        self._buckets.clear()

    def _bucket(self, subscription: str, principal: str | None, kind: str, now: datetime) -> Bucket:
        key = subscription, principal, kind
        if key not in self._buckets:
            if len(self._buckets) >= _KEPT:
                self._forget_full(now)
            size, refill = (value * (GLOBAL_FACTOR if principal is None else 1) for value in BUCKETS[kind])
            self._buckets[key] = Bucket(size, refill, float(size), now)
        bucket = self._buckets[key]
        bucket.fill(now)
        return bucket

    def _forget_full(self, now: datetime) -> None:
        for key, bucket in list(self._buckets.items()):
            bucket.fill(now)
            if bucket.level >= bucket.size:
                del self._buckets[key]


def _refusal(kind: str, subscription: str, principal: str, wait: float) -> errors.ServiceError:
    seconds = max(1, math.ceil(wait))
    return errors.SUBSCRIPTION_REQUESTS_THROTTLED(
        headers={"Retry-After": str(seconds)},
        kind=kind.removesuffix("s"),
        subscription=subscription,
        principal=principal,
        seconds=seconds,
    )
