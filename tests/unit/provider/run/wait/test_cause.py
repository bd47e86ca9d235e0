"""The line of a log that becomes the headline of a failure."""

from __future__ import annotations

import pytest

from pulumi_acr_tasks.run.wait.failures import cause_of

AGENT = [
    "2026/01/01 00:00:01 Container failed during run: build. No retries remaining.",
    "failed to run step ID: build: exit status 1",
    "",
    "Run ID: cf1 failed after 5s. Error: failed during run, err: exit status 1",
]
MESSAGE = "failed during run, err: exit status 1"

CAUSES: dict[str, tuple[list[str], str]] = {
    "classic builder": (
        ["Step 2/2 : RUN npm test", "Error: no test specified", "The command '/bin/sh -c npm test' returned a "],
        "Error: no test specified",
    ),
    "a command, not the summary of the builder": (
        ["npm ERR! Test failed.", "The command '/bin/sh -c npm test' returned a non-zero code: 1"],
        "npm ERR! Test failed.",
    ),
    "the builder, where the command is silent": (
        [
            "curl: not found, not needed",
            *["working"] * 9,
            "subprocess exited with status 2",
            'Error: building at STEP "RUN false": exit status 2',
        ],
        'Error: building at STEP "RUN false": exit status 2',
    ),
    "the builder's sentence, not a line of its own log": (
        ['time="2026-01-01T00:00:00Z" level=error msg="UNHANDLED"', 'Error: building at STEP "COPPY ": unknown'],
        'Error: building at STEP "COPPY ": unknown',
    ),
    "no warning": (["error: main.c:12", "warning: 1 file not found", "0 errors elsewhere"], "error: main.c:12"),
    "a shell": (["sh: frobnicate: not found"], "sh: frobnicate: not found"),
    "a Python traceback": (["Traceback (most recent call last):", "ValueError: bad"], "ValueError: bad"),
    "colours and a time": (
        ["2026/01/01 00:00:00 \x1b[31mfatal: repository is gone\x1b[0m"],
        "fatal: repository is gone",
    ),
    "nothing that says why": (["Step 1/2", "working"], "exit status 1"),
    "no log at all": ([], "exit status 1"),
}


@pytest.mark.parametrize("case", CAUSES)
def test_the_last_line_that_reports_an_error_is_the_cause(case: str) -> None:
    """The agent's summary below it is not; without an error line, the exit status of the step is the cause."""
    lines, cause = CAUSES[case]
    assert cause_of([*lines, *AGENT] if lines else [], MESSAGE) == cause


def test_the_service_s_own_message_is_the_cause_without_an_error_line() -> None:
    """A message of several lines becomes one line."""
    assert cause_of(["Step 1/2"], "no agent\n could be made") == "no agent could be made"
    assert cause_of([], "") == ""


def test_a_long_line_is_shortened() -> None:
    """A headline has at most 200 characters."""
    assert len(cause_of(["error: " + "x" * 5000])) == 200
