"""Models of the definitions of 2019-04-01, in the specification's order, for reading what the service answers.

Nothing that the service says is refused or lost: members that a definition does not know are kept, every member may be
absent or null, enumerations are plain strings in the spelling received. A model that was received has the answer itself
as `raw`. (Source: azure-spec/2019-04-01/containerregistry_build.json; dates: facts, section 4.1.)
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Discriminator, Field, GetCoreSchemaHandler, PrivateAttr, Tag
from pydantic.alias_generators import to_camel
from pydantic_core import core_schema

M = TypeVar("M", bound="Model")


class Model(BaseModel):
    """Is the base of all: camelCase on the wire, snake_case in Python, unknown members kept."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="allow", protected_namespaces=())

    _raw: dict[str, Any] = PrivateAttr(default_factory=dict)
    _whole: bool = PrivateAttr(default=True)

    @classmethod
    def receive_item(cls: type[M], body: Any) -> M | None:
        """Read an item of a list; one that the model does not fit keeps its name alone, and None is no item at all."""
        if not isinstance(body, dict):
            return None
        try:
            return cls.receive(body)
        except ValueError:
            if not isinstance(body.get("name"), str):
                return None
        item = cls.receive({"name": body["name"]})
        item._whole = False
        return item

    @property
    def is_whole(self) -> bool:
        """False for an item of a list of which only the name was understood."""
        return self._whole

    @classmethod
    def receive(cls: type[M], body: dict[str, Any]) -> M:
        """Reads an answer and keeps it as `raw`."""
        model = cls.model_validate(body)
        model._raw = body
        return model

    @property
    def raw(self) -> dict[str, Any]:
        """Is the answer as received; empty for a model that was not received by itself."""
        return self._raw

    def to_wire(self) -> dict[str, Any]:
        """Gives the members that are set, named as on the wire."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)


class Date(str):
    """Is a date as the service wrote it: 0 to 7 fractional digits, `Z` or an offset."""

    __slots__ = ()

    @property
    def moment(self) -> datetime | None:
        """Is the moment that the date names; None when it is none that we can read."""
        match = _DATE.fullmatch(self)
        if match is None:
            return None
        fraction = (match["fraction"] or "")[:6].ljust(6, "0")
        offset = "+00:00" if match["offset"] in (None, "Z", "z") else match["offset"]
        try:
            return datetime.fromisoformat(f"{match['seconds']}.{fraction}{offset}")
        except ValueError:
            return None

    @classmethod
    def __get_pydantic_core_schema__(cls, _: Any, __: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_after_validator_function(cls, core_schema.str_schema())


_DATE = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(?P<fraction>\d{1,9}))?(?P<offset>[Zz]|[+-]\d\d:\d\d)?"
)


class RunRequest(Model):
    type: str | None = None
    is_archive_enabled: bool | None = None


class ProxyResource(Model):
    id: str | None = None
    name: str | None = None
    type: str | None = None


class Run(ProxyResource):
    properties: RunProperties = Field(default_factory=lambda: RunProperties())


class RunProperties(Model):
    run_id: str | None = None
    status: str | None = None
    last_updated_time: Date | None = None
    run_type: str | None = None
    create_time: Date | None = None
    start_time: Date | None = None
    finish_time: Date | None = None
    output_images: list[ImageDescriptor] | None = None
    task: str | None = None
    image_update_trigger: ImageUpdateTrigger | None = None
    source_trigger: SourceTriggerDescriptor | None = None
    platform: PlatformProperties | None = None
    agent_configuration: AgentProperties | None = None
    source_registry_auth: str | None = None
    custom_registries: list[str] | None = None
    run_error_message: str | None = None
    provisioning_state: str | None = None
    is_archive_enabled: bool | None = None
    timer_trigger: TimerTriggerDescriptor | None = None


class ImageDescriptor(Model):
    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


class ImageUpdateTrigger(Model):
    id: str | None = None
    timestamp: Date | None = None
    images: list[ImageDescriptor] | None = None


class SourceTriggerDescriptor(Model):
    id: str | None = None
    event_type: str | None = None
    commit_id: str | None = None
    pull_request_id: str | None = None
    repository_url: str | None = None
    branch_name: str | None = None
    provider_type: str | None = None


class TimerTriggerDescriptor(Model):
    timer_trigger_name: str | None = None
    schedule_occurrence: str | None = None


class PlatformProperties(Model):
    os: str | None = None
    architecture: str | None = None
    variant: str | None = None


class AgentProperties(Model):
    cpu: int | None = None


class SourceUploadDefinition(Model):
    upload_url: str | None = Field(default=None, repr=False)
    relative_path: str | None = None


class RunListResult(Model):
    value: list[Run] | None = None
    next_link: str | None = None


class RunFilter(Model):
    run_id: str | None = None
    run_type: str | None = None
    status: str | None = None
    create_time: Date | None = None
    finish_time: Date | None = None
    output_image_manifests: str | None = None
    is_archive_enabled: bool | None = None
    task_name: str | None = None


class RunUpdateParameters(Model):
    is_archive_enabled: bool | None = None


class RunGetLogResult(Model):
    log_link: str | None = Field(default=None, repr=False)


class TaskListResult(Model):
    value: list[Task] | None = None
    next_link: str | None = None


class Resource(Model):
    id: str | None = None
    name: str | None = None
    type: str | None = None
    location: str | None = None
    tags: dict[str, str | None] | None = None


class Task(Resource):
    identity: IdentityProperties | None = None
    properties: TaskProperties = Field(default_factory=lambda: TaskProperties())


class IdentityProperties(Model):
    principal_id: str | None = None
    tenant_id: str | None = None
    type: str | None = None
    user_assigned_identities: dict[str, UserIdentityProperties | None] | None = None


class UserIdentityProperties(Model):
    principal_id: str | None = None
    client_id: str | None = None


class TaskProperties(Model):
    provisioning_state: str | None = None
    creation_date: Date | None = None
    status: str | None = None
    platform: PlatformProperties | None = None
    agent_configuration: AgentProperties | None = None
    timeout: int | None = None
    step: Step | None = None
    trigger: TriggerProperties | None = None
    credentials: Credentials | None = None


class TaskStepProperties(Model):
    type: str | None = None
    base_image_dependencies: list[BaseImageDependency] | None = None
    context_path: str | None = None
    context_access_token: str | None = Field(default=None, repr=False)


class TriggerProperties(Model):
    timer_triggers: list[TimerTrigger] | None = None
    source_triggers: list[SourceTrigger] | None = None
    base_image_trigger: BaseImageTrigger | None = None


class Credentials(Model):
    source_registry: SourceRegistryCredentials | None = None
    custom_registries: dict[str, CustomRegistryCredentials | None] | None = None


class BaseImageDependency(Model):
    type: str | None = None
    registry: str | None = None
    repository: str | None = None
    tag: str | None = None
    digest: str | None = None


class TimerTrigger(Model):
    schedule: str | None = None
    status: str | None = None
    name: str | None = None


class SourceTrigger(Model):
    source_repository: SourceProperties | None = None
    source_trigger_events: list[str] | None = None
    status: str | None = None
    name: str | None = None


class BaseImageTrigger(Model):
    base_image_trigger_type: str | None = None
    status: str | None = None
    name: str | None = None


class SourceRegistryCredentials(Model):
    login_mode: str | None = None


class CustomRegistryCredentials(Model):
    user_name: SecretObject | None = None
    password: SecretObject | None = None
    identity: str | None = None


class SourceProperties(Model):
    source_control_type: str | None = None
    repository_url: str | None = None
    branch: str | None = None
    source_control_auth_properties: AuthInfo | None = None


class SecretObject(Model):
    value: str | None = Field(default=None, repr=False)
    type: str | None = None


class AuthInfo(Model):
    token_type: str | None = None
    token: str | None = Field(default=None, repr=False)
    refresh_token: str | None = Field(default=None, repr=False)
    scope: str | None = None
    expires_in: int | None = None


class TaskUpdateParameters(Model):
    identity: IdentityProperties | None = None
    properties: TaskPropertiesUpdateParameters | None = None
    tags: dict[str, str | None] | None = None


class TaskPropertiesUpdateParameters(Model):
    status: str | None = None
    platform: PlatformUpdateParameters | None = None
    agent_configuration: AgentProperties | None = None
    timeout: int | None = None
    step: StepUpdate | None = None
    trigger: TriggerUpdateParameters | None = None
    credentials: Credentials | None = None


class PlatformUpdateParameters(PlatformProperties):
    pass


class TaskStepUpdateParameters(Model):
    type: str | None = None
    context_path: str | None = None
    context_access_token: str | None = Field(default=None, repr=False)


class TriggerUpdateParameters(Model):
    timer_triggers: list[TimerTriggerUpdateParameters] | None = None
    source_triggers: list[SourceTriggerUpdateParameters] | None = None
    base_image_trigger: BaseImageTriggerUpdateParameters | None = None


class TimerTriggerUpdateParameters(TimerTrigger):
    pass


class SourceTriggerUpdateParameters(Model):
    source_repository: SourceUpdateParameters | None = None
    source_trigger_events: list[str] | None = None
    status: str | None = None
    name: str | None = None


class BaseImageTriggerUpdateParameters(BaseImageTrigger):
    pass


class SourceUpdateParameters(Model):
    source_control_type: str | None = None
    repository_url: str | None = None
    branch: str | None = None
    source_control_auth_properties: AuthInfoUpdateParameters | None = None


class AuthInfoUpdateParameters(AuthInfo):
    pass


class Argument(Model):
    name: str | None = None
    value: str | None = Field(default=None, repr=False)
    is_secret: bool | None = None


class SetValue(Argument):
    pass


class _DockerBuild(Model):
    image_names: list[str] | None = None
    is_push_enabled: bool | None = None
    no_cache: bool | None = None
    docker_file_path: str | None = None
    target: str | None = None
    arguments: list[Argument] | None = None


class _FileTask(Model):
    task_file_path: str | None = None
    values_file_path: str | None = None
    values: list[SetValue] | None = None


class _EncodedTask(Model):
    encoded_task_content: str | None = None
    encoded_values_content: str | None = Field(default=None, repr=False)
    values: list[SetValue] | None = None


class _RunRequestWithStep(RunRequest):
    timeout: int | None = None
    platform: PlatformProperties | None = None
    agent_configuration: AgentProperties | None = None
    source_location: str | None = None
    credentials: Credentials | None = None


class DockerBuildRequest(_RunRequestWithStep, _DockerBuild):
    pass


class FileTaskRunRequest(_RunRequestWithStep, _FileTask):
    pass


class TaskRunRequest(RunRequest):
    task_name: str | None = None
    values: list[SetValue] | None = None


class EncodedTaskRunRequest(_RunRequestWithStep, _EncodedTask):
    pass


class DockerBuildStep(TaskStepProperties, _DockerBuild):
    pass


class FileTaskStep(TaskStepProperties, _FileTask):
    pass


class EncodedTaskStep(TaskStepProperties, _EncodedTask):
    pass


class DockerBuildStepUpdateParameters(TaskStepUpdateParameters, _DockerBuild):
    pass


class FileTaskStepUpdateParameters(TaskStepUpdateParameters, _FileTask):
    pass


class EncodedTaskStepUpdateParameters(TaskStepUpdateParameters, _EncodedTask):
    pass


def _step_type(value: Any) -> str:
    given = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    lower = str(given).lower()
    return lower if lower in ("docker", "filetask", "encodedtask") else "other"


Step = Annotated[
    Annotated[DockerBuildStep, Tag("docker")]
    | Annotated[FileTaskStep, Tag("filetask")]
    | Annotated[EncodedTaskStep, Tag("encodedtask")]
    | Annotated[TaskStepProperties, Tag("other")],
    Discriminator(_step_type),
]
StepUpdate = Annotated[
    Annotated[DockerBuildStepUpdateParameters, Tag("docker")]
    | Annotated[FileTaskStepUpdateParameters, Tag("filetask")]
    | Annotated[EncodedTaskStepUpdateParameters, Tag("encodedtask")]
    | Annotated[TaskStepUpdateParameters, Tag("other")],
    Discriminator(_step_type),
]

for _model in list(globals().values()):
    if isinstance(_model, type) and issubclass(_model, Model):
        _model.model_rebuild()
