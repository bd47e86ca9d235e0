"""Every error that this package raises of itself.

    AcrTasksError                     str(e) is what the user reads, without a traceback
    ├── SettingsError                 the configuration is wrong or incomplete
    ├── ValidationError               arguments that cannot be right, found outside `check`
    ├── EndpointError                 the resource lives at another endpoint than the configured one
    ├── TaskExistsError               a task of that name exists already and `adopt` is not set
    ├── UpdateError                   an update was accepted, and its answer shows that it did not take effect
    ├── SignInError                   no token for the service
    ├── ServiceError                  the service answered no
    │   ├── InvalidRequestError           400, or another 4xx without a class of its own
    │   │   └── NotPermittedError             TasksOperationsNotAllowed: the subscription may not use ACR Tasks
    │   ├── UnauthorizedError             401
    │   ├── ForbiddenError                403
    │   ├── NotFoundError                 404
    │   │   └── RegistryNotFoundError         404 of the registry or its resource group
    │   ├── SubscriptionNotFoundError     404 of the subscription: it proves nothing about what is in it
    │   ├── ConflictError                 409
    │   │   └── NotRegisteredError            MissingSubscriptionRegistration
    │   ├── WebhookError                  409 or 404 `ProviderCall`: the webhook of a source trigger was refused
    │   ├── ThrottledError                429, after all retries
    │   └── UnavailableError              5xx, after all retries
    ├── TransportError                no answer at all
    │   └── DeadlineError                 no answer within the resource's custom timeout
    │   └── AnswerError                   an answer that is not the service's, or not all of it
    ├── RunError                      a run ended other than Succeeded
    │   ├── RunFailedError                Failed: a step failed
    │   ├── RunCanceledError              Canceled: somebody else canceled it at the service
    │   ├── RunTimeoutError               Timeout: it took longer than its request allows
    │   ├── RunServiceError               Error: the service or its agent broke
    │   ├── RunQueueTimeoutError          given up: no agent took it within `queue_timeout`
    │   ├── RunDeadlineError              given up: it did not end within the resource's custom timeout
    │   └── RunUnreachableError           given up: the service has told nothing of it within `answerTimeout`
    ├── SourceError                   a local context cannot be packed or uploaded
    ├── EmulatorError                 the embedded emulator cannot be started
    └── CanceledError                 the user canceled the update (^C)

This module imports nothing, so that raising and catching cost nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def printable(text: str) -> str:
    """Return a foreign text on one line, without the characters that a terminal would obey."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


class AcrTasksError(Exception):
    """The root of the tree: `except AcrTasksError` catches whatever this package raises of itself.

    `uncertain` is True when the request that failed may have been carried out all the same: one of its attempts was
    sent, and no answer says what came of it. `unconfirmed` is then the id and the outputs of what may have been made.
    """

    uncertain: bool = False
    unconfirmed: tuple[str, dict[str, Any]] | None = None

    def add(self, line: str) -> None:
        """Add a line to what the user reads."""
        self.args = (f"{self}\n{line}",)


class SettingsError(AcrTasksError):
    """Says which key of the configuration is wrong or missing, and what is allowed."""


class ValidationError(AcrTasksError):
    """Lists every argument that cannot be right, one sentence a line, for callers other than `check`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class EndpointError(AcrTasksError):
    """Refuses to touch a resource that was made at another endpoint than the one the stack points to."""


class TaskExistsError(AcrTasksError):
    """Refuses to take over a task that exists already."""


class UpdateError(AcrTasksError):
    """Says which property the service accepted without applying it."""


class SignInError(AcrTasksError):
    """Says which credential gave no token, and why."""


class ServiceError(AcrTasksError):
    """Is an answer of the service other than the one asked for.

    `status` is the HTTP status, `code`, `message` and `target` are those of the answer's `error` object (empty where
    the answer has none), `correlation_id` is the `x-ms-correlation-request-id` of our request, `action` is what we were
    doing in the words "create task", `resource_id` the ARM id that we did it to, `cure` one sentence, or empty, and
    `attempts` how many times the service was asked.
    `retry_after` is the number of seconds that the service asks to wait, None where it does not.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        target: str = "",
        correlation_id: str = "",
        action: str = "",
        resource_id: str = "",
        cure: str = "",
        attempts: int = 1,
    ) -> None:
        self.attempts = attempts
        self.status, self.code, self.message, self.target = status, code, message, target
        self.retry_after: float | None = None
        self.correlation_id, self.action, self.resource_id, self.cure = correlation_id, action, resource_id, cure
        super().__init__(self._text())

    def _text(self) -> str:
        """Composes at most four lines: what we were doing, what the service said, the cure, the correlation id."""
        doing = " ".join(part for part in (self.action, self.resource_id) if part) or "request"
        answer = " ".join(str(part) for part in (self.status, self.code) if part)
        times = f", {self.attempts} times" if self.attempts > 1 else ""
        lines = [f"{doing}: the service answered {printable(answer)}{times}"]
        if self.message:
            lines.append(printable(self.message))
        if self.cure:
            lines.append(self.cure)
        if self.correlation_id:
            lines.append(f"correlation id {self.correlation_id}")
        return "\n".join(lines)


class InvalidRequestError(ServiceError):
    """Is a request that the service finds wrong in itself."""


class NotPermittedError(InvalidRequestError):
    """Is the refusal of ACR Tasks for a whole subscription."""


class UnauthorizedError(ServiceError):
    """Is a token that the service does not accept."""


class ForbiddenError(ServiceError):
    """Is a permission that the signed-in identity lacks."""


class NotFoundError(ServiceError):
    """Is a task, run or other resource that does not exist."""


class RegistryNotFoundError(NotFoundError):
    """A registry or resource group that does not exist."""


class SubscriptionNotFoundError(ServiceError):
    """A subscription that does not exist, or that the signed-in identity cannot see.

    It is no NotFoundError: a wrong subscription or sign-in says nothing about the resources in it.
    """


class ConflictError(ServiceError):
    """Is a request that the present state of the resource does not allow."""


class NotRegisteredError(ConflictError):
    """Is a subscription in which Microsoft.ContainerRegistry is not registered."""


class WebhookError(ServiceError):
    """Is a source repository that refused the webhook of a source trigger."""


class ThrottledError(ServiceError):
    """Is a service that was still too busy for us after all retries."""


class UnavailableError(ServiceError):
    """Is a service that was still ill after all retries."""


class TransportError(AcrTasksError):
    """Is a request that got no answer.

    `arrived` is False when the request certainly never reached the service, so that even a request which must not be
    sent twice may be sent again. `lasting` is True when sending it again cannot help.
    """

    def __init__(self, message: str, *, arrived: bool = True, lasting: bool = False) -> None:
        super().__init__(message)
        self.arrived = arrived
        self.lasting = lasting


class DeadlineError(TransportError):
    """A request that was given up because the time for it was over."""


class AnswerError(TransportError):
    """An answer that is not understood: of a proxy, of another service, or cut on its way."""


class RunError(AcrTasksError):
    """Says how a run ended when it did not succeed; `status` is the run's, as on the wire."""

    def __init__(self, message: str, *, run_id: str = "", status: str = "") -> None:
        super().__init__(message)
        self.run_id = run_id
        self.status = status


class RunFailedError(RunError):
    """Is a run of which a step failed."""


class RunCanceledError(RunError):
    """Is a run that was canceled at the service while we awaited it, and not by us."""


class RunTimeoutError(RunError):
    """Is a run that took longer than the `timeout` of its request."""


class RunServiceError(RunError):
    """Is a run that ended because the service or its agent broke."""


class RunQueueTimeoutError(RunError):
    """Is a run that no agent took within `queue_timeout`; we have canceled it."""


class RunDeadlineError(RunError):
    """Is a run that did not end within the custom timeout of its resource; we have canceled it."""


class RunUnreachableError(RunError):
    """A run that is not awaited any longer because the service does not answer; it may go on."""


class SourceError(AcrTasksError):
    """Says what in a local context cannot be packed or uploaded."""


class EmulatorError(AcrTasksError):
    """Says why the embedded emulator does not start, and what to install."""


class CanceledError(AcrTasksError):
    """Says what was given up because the user canceled the update."""
