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
# What builders write below the output of a command that failed: worth less than what the command itself has written.
_BUILDER = re.compile(
    r"Error: building at STEP |subprocess exited with status |The command '.*' returned a non-zero code|"
    r"exit status \d+$"
)
_WARNING = re.compile(r"\bwarn(?:ing)?\b|\b(?:0|no) errors?\b", re.IGNORECASE)
_NEAR = 8  # lines above the builder's in which the command's own error is looked for
_STATUS = re.compile(r"\bexit (?:status|code):? \d+", re.IGNORECASE)
_LONGEST = 200  # characters


def cause_of(tail: Sequence[str], message: str = "") -> str:
    """Return one line that names the cause: the last line of the log that tells of an error, or what `message`, the
    run's own words, has of it; empty when neither has any."""
    lines = [_TIME.sub("", _COLOUR.sub("", line)).strip() for line in tail]
    told = [line for line in lines if line and not _SUMMARY.match(line)]
    errors = [line for line in told if _ERROR.search(line) and not _WARNING.search(line)]
    near = {line for line in told[-_NEAR:] if not _BUILDER.match(line)}
    own = next((line for line in reversed(errors) if line in near), next(reversed(errors), ""))
    said = " ".join(message.split())
    if not own and said and not _SUMMARY.match(said):
        own = said
    if not own:
        status = next((found for text in (said, *reversed(lines)) if (found := _STATUS.search(text))), None)
        own = status[0] if status else said
    return own if len(own) <= _LONGEST else own[: _LONGEST - 1] + "…"
