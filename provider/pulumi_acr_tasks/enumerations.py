"""The enumerations of the specification, as the programs use them that `pulumi import` writes.

Wherever one of them is expected, its text does as well, in any case: `os="Linux"` is `os=OS.LINUX`.
"""

from __future__ import annotations

from enum import Enum


class Architecture(str, Enum):
    """The processor of a run's agent."""

    AMD64 = "amd64"
    X86 = "x86"
    ARM = "arm"
    ARCHITECTURE_386 = "386"
    ARM64 = "arm64"


class BaseImageTriggerType(str, Enum):
    """The base images that a trigger follows."""

    ALL = "All"
    RUNTIME = "Runtime"


class OS(str, Enum):
    """The operating system of a run's agent."""

    LINUX = "Linux"
    WINDOWS = "Windows"


class ResourceIdentityType(str, Enum):
    """The kinds of identity that a task has."""

    SYSTEM_ASSIGNED = "SystemAssigned"
    USER_ASSIGNED = "UserAssigned"
    SYSTEM_ASSIGNED_USER_ASSIGNED = "SystemAssigned, UserAssigned"
    NONE = "None"


class SecretObjectType(str, Enum):
    """Where the service takes a secret from."""

    OPAQUE = "Opaque"
    VAULTSECRET = "Vaultsecret"


class SourceControlType(str, Enum):
    """The kind of service that has a repository."""

    GITHUB = "Github"
    VISUAL_STUDIO_TEAM_SERVICE = "VisualStudioTeamService"


class SourceRegistryLoginMode(str, Enum):
    """Whether a run signs in to the registry of its task."""

    NONE = "None"
    DEFAULT = "Default"


class SourceTriggerEvent(str, Enum):
    """The events of a repository that start a run."""

    COMMIT = "commit"
    PULLREQUEST = "pullrequest"


class TaskStatus(str, Enum):
    """Whether a task can run."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


class TokenType(str, Enum):
    """The kind of a repository's token."""

    PAT = "PAT"
    O_AUTH = "OAuth"


class TriggerStatus(str, Enum):
    """Whether a trigger starts runs."""

    DISABLED = "Disabled"
    ENABLED = "Enabled"


class Variant(str, Enum):
    """The variant of an arm processor."""

    V6 = "v6"
    V7 = "v7"
    V8 = "v8"
