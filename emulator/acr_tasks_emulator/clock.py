"""The time as the service sees and spells it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Protocol

UTC = timezone.utc


class Clock(Protocol):
    """A source of the time, the only one in the services, so that tests can stop it."""

    def now(self) -> datetime:
        """Return the time, aware, in UTC."""


class SystemClock:
    """The machine's clock, which can be moved forward."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def advance(self, seconds: float) -> None:
        """Move the clock forward; it goes on from there."""
        self._ahead += timedelta(seconds=seconds)


def round_trip(moment: datetime) -> str:
    """Spell a moment as .NET does: seven fraction digits and `+00:00`.

    Python keeps six digits; the seventh is always 0.
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0+00:00"


def whole_seconds(moment: datetime) -> str:
    """Spell a moment without fraction, as the service writes `lastUpdatedTime` of a run."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def parse(text: str) -> datetime:
    """Read a date of 0 to 7 fraction digits with `Z` or an offset; without either it is UTC.

    Raises ValueError.
    """
    text = text.strip()
    if text[-1:] in {"Z", "z"}:
        text = text[:-1] + "+00:00"
    head, dot, rest = text.partition(".")
    if dot:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6].ljust(6, '0')}{rest[len(digits) :]}"
    moment = datetime.fromisoformat(text)
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:  # an offset leads out of the years 1 to 9999
        raise ValueError(f"{text} is not a date") from None
