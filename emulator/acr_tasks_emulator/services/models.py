"""The definitions of request bodies, with the members of all versions, in the order of the service's answers.

The service writes a definition's own members first and those of its base last: here the base is named first, because
pydantic collects members from the last named class to the first. `versions` tells which version has which member.
Unknown members are kept here; `bodies` decides on them. Every member may be null, which means absent; `rules` tells
which are required. Member names are compared without case, as the service's JSON reader does.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SerializeAsAny, model_validator
from pydantic.alias_generators import to_camel

Strings = list[str] | None
Int32 = Annotated[int, Field(ge=-(2**31), lt=2**31)]


class Definition(BaseModel):
    """The base of all definitions. `ignored` names members that clients send although they have no effect."""

    model_config = ConfigDict(alias_generator=to_camel, extra="allow", hide_input_in_errors=True)
    ignored: ClassVar[tuple[str, ...]] = ()

    @model_validator(mode="before")
    @classmethod
    def _names_without_case(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        aliases = {(field.alias or name).lower(): field.alias or name for name, field in cls.model_fields.items()}
        spelled = {aliases.get(str(key).lower(), key): member for key, member in value.items()}
        # Null means absent: what has a default gets that.
        with_default = {field.alias for field in cls.model_fields.values() if field.default is not None}
        return {key: member for key, member in spelled.items() if member is not None or key not in with_default}


class PlatformProperties(Definition):
    os: str | None = None
    architecture: str | None = None
    variant: str | None = None


class AgentProperties(Definition):
    cpu: int | None = None


class SetValue(Definition):
    """A value of a task file; an Argument of a Docker build has the same members."""

    ignored = ("type",)  # azure-cli sends it
    name: str
    value: str
    is_secret: bool = False

    @model_validator(mode="after")
    def _with_default(self) -> SetValue:
        # A PATCH replaces items as a whole: an item always tells whether it is secret.
        self.model_fields_set.add("is_secret")
        return self


class DockerBuild(Definition):
    """The members that DockerBuildStep and DockerBuildRequest have in common."""

    type: str = "Docker"
    image_names: Strings = None
    is_push_enabled: bool | None = True
    no_cache: bool | None = False
    docker_file_path: str | None = None
    target: str | None = None
    arguments: list[SetValue] | None = None


class FileTask(Definition):
    """The members that FileTaskStep and FileTaskRunRequest have in common."""

    type: str = "FileTask"
    task_file_path: str | None = None
    values_file_path: str | None = None
    values: list[SetValue] | None = None


class EncodedTask(Definition):
    """The members that EncodedTaskStep and EncodedTaskRunRequest have in common."""

    type: str = "EncodedTask"
    encoded_task_content: str | None = None
    encoded_values_content: str | None = None
    values: list[SetValue] | None = None


class TaskStepProperties(Definition):
    """The base of the three steps."""

    ignored = ("baseImageDependencies",)
    context_path: str | None = None
    context_access_token: str | None = None


class DockerBuildStep(TaskStepProperties, DockerBuild):
    pass


class FileTaskStep(TaskStepProperties, FileTask):
    pass


class EncodedTaskStep(TaskStepProperties, EncodedTask):
    pass


class AuthInfo(Definition):
    token_type: str | None = None
    token: str | None = None
    refresh_token: str | None = None
    scope: str | None = None
    expires_in: Int32 | None = None


class SourceProperties(Definition):
    source_control_type: str | None = None
    repository_url: str | None = None
    branch: str | None = None
    source_control_auth_properties: AuthInfo | None = None


class TimerTrigger(Definition):
    schedule: str | None = None
    status: str | None = "Enabled"
    name: str | None = None


class SourceTrigger(Definition):
    source_repository: SourceProperties | None = None
    source_trigger_events: Strings = None
    status: str | None = "Enabled"
    name: str | None = None


class BaseImageTrigger(Definition):
    base_image_trigger_type: str | None = None
    update_trigger_endpoint: str | None = None
    update_trigger_payload_type: str | None = None
    status: str | None = "Enabled"
    name: str | None = None


class TriggerProperties(Definition):
    timer_triggers: list[TimerTrigger] | None = None
    source_triggers: list[SourceTrigger] | None = None
    base_image_trigger: BaseImageTrigger | None = None


class SecretObject(Definition):
    value: str | None = None
    type: str | None = None


class SourceRegistryCredentials(Definition):
    identity: str | None = None
    login_mode: str | None = None


class CustomRegistryCredentials(Definition):
    user_name: SecretObject | None = None
    password: SecretObject | None = None
    identity: str | None = None


class Credentials(Definition):
    source_registry: SourceRegistryCredentials | None = None
    custom_registries: dict[str, CustomRegistryCredentials | None] | None = None


class UserIdentityProperties(Definition):
    principal_id: str | None = None
    client_id: str | None = None


class IdentityProperties(Definition):
    principal_id: str | None = None
    tenant_id: str | None = None
    type: Literal["SystemAssigned", "UserAssigned", "SystemAssigned, UserAssigned", "None"] | None = None
    user_assigned_identities: dict[str, UserIdentityProperties | None] | None = None


def _typed(kinds: dict[str, type[Definition]], what: str, value: Any) -> Definition | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise ValueError(f"{what} must be an object")
    kind = next((member for name, member in value.items() if str(name).lower() == "type"), None)
    for name, model in kinds.items():
        if isinstance(kind, str) and kind.lower() == name.lower():
            return model.model_validate({**{k: v for k, v in value.items() if k.lower() != "type"}, "type": name})
    raise ValueError(f"type of {what} must be one of {', '.join(kinds)}")


STEPS: dict[str, type[Definition]] = {
    "Docker": DockerBuildStep,
    "FileTask": FileTaskStep,
    "EncodedTask": EncodedTaskStep,
}


def _step(value: Any) -> Definition | None:
    return _typed(STEPS, "step", value)


Step = Annotated[SerializeAsAny[Definition] | None, BeforeValidator(_step)]


class TaskProperties(Definition):
    ignored = ("provisioningState", "creationDate")
    status: str | None = None
    platform: PlatformProperties | None = None
    agent_configuration: AgentProperties | None = None
    agent_pool_name: str | None = None
    timeout: int | None = None
    step: Step = None
    trigger: TriggerProperties | None = None
    credentials: Credentials | None = None
    log_template: str | None = None
    is_system_task: bool | None = None


class Task(Definition):
    """The body of Tasks_Create and of Tasks_Update, which has no `location`."""

    ignored = ("id", "name", "type", "systemData")

    identity: IdentityProperties | None = None
    properties: TaskProperties | None = None
    location: str | None = None
    tags: dict[str, str | None] | None = None


class RunRequest(Definition):
    """The base of the three requests that bring their own step."""

    timeout: int | None = 3600
    platform: PlatformProperties | None = None
    agent_configuration: AgentProperties | None = None
    source_location: str | None = None
    credentials: Credentials | None = None
    is_archive_enabled: bool | None = False
    agent_pool_name: str | None = None
    log_template: str | None = None


class DockerBuildRequest(RunRequest, DockerBuild):
    pass


class FileTaskRunRequest(RunRequest, FileTask):
    pass


class EncodedTaskRunRequest(RunRequest, EncodedTask):
    pass


class OverrideTaskStepProperties(Definition):
    context_path: str | None = None
    file: str | None = None
    arguments: list[SetValue] | None = None
    target: str | None = None
    values: list[SetValue] | None = None
    update_trigger_token: str | None = None


class TaskRunRequest(Definition):
    """A request that names its task: by `taskName` or by `taskId`, as the version tells."""

    type: str = "TaskRunRequest"
    task_name: str | None = None
    values: list[SetValue] | None = None
    task_id: str | None = None
    override_task_step_properties: OverrideTaskStepProperties | None = None
    is_archive_enabled: bool | None = False
    agent_pool_name: str | None = None
    log_template: str | None = None


RUN_REQUESTS: dict[str, type[Definition]] = {
    "DockerBuildRequest": DockerBuildRequest,
    "FileTaskRunRequest": FileTaskRunRequest,
    "EncodedTaskRunRequest": EncodedTaskRunRequest,
    "TaskRunRequest": TaskRunRequest,
}


def _run_request(value: Any) -> Definition | None:
    return _typed(RUN_REQUESTS, "runRequest", value)


class ScheduleRun(Definition):
    """A holder of the one body whose type decides which definition it has."""

    request: Annotated[SerializeAsAny[Definition], BeforeValidator(_run_request)]


class RunUpdateParameters(Definition):
    is_archive_enabled: bool | None = None
