"""Input types: one class for each definition of 2019-04-01 in an argument, in the specification's order.

The names are the specification's plus `Args`. Wherever one of them is expected, a plain dict does as well, with its
keys as Python or as ARM spells them. `type` says which step or request an object is; the constructors set it.
(Source: azure-spec/2019-04-01/containerregistry_build.json.)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import pulumi

from pulumi_acr_tasks.program.declaration import strict
from pulumi_acr_tasks.program.encoded import TaskFile, command_content, file_content, task_content, with_values
from pulumi_acr_tasks.schema.definitions import Kind, camel_case, members

if TYPE_CHECKING:
    import os

    from typing_extensions import Self, Unpack
    from typing_extensions import dataclass_transform as dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[Any], Any]:
        """Tell type checkers what pulumi.input_type makes of a class; do nothing at run time."""
        return lambda decorator: decorator


T = TypeVar("T")


def declare_members(cls: type) -> None:
    """Make a Pulumi property of each annotation of a class: under ARM's name, with its value as the default."""
    for name in inspect.get_annotations(cls):
        default = {"default": cls.__dict__[name]} if name in cls.__dict__ else {}
        setattr(cls, name, pulumi.property(camel_case(name), **default))


@dataclass_transform(kw_only_default=True)
def input_type(cls: type[T]) -> type[T]:
    """Make an input type of an annotated class, and describe its members in the docstring, which `help` shows."""
    known = members(cls.__name__.removesuffix("Args"))
    described = [(name, known[camel_case(name)]) for name in inspect.get_annotations(cls)]
    lines = [f"{name}: {' '.join([of.description, *_values(of)])}" for name, of in described]
    cls.__doc__ = "\n".join([cls.__doc__ or "", "", *lines])
    declare_members(cls)
    return strict(pulumi.input_type(cls))


def _values(of: Kind) -> list[str]:
    return [f"One of {', '.join(of.values)}."] if of.values else []


@input_type
class PlatformPropertiesArgs:
    """The platform of a run."""

    os: pulumi.Input[str]
    architecture: pulumi.Input[str] | None = None
    variant: pulumi.Input[str] | None = None


@input_type
class AgentPropertiesArgs:
    """The agent of a run. Version 2019-04-01 of the service has agents with 2 cores, and accepts no other number."""

    cpu: pulumi.Input[int] | None = None


@input_type
class IdentityPropertiesArgs:
    """The managed identities of a task.

    `user_assigned_identities` is a sequence of ARM ids, or a map from each to {}.
    """

    type: pulumi.Input[str] | None = None
    user_assigned_identities: pulumi.Input[Sequence[pulumi.Input[str]] | Mapping[str, pulumi.Input[Any]]] | None = None


@input_type
class TriggerPropertiesArgs:
    """The triggers of a task: timers, source repositories, and changes of base images."""

    timer_triggers: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[TimerTriggerArgs]]]] | None = None
    source_triggers: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[SourceTriggerArgs]]]] | None = None
    base_image_trigger: pulumi.Input[pulumi.InputType[BaseImageTriggerArgs]] | None = None


@input_type
class CredentialsArgs:
    """The registries that a run signs in to."""

    source_registry: pulumi.Input[pulumi.InputType[SourceRegistryCredentialsArgs]] | None = None
    custom_registries: (
        pulumi.Input[Mapping[str, pulumi.Input[pulumi.InputType[CustomRegistryCredentialsArgs]]]] | None
    ) = None


@input_type
class TimerTriggerArgs:
    """A timer that starts runs."""

    name: pulumi.Input[str]
    schedule: pulumi.Input[str]
    status: pulumi.Input[str] | None = None


@input_type
class SourceTriggerArgs:
    """A source repository whose events start runs, through a webhook that the service makes."""

    name: pulumi.Input[str]
    source_repository: pulumi.Input[pulumi.InputType[SourcePropertiesArgs]]
    source_trigger_events: pulumi.Input[Sequence[pulumi.Input[str]]]
    status: pulumi.Input[str] | None = None


@input_type
class BaseImageTriggerArgs:
    """Base images whose changes start runs."""

    name: pulumi.Input[str]
    base_image_trigger_type: pulumi.Input[str]
    status: pulumi.Input[str] | None = None


@input_type
class SourceRegistryCredentialsArgs:
    """The sign-in of a run to its own registry."""

    login_mode: pulumi.Input[str] | None = None


@input_type
class CustomRegistryCredentialsArgs:
    """The sign-in of a run to another registry: a user name and a password, or a managed identity."""

    user_name: pulumi.Input[pulumi.InputType[SecretObjectArgs]] | None = None
    password: pulumi.Input[pulumi.InputType[SecretObjectArgs]] | None = None
    identity: pulumi.Input[str] | None = None


@input_type
class SourcePropertiesArgs:
    """The source repository of a trigger."""

    source_control_type: pulumi.Input[str]
    repository_url: pulumi.Input[str]
    branch: pulumi.Input[str] | None = None
    source_control_auth_properties: pulumi.Input[pulumi.InputType[AuthInfoArgs]] | None = None


@input_type
class SecretObjectArgs:
    """A secret, or the URL of one in Key Vault. The value is kept encrypted."""

    value: pulumi.Input[str] | None = None
    type: pulumi.Input[str] | None = None


@input_type
class AuthInfoArgs:
    """The token with which the service makes a webhook."""

    token_type: pulumi.Input[str]
    token: pulumi.Input[str]
    refresh_token: pulumi.Input[str] | None = None
    scope: pulumi.Input[str] | None = None
    expires_in: pulumi.Input[int] | None = None


@input_type
class DockerBuildRequestArgs:
    """A run that builds an image with a Dockerfile, and pushes it."""

    docker_file_path: pulumi.Input[str] | None = None
    platform: pulumi.Input[pulumi.InputType[PlatformPropertiesArgs]] | None = None
    type: pulumi.Input[str] = "DockerBuildRequest"
    is_archive_enabled: pulumi.Input[bool] | None = None
    image_names: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    is_push_enabled: pulumi.Input[bool] | None = None
    no_cache: pulumi.Input[bool] | None = None
    target: pulumi.Input[str] | None = None
    arguments: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[ArgumentArgs]]]] | None = None
    timeout: pulumi.Input[int] | None = None
    agent_configuration: pulumi.Input[pulumi.InputType[AgentPropertiesArgs]] | None = None
    source_location: pulumi.Input[str] | None = None
    credentials: pulumi.Input[pulumi.InputType[CredentialsArgs]] | None = None


@input_type
class ArgumentArgs:
    """A build argument."""

    name: pulumi.Input[str]
    value: pulumi.Input[str]
    is_secret: pulumi.Input[bool] | None = None


@input_type
class FileTaskRunRequestArgs:
    """A run of a task file of the source."""

    task_file_path: pulumi.Input[str]
    platform: pulumi.Input[pulumi.InputType[PlatformPropertiesArgs]] | None = None
    type: pulumi.Input[str] = "FileTaskRunRequest"
    is_archive_enabled: pulumi.Input[bool] | None = None
    values_file_path: pulumi.Input[str] | None = None
    values: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[SetValueArgs]]]] | None = None
    timeout: pulumi.Input[int] | None = None
    agent_configuration: pulumi.Input[pulumi.InputType[AgentPropertiesArgs]] | None = None
    source_location: pulumi.Input[str] | None = None
    credentials: pulumi.Input[pulumi.InputType[CredentialsArgs]] | None = None


@input_type
class SetValueArgs:
    """A value for the `{{.Values.name}}` of a task file."""

    name: pulumi.Input[str]
    value: pulumi.Input[str]
    is_secret: pulumi.Input[bool] | None = None


@input_type
class TaskRunRequestArgs:
    """A run of an existing task."""

    task_name: pulumi.Input[str]
    type: pulumi.Input[str] = "TaskRunRequest"
    is_archive_enabled: pulumi.Input[bool] | None = None
    values: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[SetValueArgs]]]] | None = None


if TYPE_CHECKING:
    Values = (
        pulumi.Input[str]
        | pulumi.Input[Mapping[str, pulumi.Input[Any]]]
        | Sequence[pulumi.Input[pulumi.InputType["SetValueArgs"]]]
    )
    """The values of a task file: a dictionary or the text of a values file, or a list."""

    class _RequestMembers(TypedDict, total=False):
        """The members of an encoded run request beside its task file, its values and its timeout."""

        platform: pulumi.Input[pulumi.InputType[PlatformPropertiesArgs]] | None
        is_archive_enabled: pulumi.Input[bool] | None
        agent_configuration: pulumi.Input[pulumi.InputType[AgentPropertiesArgs]] | None
        source_location: pulumi.Input[str] | None
        credentials: pulumi.Input[pulumi.InputType[CredentialsArgs]] | None
        encoded_values_content: pulumi.Input[str] | None

    class _StepMembers(TypedDict, total=False):
        """The members of an encoded task step beside its task file and its values."""

        context_path: pulumi.Input[str] | None
        context_access_token: pulumi.Input[str] | None
        encoded_values_content: pulumi.Input[str] | None


@input_type
class EncodedTaskRunRequestArgs:
    """A run of a task file that comes with the request.

    `from_yaml`, `from_file` and `from_cmd` make one; `encoded_task_content` itself is the task file in base64. Their
    `values` are what `{{.Values.name}}` stands for: a dictionary or the text of a values file, which is kept encrypted
    as a whole; or a list of SetValueArgs, each of which is secret or not. Their other arguments are those of the class.
    """

    encoded_task_content: pulumi.Input[str]
    platform: pulumi.Input[pulumi.InputType[PlatformPropertiesArgs]] | None = None
    type: pulumi.Input[str] = "EncodedTaskRunRequest"
    is_archive_enabled: pulumi.Input[bool] | None = None
    encoded_values_content: pulumi.Input[str] | None = None
    values: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[SetValueArgs]]]] | None = None
    timeout: pulumi.Input[int] | None = None
    agent_configuration: pulumi.Input[pulumi.InputType[AgentPropertiesArgs]] | None = None
    source_location: pulumi.Input[str] | None = None
    credentials: pulumi.Input[pulumi.InputType[CredentialsArgs]] | None = None

    @classmethod
    def from_yaml(
        cls,
        task: pulumi.Input[TaskFile],
        *,
        values: Values | None = None,
        timeout: pulumi.Input[int] | None = None,
        **members: Unpack[_RequestMembers],
    ) -> Self:
        """Return the request of a task file: its text, the dictionary that it would be read as, or a list of steps.

        Outputs and secrets may be anywhere within. `timeout` is the run's, in seconds.
        Raises ValidationError for what cannot be a task file.
        """
        made: dict[str, Any] = {"encoded_task_content": task_content(task), "timeout": timeout}
        return cls(**made, **with_values(values), **members)

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        *,
        values: Values | os.PathLike[str] | None = None,
        timeout: pulumi.Input[int] | None = None,
        **members: Unpack[_RequestMembers],
    ) -> Self:
        """Return the request of a task file on disk, relative to the program; `values` may be a file's name too.

        `timeout` is the run's, in seconds. Raises ValidationError for a file that cannot be read as text.
        """
        made: dict[str, Any] = {"encoded_task_content": file_content(path), "timeout": timeout}
        return cls(**made, **with_values(values, files=True), **members)

    @classmethod
    def from_cmd(
        cls,
        cmd: pulumi.Input[str],
        *,
        values: Values | None = None,
        timeout: pulumi.Input[int] = 3600,
        **members: Unpack[_RequestMembers],
    ) -> Self:
        """Return the request of one command, as `az acr run --cmd` makes it: an image and its arguments.

        `acr`, `az` and the like are images of the service's own. `timeout` holds for the command and the run, in
        seconds. Raises ValidationError when it is not one line.
        """
        made: dict[str, Any] = {"encoded_task_content": command_content(cmd, timeout), "timeout": timeout}
        return cls(**made, **with_values(values), **members)


@input_type
class DockerBuildStepArgs:
    """A step that builds an image with a Dockerfile, and pushes it."""

    docker_file_path: pulumi.Input[str]
    type: pulumi.Input[str] = "Docker"
    context_path: pulumi.Input[str] | None = None
    context_access_token: pulumi.Input[str] | None = None
    image_names: pulumi.Input[Sequence[pulumi.Input[str]]] | None = None
    is_push_enabled: pulumi.Input[bool] | None = None
    no_cache: pulumi.Input[bool] | None = None
    target: pulumi.Input[str] | None = None
    arguments: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[ArgumentArgs]]]] | None = None


@input_type
class FileTaskStepArgs:
    """A step that runs a task file of the source."""

    task_file_path: pulumi.Input[str]
    type: pulumi.Input[str] = "FileTask"
    context_path: pulumi.Input[str] | None = None
    context_access_token: pulumi.Input[str] | None = None
    values_file_path: pulumi.Input[str] | None = None
    values: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[SetValueArgs]]]] | None = None


@input_type
class EncodedTaskStepArgs:
    """A step that runs a task file of its own.

    `from_yaml`, `from_file` and `from_cmd` make one; `encoded_task_content` itself is the task file in base64. Their
    `values` are what `{{.Values.name}}` stands for: a dictionary or the text of a values file, which is kept encrypted
    as a whole; or a list of SetValueArgs, each of which is secret or not. Their other arguments are those of the class.
    """

    encoded_task_content: pulumi.Input[str]
    type: pulumi.Input[str] = "EncodedTask"
    context_path: pulumi.Input[str] | None = None
    context_access_token: pulumi.Input[str] | None = None
    encoded_values_content: pulumi.Input[str] | None = None
    values: pulumi.Input[Sequence[pulumi.Input[pulumi.InputType[SetValueArgs]]]] | None = None

    @classmethod
    def from_yaml(
        cls, task: pulumi.Input[TaskFile], *, values: Values | None = None, **members: Unpack[_StepMembers]
    ) -> Self:
        """Return the step of a task file: its text, the dictionary that it would be read as, or a list of steps.

        Outputs and secrets may be anywhere within. Raises ValidationError for what cannot be a task file.
        """
        made: dict[str, Any] = {"encoded_task_content": task_content(task)}
        return cls(**made, **with_values(values), **members)

    @classmethod
    def from_file(
        cls,
        path: str | os.PathLike[str],
        *,
        values: Values | os.PathLike[str] | None = None,
        **members: Unpack[_StepMembers],
    ) -> Self:
        """Return the step of a task file on disk, relative to the program; `values` may be a file's name too.

        Raises ValidationError for a file that cannot be read as text.
        """
        made: dict[str, Any] = {"encoded_task_content": file_content(path)}
        return cls(**made, **with_values(values, files=True), **members)

    @classmethod
    def from_cmd(
        cls,
        cmd: pulumi.Input[str],
        *,
        values: Values | None = None,
        timeout: pulumi.Input[int] = 3600,
        **members: Unpack[_StepMembers],
    ) -> Self:
        """Return the step of one command, as `az acr task create --cmd` makes it: an image and its arguments.

        `acr`, `az` and the like are images of the service's own. `timeout` is the command's, in seconds; the task has
        one too. Raises ValidationError when it is not one line.
        """
        made: dict[str, Any] = {"encoded_task_content": command_content(cmd, timeout)}
        return cls(**made, **with_values(values), **members)
