"""Times and durations for the page."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from acr_tasks_emulator.clock import parse

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


View = dict[str, Any]


def read_time(text: str | None, now: datetime) -> View | None:
    """Return the view of a time in ARM's spelling; None without one."""
    return time_view(parse(text), now) if text else None


def time_view(time: datetime, now: datetime) -> View:
    """Return a time as the page shows it: `iso` for programs, `exact` for people, both in UTC; `relative` to now."""
    seconds = (now - time).total_seconds()
    relative = f"{_about(seconds)} ago" if seconds >= 0 else f"in {_about(1 - seconds)}"
    return {"iso": f"{time:%Y-%m-%dT%H:%M:%SZ}", "exact": f"{time:%Y-%m-%d %H:%M:%S} UTC", "relative": relative}


def _about(seconds: float) -> str:
    return duration_text(seconds if seconds < 60 else seconds - seconds % 60)


def duration_text(seconds: float) -> str:
    """Return a duration in its two largest units, such as `1 h 30 min`."""
    left = max(0, int(seconds))
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    shown = [f"{count} {unit}" for count, unit in parts[:2] if count]
    return " ".join(shown) or "0 s"
