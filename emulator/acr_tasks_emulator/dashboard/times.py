"""Times and lengths of time, exactly and as people say them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from acr_tasks_emulator.clock import parse

_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class Moment:
    """A time. `iso` is for programs, `exact` for people, both in UTC; `spoken` is how long ago it was."""

    iso: str
    exact: str
    spoken: str

    @classmethod
    def of(cls, text: str | None, now: datetime) -> Moment | None:
        return cls.at(parse(text), now) if text else None

    @classmethod
    def at(cls, moment: datetime, now: datetime) -> Moment:
        seconds = (now - moment).total_seconds()
        spoken = f"{_about(seconds)} ago" if seconds >= 0 else f"in {_about(1 - seconds)}"
        return cls(f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{moment:%Y-%m-%d %H:%M:%S} UTC", spoken)


def _about(seconds: float) -> str:
    return spoken_length(seconds if seconds < 60 else seconds - seconds % 60)


def spoken_length(seconds: float) -> str:
    """Say a length of time in its two largest units, such as `1 h 30 min`."""
    left = max(0, int(seconds))
    parts: list[tuple[int, str]] = []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append((count, unit))
    shown = [f"{count} {unit}" for count, unit in parts[:2] if count]
    return " ".join(shown) or "0 s"
