"""Percentiles and medians of repeated measurements."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest value that this share of all (0 to 1) does not exceed. Raise ValueError without a value."""
    if not values:
        raise ValueError("nothing was measured")
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def spread(values: Sequence[float]) -> str:
    """Return `p50 0.31 s, p95 0.62 s of 200` for seconds."""
    if not values:
        return "nothing was measured"
    return f"p50 {percentile(values, 0.5):.2f} s, p95 {percentile(values, 0.95):.2f} s of {len(values)}"


def medians(measured: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """Return the median of each, measured in turns, because the machine's other work changes from second to second."""
    turns = [{name: measure() for name, measure in measured.items()} for _ in range(rounds)]
    return {name: statistics.median(turn[name] for turn in turns) for name in measured}
