"""Pulumi resources for Azure Container Registry Tasks: Task, Run, and the types of their arguments.

A name is loaded when it is first used: importing this package costs nothing but Pulumi itself. The types of outputs are
in `pulumi_acr_tasks.outputs`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulumi_acr_tasks.args import *  # noqa: F403  # the public names, for type checkers alone
    from pulumi_acr_tasks.enumerations import *  # noqa: F403
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
    "Architecture": "enumerations",
    "ArgumentArgs": "args",
    "AuthInfoArgs": "args",
    "BaseImageTriggerArgs": "args",
    "BaseImageTriggerType": "enumerations",
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
    "OS": "enumerations",
    "PlatformPropertiesArgs": "args",
    "Provider": "provider",
    "RegistryNotFoundError": "errors",
    "ResourceIdentityType": "enumerations",
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
    "SecretObjectType": "enumerations",
    "ServiceError": "errors",
    "SetValueArgs": "args",
    "SettingsError": "errors",
    "SignInError": "errors",
    "SourceControlType": "enumerations",
    "SourceError": "errors",
    "SourcePropertiesArgs": "args",
    "SourceRegistryCredentialsArgs": "args",
    "SourceRegistryLoginMode": "enumerations",
    "SourceTriggerArgs": "args",
    "SourceTriggerEvent": "enumerations",
    "SubscriptionNotFoundError": "errors",
    "Task": "task.resource",
    "TaskExistsError": "errors",
    "TaskProvider": "task.resource",
    "TaskRunRequestArgs": "args",
    "TaskStatus": "enumerations",
    "ThrottledError": "errors",
    "TimerTriggerArgs": "args",
    "TokenType": "enumerations",
    "TransportError": "errors",
    "TriggerPropertiesArgs": "args",
    "TriggerStatus": "enumerations",
    "UnauthorizedError": "errors",
    "UnavailableError": "errors",
    "UpdateError": "errors",
    "ValidationError": "errors",
    "Variant": "enumerations",
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
