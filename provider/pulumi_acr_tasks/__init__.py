"""Pulumi resources for Azure Container Registry Tasks: Task, Run, and the types of their arguments.

A name is loaded when it is first used: importing this package costs nothing but Pulumi itself. The types of outputs are
in `pulumi_acr_tasks.outputs`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_acr_tasks.args import *  # noqa: F403  # the public names, for type checkers alone
    from pulumi_acr_tasks.errors import *  # noqa: F403
    from pulumi_acr_tasks.provider import *  # noqa: F403
    from pulumi_acr_tasks.run.context_hash import *  # noqa: F403
    from pulumi_acr_tasks.run.resource import *  # noqa: F403
    from pulumi_acr_tasks.task.resource import *  # noqa: F403

# Every public name and the module that it lives in.
_MODULES = {
    "AcrTasksError": "errors",
    "AgentPropertiesArgs": "args",
    "AnswerError": "errors",
    "ArgumentArgs": "args",
    "AuthInfoArgs": "args",
    "BaseImageTriggerArgs": "args",
    "CanceledError": "errors",
    "ConflictError": "errors",
    "CredentialsArgs": "args",
    "CustomRegistryCredentialsArgs": "args",
    "DeadlineError": "errors",
    "DockerBuildRequestArgs": "args",
    "DockerBuildStepArgs": "args",
    "EmulatorError": "errors",
    "EncodedTaskRunRequestArgs": "args",
    "EncodedTaskStepArgs": "args",
    "EndpointError": "errors",
    "FileTaskRunRequestArgs": "args",
    "FileTaskStepArgs": "args",
    "ForbiddenError": "errors",
    "IdentityPropertiesArgs": "args",
    "InvalidRequestError": "errors",
    "NotFoundError": "errors",
    "NotPermittedError": "errors",
    "NotRegisteredError": "errors",
    "PlatformPropertiesArgs": "args",
    "Provider": "provider",
    "RegistryNotFoundError": "errors",
    "Run": "run.resource",
    "RunCanceledError": "errors",
    "RunDeadlineError": "errors",
    "RunError": "errors",
    "RunFailedError": "errors",
    "RunProvider": "run.resource",
    "RunQueueTimeoutError": "errors",
    "RunServiceError": "errors",
    "RunTimeoutError": "errors",
    "RunUnreachableError": "errors",
    "SecretObjectArgs": "args",
    "ServiceError": "errors",
    "SetValueArgs": "args",
    "SettingsError": "errors",
    "SignInError": "errors",
    "SourceError": "errors",
    "SourcePropertiesArgs": "args",
    "SourceRegistryCredentialsArgs": "args",
    "SourceTriggerArgs": "args",
    "SubscriptionNotFoundError": "errors",
    "Task": "task.resource",
    "TaskExistsError": "errors",
    "TaskProvider": "task.resource",
    "TaskRunRequestArgs": "args",
    "ThrottledError": "errors",
    "TimerTriggerArgs": "args",
    "TransportError": "errors",
    "TriggerPropertiesArgs": "args",
    "UnauthorizedError": "errors",
    "UnavailableError": "errors",
    "UpdateError": "errors",
    "ValidationError": "errors",
    "WebhookError": "errors",
    "context_hash": "run.context_hash",
}

__all__ = sorted(_MODULES)  # pyright: ignore


def __getattr__(name: str) -> Any:
    """Loads a public name from its module, once."""
    module = _MODULES.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
