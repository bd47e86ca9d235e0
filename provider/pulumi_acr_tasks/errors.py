"""The errors of this package.

    AcrTasksError                     str(e) is what the user reads, without a traceback
    ├── SettingsError                 the configuration is wrong or incomplete
    ├── ValidationError               arguments that cannot be right, found outside `check`
    ├── EndpointError                 the resource lives at another endpoint than the configured one
    ├── TaskExistsError               a task of that name exists already and `adopt` is not set
    ├── UpdateError                   an update was accepted, and its answer shows that it did not take effect
    ├── SignInError                   no token for the service
    ├── ServiceError                  the service refused a request
    │   ├── InvalidRequestError           400, or another 4xx without a class of its own
    │   │   └── NotPermittedError             TasksOperationsNotAllowed: the subscription may not use ACR Tasks
    │   ├── UnauthorizedError             401
    │   ├── ForbiddenError                403
    │   ├── NotFoundError                 404
    │   │   └── RegistryNotFoundError         404 of the registry or its resource group
    │   ├── SubscriptionNotFoundError     404 of the subscription: it proves nothing about its resources
    │   ├── ConflictError                 409
    │   │   └── NotRegisteredError            MissingSubscriptionRegistration
    │   ├── WebhookError                  409 or 404 `ProviderCall`: the webhook of a source trigger was refused
    │   ├── ThrottledError                429, after all retries
    │   └── UnavailableError              5xx, after all retries
    ├── TransportError                no answer at all
    │   ├── DeadlineError                 no answer within the resource's custom timeout
    │   └── AnswerError                   an answer that cannot be read: another server's, or incomplete
    ├── RunError                      a run ended other than Succeeded
    │   ├── RunFailedError                Failed: a step failed
    │   ├── RunCanceledError              Canceled: somebody else canceled it at the service
    │   ├── RunTimeoutError               Timeout: it took longer than its request allows
    │   ├── RunServiceError               Error: the service or its agent broke
    │   ├── RunQueueTimeoutError          given up: no agent took it within `queue_timeout`
    │   ├── RunDeadlineError              given up: it did not end within the resource's custom timeout
    │   └── RunUnreachableError           given up: the service gave no answer about it within `answerTimeout`
    ├── SourceError                   a local context cannot be packed or uploaded
    ├── EmulatorError                 the embedded emulator cannot be started
    └── CanceledError                 the user canceled the update (^C)

This module imports nothing of this package, so that every other module can raise these errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def printable(text: str) -> str:
    """Return a foreign text on one line, without control characters."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


class AcrTasksError(Exception):
    """The base of all errors of this package: `except AcrTasksError` catches each of them.

    `uncertain` is True when the service may have carried out the request that failed: one of its attempts was sent, and
    no answer says what became of it. `unconfirmed` is then the id and the outputs of the resource that may exist.
    """

    uncertain: bool = False
    unconfirmed: tuple[str, dict[str, Any]] | None = None

    def add(self, line: str) -> None:
        """Add a line to the message."""
        self.args = (f"{self}\n{line}",)


class SettingsError(AcrTasksError):
    """A key of the configuration that is wrong or missing; the message says what is allowed."""


class ValidationError(AcrTasksError):
    """Arguments that cannot be right, found outside `check`; each is a line of the message."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class EndpointError(AcrTasksError):
    """A resource that was made at another endpoint than the one that the stack points to."""


class TaskExistsError(AcrTasksError):
    """A task of that name that exists already, without `adopt`."""


class UpdateError(AcrTasksError):
    """An update that the service accepted without applying it; the message names the property."""


class SignInError(AcrTasksError):
    """A credential that gave no token; the message says why."""


class ServiceError(AcrTasksError):
    """An answer of the service that refuses a request.

    `status` is the HTTP status. `code`, `message` and `target` are those of the answer's `error` object, empty where it
    has none. `correlation_id` is the `x-ms-correlation-request-id` of our request, `action` its verb ("create task"),
    `resource_id` the ARM id of the resource. `cure` is one sentence, or empty. `attempts` is the number of requests.
    `retry_after` is the number of seconds that the service asks to wait, or None.
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
        """Return at most four lines: the action and the status, the service's words, the cure, the correlation id."""
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
    """A request that the service finds wrong in itself."""


class NotPermittedError(InvalidRequestError):
    """A subscription that may not use ACR Tasks."""


class UnauthorizedError(ServiceError):
    """A token that the service does not accept."""


class ForbiddenError(ServiceError):
    """A permission that the signed-in identity lacks."""


class NotFoundError(ServiceError):
    """A task, run or other resource that does not exist."""


class RegistryNotFoundError(NotFoundError):
    """A registry or resource group that does not exist."""


class SubscriptionNotFoundError(ServiceError):
    """A subscription that does not exist, or that the signed-in identity cannot see.

    It is not a NotFoundError: a wrong subscription or sign-in says nothing about the resources in it.
    """


class ConflictError(ServiceError):
    """A request that the present state of the resource does not allow."""


class NotRegisteredError(ConflictError):
    """A subscription in which Microsoft.ContainerRegistry is not registered."""


class WebhookError(ServiceError):
    """A source repository that refused the webhook of a source trigger."""


class ThrottledError(ServiceError):
    """A service that still throttles the request after all retries."""


class UnavailableError(ServiceError):
    """A service that still answers 5xx after all retries."""


class TransportError(AcrTasksError):
    """A request without an answer.

    `arrived` is False when the request certainly did not reach the service, so that any request may be repeated.
    `lasting` is True when repeating it cannot help.
    """

    def __init__(self, message: str, *, arrived: bool = True, lasting: bool = False) -> None:
        super().__init__(message)
        self.arrived = arrived
        self.lasting = lasting


class DeadlineError(TransportError):
    """A request that was given up at its deadline."""


class AnswerError(TransportError):
    """An answer that cannot be read: a proxy's, another server's, or an incomplete one."""


class RunError(AcrTasksError):
    """A run that did not succeed; `status` is the run's, as on the wire."""

    def __init__(self, message: str, *, run_id: str = "", status: str = "") -> None:
        super().__init__(message)
        self.run_id = run_id
        self.status = status


class RunFailedError(RunError):
    """A run with a step that failed."""


class RunCanceledError(RunError):
    """A run that somebody else canceled at the service while we awaited it."""


class RunTimeoutError(RunError):
    """A run that took longer than the `timeout` of its request."""


class RunServiceError(RunError):
    """A run that ended because the service or its agent broke."""


class RunQueueTimeoutError(RunError):
    """A run that no agent took within `queue_timeout`, and that we have canceled."""


class RunDeadlineError(RunError):
    """A run that did not end within the custom timeout of its resource, and that we have canceled."""


class RunUnreachableError(RunError):
    """A run that we no longer await because the service does not answer; it may go on."""


class SourceError(AcrTasksError):
    """A local context that cannot be packed or uploaded."""


class EmulatorError(AcrTasksError):
    """An embedded emulator that does not start; the message says what to install."""


class CanceledError(AcrTasksError):
    """Work that was given up because the user canceled the update."""
