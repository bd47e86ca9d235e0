"""The error of a run that did not succeed: its sentence, the cause from its log, and where the whole log is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.http.connection import is_loopback
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    RunCanceledError,
    RunDeadlineError,
    RunError,
    RunFailedError,
    RunQueueTimeoutError,
    RunServiceError,
    RunTimeoutError,
    RunUnreachableError,
)

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.ids import RegistryId

# The final statuses, as on the wire, with the sentence for each.
_SENTENCES: dict[str, tuple[type[RunError], str]] = {
    "Failed": (RunFailedError, "failed"),
    "Canceled": (RunCanceledError, "was canceled at the service, and not by this update"),
    "Timeout": (
        RunTimeoutError,
        "took longer than the timeout of its request, {timeout} s, and was ended by the service",
    ),
    "Error": (RunServiceError, "ended because the service or its agent broke; that is not the build's fault"),
}

# The statuses whose cause may be a line of the log.
_CAUSED = ("Failed", "Error")

_COLOR = re.compile(r"\x1b\[[0-9;:]*m")
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
# What builders write below the output of a failed command. It says less than the command's own output.
_BUILDER = re.compile(
    r'time="[^"]+" level=|'
    r"Error: building at STEP |subprocess exited with status |The command '.*' returned a non-zero code|"
    r"exit status \d+$"
)
_WARNING = re.compile(r"\bwarn(?:ing)?\b|\b(?:0|no) errors?\b", re.IGNORECASE)
_NEAR = 8  # lines above the builder's that may hold the command's own error
_STATUS = re.compile(r"\bexit (?:status|code):? \d+", re.IGNORECASE)
_LONGEST = 200  # characters of a cause


def log_location(endpoint: str, registry: RegistryId, run_id: str) -> str:
    """Return where the whole log of a run can be read: a command of the Azure CLI, or the emulator's dashboard.

    The CLI cannot ask an endpoint on this machine.
    """
    if is_loopback(endpoint):
        return f"{endpoint}/ (the emulator's dashboard)"
    return f"az acr task logs -r {registry.registry_name} --run-id {run_id}"


def cancel_command(registry: RegistryId, run_id: str) -> str:
    """Return the Azure CLI's command that cancels a run."""
    return f"az acr task cancel-run -r {registry.registry_name} --run-id {run_id}"


def cancel_hint(endpoint: str, registry: RegistryId, run_id: str) -> str:
    """Return how to cancel a run by hand: a command of the Azure CLI, or the emulator's dashboard."""
    if is_loopback(endpoint):
        return f"cancel it at {endpoint}/ (the emulator's dashboard)"
    return f"cancel it with: {cancel_command(registry, run_id)}"


@dataclass(frozen=True)
class RunFailure:
    """The facts about a run that did not succeed.

    `registry_name`: the registry's short name. `tail`: the last lines of the run's log, secrets masked.
    `log_location`: where the whole log is. `message`: the run's own `runErrorMessage`, or empty. `timeout`: of the
    request, in seconds.
    """

    run_id: str
    registry_name: str
    tail: list[str]
    log_location: str
    message: str = ""
    timeout: int = 3600

    def of_status(self, status: str) -> RunError:
        """Return the error for a final status other than Succeeded."""
        kind, sentence = _SENTENCES.get(status, (RunError, "ended as {status}"))
        return self._error(kind, sentence.format(timeout=self.timeout, status=status), status)

    def of_queue_timeout(self, seconds: float, refusal: AcrTasksError | None) -> RunError:
        """Return the error for a run that no agent took in time; `refusal` is why it could not be canceled."""
        sentence = f"was still queued after {seconds:g} s, its queue timeout: no agent was free; {_outcome(refusal)}"
        return self._error(RunQueueTimeoutError, sentence, "Queued", refusal)

    def of_deadline(self, seconds: float, refusal: AcrTasksError | None, *, queued: bool) -> RunError:
        """Return the error for a run that outlasted the resource's custom timeout.

        `refusal` is why it could not be canceled.
        """
        state = "still queued" if queued else "still running"
        sentence = f"was {state} after {seconds:g} s (the resource's custom timeout); {_outcome(refusal)}"
        return self._error(RunDeadlineError, sentence, "Queued" if queued else "Running", refusal)

    def of_outage(self, seconds: float, reason: AcrTasksError | None) -> RunError:
        """Return the error for a run about which the service has not answered for so long."""
        sentence = (
            f"is not awaited any longer: the service has not answered for {seconds:g} s (acr-tasks:answerTimeout); "
            "it was not canceled and may go on, and the next pulumi up awaits it"
        )
        return self._error(RunUnreachableError, sentence, "", reason)

    def _error(self, kind: type[RunError], sentence: str, status: str, reason: AcrTasksError | None = None) -> RunError:
        cause = cause_of(self.tail, self.message) if status in _CAUSED else ""
        headline = f"Run {self.run_id} in registry {self.registry_name} {sentence}"
        lines = [f"{headline}{': ' if cause else ''}{cause.rstrip('.')}; see {self.log_location}"]
        if reason is not None:
            lines.append(str(reason))
        message = " ".join(self.message.split())
        if message and message != cause:
            lines.append(message)
        if self.tail:
            lines += ["The end of its log:", *(f"  {line}".rstrip() for line in self.tail)]
        lines.append(f"Whole log: {self.log_location}")
        return kind("\n".join(lines), run_id=self.run_id, status=status)


def _outcome(refusal: AcrTasksError | None) -> str:
    """Return what became of the cancellation."""
    return "it was canceled" if refusal is None else "it could not be canceled and may still run"


def cause_of(tail: Sequence[str], message: str = "") -> str:
    """Return one line that names the cause of a failure; empty when nothing names one.

    That is the last line of the log that reports an error, or the run's own `message`, or an exit status.
    """
    lines = [_TIME.sub("", _COLOR.sub("", line)).strip() for line in tail]
    output = [line for line in lines if line and not _SUMMARY.match(line)]
    errors = [line for line in output if _ERROR.search(line) and not _WARNING.search(line)]
    near = {line for line in output[-_NEAR:] if not _BUILDER.match(line)}
    cause = next((line for line in reversed(errors) if line in near), next(reversed(errors), ""))
    reported = " ".join(message.split())
    if not cause and reported and not _SUMMARY.match(reported):
        cause = reported
    if not cause:
        status = next((found for text in (reported, *reversed(lines)) if (found := _STATUS.search(text))), None)
        cause = status[0] if status else reported
    return cause if len(cause) <= _LONGEST else cause[: _LONGEST - 1] + "…"
