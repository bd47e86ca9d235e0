"""The cause of a failed run, found in the end of its log."""

from __future__ import annotations

import re
from collections.abc import Sequence

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
_TIME = re.compile(r"^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d ")
# What the agent writes below the error of a step.
_SUMMARY = re.compile(
    r"Run ID: \S+ |failed to run step ID: |Step ID: \S+ marked as |Container failed during run|failed during run\b|"
    r"Retry(?:ing)?\b|Downloading source code|Finished downloading source code",
    re.IGNORECASE,
)
_ERROR = re.compile(
    r"\b(?:errors?|fatal|failed|failure|cannot|can't|could not|couldn't|unable|denied|unauthorized|forbidden|invalid|"
    r"not found|no such|does not exist|exception|panic|undefined|unknown|missing|killed|non-zero|ERR!|exit status|"
    r"exit code|exited with)(?!\w)|\w(?:Error|Exception)\b",
    re.IGNORECASE,
)
_STATUS = re.compile(r"\bexit (?:status|code):? \d+", re.IGNORECASE)
_LONGEST = 200  # characters


def cause_of(tail: Sequence[str], message: str = "") -> str:
    """Return one line that names the cause: the last line of the log that tells of an error, or what `message`, the
    run's own words, has of it; empty when neither has any."""
    lines = [_TIME.sub("", _COLOUR.sub("", line)).strip() for line in tail]
    own = next((line for line in reversed(lines) if _ERROR.search(line) and not _SUMMARY.match(line)), "")
    said = " ".join(message.split())
    if not own and said and not _SUMMARY.match(said):
        own = said
    if not own:
        status = next((found for text in (said, *reversed(lines)) if (found := _STATUS.search(text))), None)
        own = status[0] if status else said
    return own if len(own) <= _LONGEST else own[: _LONGEST - 1] + "…"
