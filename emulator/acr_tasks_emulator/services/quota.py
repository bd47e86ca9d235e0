"""What Resource Manager still lets a subscription do: token buckets of reads, writes and deletes (facts section 10)."""

from __future__ import annotations

import math

from acr_tasks_emulator.clock import Clock

BUCKETS = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}
GLOBAL_FACTOR = 15


class Quota:
    """Counts; it never refuses, because nobody has asked the emulator to throttle."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._levels = {name: float(size) for name, (size, _) in BUCKETS.items()}
        self._since = dict.fromkeys(BUCKETS, clock.now())

    def spend(self, method: str) -> dict[str, str]:
        """Take one request off its bucket; return the headers that tell what remains."""
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(method, "writes")
        size, refill = BUCKETS[kind]
        now = self._clock.now()
        gained = max(0.0, (now - self._since[kind]).total_seconds()) * refill
        self._since[kind] = now
        self._levels[kind] = max(0.0, min(float(size), self._levels[kind] + gained) - 1)
        left = math.floor(self._levels[kind])
        return {
            f"x-ms-ratelimit-remaining-subscription-{kind}": str(left),
            f"x-ms-ratelimit-remaining-subscription-global-{kind}": str(size * GLOBAL_FACTOR - (size - left)),
        }
