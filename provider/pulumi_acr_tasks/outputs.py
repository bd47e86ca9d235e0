"""Output types: the objects in the attributes of a Task and a Run, with the specification's names and members."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import pulumi

from pulumi_acr_tasks.args import dataclass_transform, declare_members
from pulumi_acr_tasks.host.sdk import keep_type_in_outputs, read_for_stack_outputs
from pulumi_acr_tasks.schema.definitions import snake_case

T = TypeVar("T")


class OutputType(dict[str, Any]):
    """A dictionary of those members of an object that have a value, by their names in Python.

    A member can be read as an attribute and by subscript, in either spelling. A declared member without a value is
    None both ways, and is not an item of the dictionary. Raises KeyError for a name that is not declared.
    """

    def __missing__(self, key: str) -> Any:
        name = snake_case(key)
        if name not in inspect.get_annotations(type(self)):
            raise KeyError(key)
        return dict.get(self, name)

    def __contains__(self, key: object) -> bool:
        return dict.__contains__(self, key) or (isinstance(key, str) and dict.__contains__(self, snake_case(key)))

    def get(self, key: str, default: Any = None) -> Any:
        """Return the member of that name in either spelling, `default` where it has no value."""
        return self[key] if key in self else default  # noqa: SIM401 - this is `get`


@dataclass_transform(kw_only_default=True)
def output_type(cls: type[T]) -> type[T]:
    """Make an output type of an annotated subclass of OutputType; its constructor takes the members by name."""
    declare_members(cls)
    names = set(inspect.get_annotations(cls))

    def construct(self: Any, **members: Any) -> None:
        if unknown := sorted({*members} - names):
            raise TypeError(f"{cls.__name__} has no member {', '.join(unknown)}")
        given = {name: value for name, value in members.items() if value is not None}
        dict.update(self, given)
        self.__dict__.update(given)

    # The SDK makes its own only where a class has none.
    setattr(cls, "__init__", construct)  # noqa: B010  # type checkers forbid the assignment
    setattr(cls, "__eq__", dict.__eq__)  # noqa: B010  # as above
    made = pulumi.output_type(cls)
    keep_type_in_outputs(made)
    if "values" in names:
        setattr(made, "values", _values_property(inspect.get_annotations(cls)["values"]))  # noqa: B010  # as above
    return made


class Values(list[Any]):
    """The member `values` of a step or request, empty where it has none; called, the values of its dictionary.

    The SDK calls `values()` on every dictionary, and the service has a member of that name.
    """

    def __init__(self, owner: dict[str, Any]) -> None:
        super().__init__(dict.get(owner, "values") or ())
        self._owner = owner

    def __call__(self) -> Any:
        return dict.values(self._owner)


def _values_property(annotation: Any) -> property:
    def values(self: dict[str, Any]) -> Any:
        return Values(self)

    values.__annotations__ = {"return": annotation}
    # In a stack output, a member without a value is left out.
    read_for_stack_outputs(values, lambda self: dict.get(self, "values"))
    return property(pulumi.getter(name="values")(values))


@output_type
class ImageDescriptor(OutputType):
    """An image: login server, repository, tag and digest (`sha256:…`), each None where the service does not say."""

    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


@output_type
class PlatformProperties(OutputType):
    """The platform of a run."""

    os: str
    architecture: str | None = None
    variant: str | None = None


@output_type
class AgentProperties(OutputType):
    """The agent of a run."""

    cpu: int | None = None


@output_type
class IdentityProperties(OutputType):
    """The managed identities of a task, with the principal and tenant that Azure gave the system-assigned one."""

    principal_id: str | None = None
    tenant_id: str | None = None
    type: str | None = None
    user_assigned_identities: Mapping[str, UserIdentityProperties] | None = None


@output_type
class UserIdentityProperties(OutputType):
    """A user-assigned identity."""

    principal_id: str | None = None
    client_id: str | None = None


@output_type
class TaskStepProperties(OutputType):
    """The step of a task: `type` says which, and only the members of that type are there.

    (One class for the three types: not every SDK that this package allows can choose a class by `type`.)
    """

    type: str
    context_path: str | None = None
    context_access_token: str | None = None
    image_names: Sequence[str] | None = None
    is_push_enabled: bool | None = None
    no_cache: bool | None = None
    docker_file_path: str | None = None
    target: str | None = None
    arguments: Sequence[Argument] | None = None
    task_file_path: str | None = None
    values_file_path: str | None = None
    encoded_task_content: str | None = None
    encoded_values_content: str | None = None
    values: Sequence[SetValue] | None = None  # type: ignore[assignment]  # ARM's name, a method of dict


@output_type
class TriggerProperties(OutputType):
    """The triggers of a task."""

    timer_triggers: Sequence[TimerTrigger] | None = None
    source_triggers: Sequence[SourceTrigger] | None = None
    base_image_trigger: BaseImageTrigger | None = None


@output_type
class Credentials(OutputType):
    """The registries that a run signs in to."""

    source_registry: SourceRegistryCredentials | None = None
    custom_registries: Mapping[str, CustomRegistryCredentials] | None = None


@output_type
class RunRequest(OutputType):
    """The request of a run: `type` says which of the four it is, and only the members of that type have values."""

    type: str
    is_archive_enabled: bool | None = None
    image_names: Sequence[str] | None = None
    is_push_enabled: bool | None = None
    no_cache: bool | None = None
    docker_file_path: str | None = None
    target: str | None = None
    arguments: Sequence[Argument] | None = None
    timeout: int | None = None
    platform: PlatformProperties | None = None
    agent_configuration: AgentProperties | None = None
    source_location: str | None = None
    credentials: Credentials | None = None
    task_file_path: str | None = None
    values_file_path: str | None = None
    values: Sequence[SetValue] | None = None  # type: ignore[assignment]  # ARM's name, a method of dict
    task_name: str | None = None
    encoded_task_content: str | None = None
    encoded_values_content: str | None = None


@output_type
class BaseImageDependency(OutputType):
    """A base image that the service found in the task's last run; `type` is BuildTime or Runtime."""

    type: str | None = None
    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


@output_type
class TimerTrigger(OutputType):
    """A timer."""

    name: str
    schedule: str
    status: str | None = None


@output_type
class SourceTrigger(OutputType):
    """A source repository whose events start runs."""

    name: str
    source_repository: SourceProperties
    source_trigger_events: Sequence[str]
    status: str | None = None


@output_type
class BaseImageTrigger(OutputType):
    """A base image whose changes start runs."""

    name: str
    base_image_trigger_type: str
    status: str | None = None


@output_type
class SourceRegistryCredentials(OutputType):
    """The sign-in of a run to its own registry."""

    login_mode: str | None = None


@output_type
class CustomRegistryCredentials(OutputType):
    """The sign-in of a run to another registry."""

    user_name: SecretObject | None = None
    password: SecretObject | None = None
    identity: str | None = None


@output_type
class SourceProperties(OutputType):
    """The source repository of a trigger."""

    source_control_type: str
    repository_url: str
    branch: str | None = None
    source_control_auth_properties: AuthInfo | None = None


@output_type
class SecretObject(OutputType):
    """A secret, or the URL of one in Key Vault."""

    value: str | None = None
    type: str | None = None


@output_type
class AuthInfo(OutputType):
    """The token with which the service makes a webhook."""

    token_type: str
    token: str
    refresh_token: str | None = None
    scope: str | None = None
    expires_in: int | None = None


@output_type
class Argument(OutputType):
    """A build argument."""

    name: str
    value: str | None = None
    is_secret: bool | None = None


@output_type
class SetValue(OutputType):
    """A value of a task file."""

    name: str
    value: str | None = None
    is_secret: bool | None = None


@output_type
class SystemData(OutputType):
    """The users that made and last changed a resource, and the times (RFC 3339)."""

    created_by: str | None = None
    created_by_type: str | None = None
    created_at: str | None = None
    last_modified_by: str | None = None
    last_modified_by_type: str | None = None
    last_modified_at: str | None = None
