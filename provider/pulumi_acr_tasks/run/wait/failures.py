"""How a run ended, told to people: one error for each ending other than Succeeded."""

from __future__ import annotations

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
from pulumi_acr_tasks.run.wait.cause import cause_of

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.ids import RegistryId

# The final statuses, as on the wire, with the sentence for each.
_ENDINGS: dict[str, tuple[type[RunError], str]] = {
    "Failed": (RunFailedError, "failed"),
    "Canceled": (RunCanceledError, "was canceled at the service, and not by this update"),
    "Timeout": (
        RunTimeoutError,
        "took longer than the timeout of its request, {timeout} s, and was ended by the service",
    ),
    "Error": (RunServiceError, "ended because the service or its agent broke; that is not the build's fault"),
}

# The endings of which a line of the log may be the cause.
_CAUSED = ("Failed", "Error")


def log_place(endpoint: str, registry: RegistryId, run_id: str) -> str:
    """Where the whole log of a run can be read: a command of the Azure CLI, or the emulator's dashboard.

    An endpoint on this very machine is no Azure, and the CLI cannot ask it.
    """
    if is_loopback(endpoint):
        return f"{endpoint}/ (the emulator's dashboard)"
    return f"az acr task logs -r {registry.registry_name} --run-id {run_id}"


def cancel_place(endpoint: str, registry: RegistryId, run_id: str) -> str:
    """How a run can be cancelled by hand: a command of the Azure CLI, or the emulator's dashboard."""
    if is_loopback(endpoint):
        return f"cancel it at {endpoint}/ (the emulator's dashboard)"
    return f"cancel it with: az acr task cancel-run -r {registry.registry_name} --run-id {run_id}"


@dataclass(frozen=True)
class Ending:
    """What is known of a run that did not succeed.

    `registry_name` is the registry's short name. `message` is the run's own `runErrorMessage`, or empty. `tail` are
    the last lines of its log, secrets masked. `log_place` says where the whole log is.
    """

    run_id: str
    registry_name: str
    tail: list[str]
    log_place: str
    message: str = ""
    timeout: int = 3600

    def of_status(self, status: str) -> RunError:
        """The error for a final status other than Succeeded."""
        kind, sentence = _ENDINGS.get(status, (RunError, "ended as {status}"))
        return self._error(kind, sentence.format(timeout=self.timeout, status=status), status)

    def of_queue_timeout(self, seconds: float, refused: AcrTasksError | None) -> RunError:
        """The error for a run that no agent took in time; `refused` says why it could not be cancelled."""
        sentence = f"was still queued after {seconds:g} s (queue_timeout): no agent was free; {_outcome(refused)}"
        return self._error(RunQueueTimeoutError, sentence, "Queued", refused)

    def of_deadline(self, seconds: float, refused: AcrTasksError | None, *, queued: bool) -> RunError:
        """The error for a run that did not end within the resource's custom timeout; `refused` says why it could not
        be cancelled."""
        state = "still queued" if queued else "still running"
        sentence = f"was {state} after {seconds:g} s (the resource's custom timeout); {_outcome(refused)}"
        return self._error(RunDeadlineError, sentence, "Queued" if queued else "Running", refused)

    def of_silence(self, seconds: float, reason: AcrTasksError | None) -> RunError:
        """The error for a run of which the service has told nothing for so long."""
        sentence = (
            f"is not awaited any longer: the service has not answered for {seconds:g} s (acr-tasks:answerTimeout); "
            "it was not cancelled and may go on, and the next pulumi up awaits it"
        )
        return self._error(RunUnreachableError, sentence, "", reason)

    def _error(self, kind: type[RunError], sentence: str, status: str, reason: AcrTasksError | None = None) -> RunError:
        cause = cause_of(self.tail, self.message) if status in _CAUSED else ""
        headline = f"Run {self.run_id} in registry {self.registry_name} {sentence}"
        lines = [f"{headline}{': ' if cause else ''}{cause.rstrip('.')}; see {self.log_place}"]
        if reason is not None:
            lines.append(str(reason))
        message = " ".join(self.message.split())
        if message and message != cause:
            lines.append(message)
        if self.tail:
            lines += ["The end of its log:", *(f"  {line}".rstrip() for line in self.tail)]
        lines.append(f"Whole log: {self.log_place}")
        return kind("\n".join(lines), run_id=self.run_id, status=status)


def _outcome(refused: AcrTasksError | None) -> str:
    """What became of the cancellation."""
    return "it was canceled" if refused is None else "it could not be canceled and may still run"
