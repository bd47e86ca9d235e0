"""Which schedules a timer may have: NCrontab, five fields (facts, agent section 6)."""

from __future__ import annotations

from acr_tasks_emulator.services.triggers.schedules import ScheduleError, fields


def problem_of(schedule: str) -> str | None:
    """Return what is wrong with a schedule as a phrase, or None when nothing is."""
    try:
        fields(schedule)
    except ScheduleError as error:
        return str(error)
    return None
