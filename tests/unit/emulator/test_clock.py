from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from acr_tasks_emulator import clock

MOMENT = datetime(2025, 4, 8, 8, 17, 33, 861842, tzinfo=timezone.utc)


def test_dates_have_seven_digits_and_an_offset() -> None:
    """A moment is spelled as .NET spells it, whatever its time zone."""
    assert clock.round_trip(MOMENT) == "2025-04-08T08:17:33.8618420+00:00"
    assert clock.round_trip(MOMENT.astimezone(timezone(timedelta(hours=2)))) == "2025-04-08T08:17:33.8618420+00:00"
    assert clock.round_trip(MOMENT.replace(microsecond=0)) == "2025-04-08T08:17:33.0000000+00:00"


def test_last_updated_time_has_no_fraction() -> None:
    """The fraction is cut, not rounded."""
    assert clock.whole_seconds(MOMENT) == "2025-04-08T08:17:33+00:00"


@pytest.mark.parametrize(
    "text",
    [
        "2025-04-08T08:17:33.8618420+00:00",
        "2025-04-08T08:17:33.861842Z",
        "2025-04-08T08:17:33.8618426z",
        "2025-04-08T10:17:33.861842+02:00",
        "2025-04-08T08:17:33.861842",
    ],
)
def test_dates_are_read_leniently(text: str) -> None:
    """Up to seven digits, Z or an offset or neither, mean the same moment."""
    assert clock.parse(text) == MOMENT


@pytest.mark.parametrize("text", ["", "yesterday", "2025-13-01", "2025-04-08T08:17:33.x"])
def test_a_malformed_date_is_refused(text: str) -> None:
    """It raises a ValueError."""
    with pytest.raises(ValueError, match=r"\S"):
        clock.parse(text)
