"""Times and durations for the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from acr_tasks_emulator.clock import parse

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class ShownTime:
    """A time as the page shows it: `iso` for programs, `exact` for people, both in UTC; `relative` to now."""

    iso: str
    exact: str
    relative: str

    @classmethod
    def of(cls, text: str | None, now: datetime) -> ShownTime | None:
        return cls.at(parse(text), now) if text else None

    @classmethod
    def at(cls, time: datetime, now: datetime) -> ShownTime:
        seconds = (now - time).total_seconds()
        relative = f"{_about(seconds)} ago" if seconds >= 0 else f"in {_about(1 - seconds)}"
        return cls(f"{time:%Y-%m-%dT%H:%M:%SZ}", f"{time:%Y-%m-%d %H:%M:%S} UTC", relative)


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
