"""The ring that keeps requests below what the Resource Manager allows, so that 429 stays the exception.

The Resource Manager counts reads, writes and deletes in token buckets of their own, and says in every answer how many
tokens remain. (Source: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.operation import operation_of

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.operation import Send

# Tokens that come back each second.
_REFILL = {"reads": 25.0, "writes": 10.0, "deletes": 10.0}
_HEADER = re.compile(r"x-ms-ratelimit-remaining-(?:subscription|tenant)(?:-global)?-(reads|writes|deletes)")


@dataclass
class _Bucket:
    """The state of a bucket: `remaining` tokens at the time `seen`, and requests under way since."""

    remaining: float | None = None
    seen: float = 0.0
    under_way: int = 0


def throttle(send: Send, clock: Clock) -> Send:
    """Let a request wait until its bucket has a token for it, as far as the last answers tell."""
    lock = threading.Lock()
    buckets = {kind: _Bucket() for kind in _REFILL}

    def take(kind: str) -> float:
        """Take a token and return 0, or return the seconds until there may be one."""
        with lock:
            bucket = buckets[kind]
            if bucket.remaining is not None:
                available = bucket.remaining + (clock.now() - bucket.seen) * _REFILL[kind] - bucket.under_way
                if available < 1 and bucket.under_way < bucket.remaining + 1:
                    return (1 - available) / _REFILL[kind]
            bucket.under_way += 1
            return 0.0

    def update(kind: str, response: httpx.Response | None) -> None:
        with lock:
            buckets[kind].under_way -= 1
            for name, remaining in _remaining(response).items():
                buckets[name].remaining, buckets[name].seen = remaining, clock.now()

    def throttled(request: httpx.Request) -> httpx.Response:
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(request.method, "writes")
        interruptible = not operation_of(request).after_cancel
        while (wait := take(kind)) > 0:
            clock.sleep(wait, interruptible=interruptible)
        response = None
        try:
            response = send(request)
        finally:
            update(kind, response)
        return response

    return throttled


def _remaining(response: httpx.Response | None) -> dict[str, float]:
    """Return the tokens that remain, by kind; the scope with the fewest counts."""
    found: dict[str, float] = {}
    for name, value in response.headers.items() if response is not None else ():
        match = _HEADER.fullmatch(name)
        if match and value.isascii() and value.isdigit():
            found[match[1]] = min(float(value), found.get(match[1], float("inf")))
    return found
