"""A task of Azure Container Registry Tasks."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi.dynamic import Resource

from pulumi_acr_tasks import args, outputs
from pulumi_acr_tasks.engine_call import Verbs
from pulumi_acr_tasks.host.provider import DynamicProvider
from pulumi_acr_tasks.program.declaration import engine_properties, program_error, strict, typed_properties
from pulumi_acr_tasks.program.inputs import normalize, translate_paths
from pulumi_acr_tasks.program.preview import OldOutputs, complete_task
from pulumi_acr_tasks.provider import with_alias, with_provider
from pulumi_acr_tasks.schema.definitions import INPUTS, snake_case

_INPUTS = INPUTS["Task"]


class TaskProvider(DynamicProvider):
    """The provider of a task. The class's path stands in users' state, so it never changes."""

    @functools.cached_property
    def verbs(self) -> Verbs:
        from pulumi_acr_tasks.task import verbs

        return verbs


TaskProvider.__module__ = "pulumi_acr_tasks"


@typed_properties
@strict
class Task(Resource, module="acr-tasks", name="Task"):
    """A task in a registry: a step, the platform it runs on, and what triggers it.

    The attributes up to `adopt` are the program's arguments, completed. The service sets the others.
    """

    # The engine tells a dynamic provider's `check` no marks of secrets, so the constructor warns.
    _marks_reach_check = False

    registry_id: pulumi.Output[str] = pulumi.property("registryId")
    task_name: pulumi.Output[str] = pulumi.property("taskName")
    endpoint: pulumi.Output[str] = pulumi.property("endpoint")
    location: pulumi.Output[str | None] = pulumi.property("location")
    platform: pulumi.Output[outputs.PlatformProperties] = pulumi.property("platform")
    step: pulumi.Output[outputs.TaskStepProperties] = pulumi.property("step")
    trigger: pulumi.Output[outputs.TriggerProperties | None] = pulumi.property("trigger")
    credentials: pulumi.Output[outputs.Credentials | None] = pulumi.property("credentials")
    identity: pulumi.Output[outputs.IdentityProperties | None] = pulumi.property("identity")
    agent_configuration: pulumi.Output[outputs.AgentProperties | None] = pulumi.property("agentConfiguration")
    timeout: pulumi.Output[int | None] = pulumi.property("timeout")
    status: pulumi.Output[str | None] = pulumi.property("status")
    tags: pulumi.Output[Mapping[str, str] | None] = pulumi.property("tags")
    adopt: pulumi.Output[bool | None] = pulumi.property("adopt")
    type: pulumi.Output[str] = pulumi.property("type")
    provisioning_state: pulumi.Output[str] = pulumi.property("provisioningState")
    creation_date: pulumi.Output[str] = pulumi.property("creationDate")
    base_image_dependencies: pulumi.Output[Sequence[outputs.BaseImageDependency] | None] = pulumi.property(
        "baseImageDependencies"
    )
    system_data: pulumi.Output[outputs.SystemData | None] = pulumi.property("systemData")

    def __init__(
        self,
        resource_name: str,
        *,
        platform: pulumi.Input[pulumi.InputType[args.PlatformPropertiesArgs]],
        step: pulumi.Input[
            args.DockerBuildStepArgs | args.FileTaskStepArgs | args.EncodedTaskStepArgs | Mapping[str, Any]
        ],
        registry_id: pulumi.Input[str] | None = None,
        subscription_id: pulumi.Input[str] | None = None,
        resource_group_name: pulumi.Input[str] | None = None,
        registry_name: pulumi.Input[str] | None = None,
        task_name: pulumi.Input[str] | None = None,
        location: pulumi.Input[str] | None = None,
        trigger: pulumi.Input[pulumi.InputType[args.TriggerPropertiesArgs]] | None = None,
        credentials: pulumi.Input[pulumi.InputType[args.CredentialsArgs]] | None = None,
        identity: pulumi.Input[pulumi.InputType[args.IdentityPropertiesArgs]] | None = None,
        agent_configuration: pulumi.Input[pulumi.InputType[args.AgentPropertiesArgs]] | None = None,
        timeout: pulumi.Input[int] | None = None,
        status: pulumi.Input[str] | None = None,
        tags: pulumi.Input[Mapping[str, pulumi.Input[str]]] | None = None,
        adopt: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a task.

        :param platform: The platform that the task's runs need.
        :param step: The step of the task: a Docker build, a task file of the source, or a task file of its own.
        :param registry_id: The registry's ARM id. It stands for `subscription_id`, `resource_group_name` and
            `registry_name`.
        :param subscription_id: The registry's subscription. Default: the provider's.
        :param resource_group_name: The registry's resource group. Default: the provider's.
        :param registry_name: The registry's name. Default: the provider's.
        :param task_name: The task's name: 5 to 50 letters, digits, `-` and `_`. Default: the resource's name when the
            task is made. The task keeps its name when the resource gets another one.
        :param location: The registry's location, and nothing else. Default: looked up.
        :param trigger: The timers, source repositories and base images that start runs.
        :param credentials: The registries that runs sign in to.
        :param identity: The managed identities of the task.
        :param agent_configuration: The agent that runs need. Default: 2 cores.
        :param timeout: The seconds that a run may take, 300 to 28800. Default: 3600.
        :param status: Whether the task starts runs: Enabled or Disabled. Default: Enabled.
        :param tags: The tags of the task.
        :param adopt: Whether a task of that name that exists already is taken over. Otherwise it is an error.
        :raises ValidationError: an argument is unknown or given twice, or the options ask for an import or for a
            provider of another package.
        """
        given = locals()
        opts = translate_paths(opts, _INPUTS)
        # Two tasks of one name cannot exist, and `--replace` does not call diff.
        opts.delete_before_replace = True
        checked, warns = opts.id is None, not self._marks_reach_check
        names = {snake_case(name): kind for name, kind in _INPUTS.items()}
        props = {name: normalize(given[name], kind, name, checked=checked, warns=warns) for name, kind in names.items()}
        self._register(resource_name, engine_properties(type(self), props, opts), opts)

    def _register(self, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Declare the task to the engine, as a resource of this host."""
        if opts.import_ is not None:
            raise program_error(
                f"{resource_name}: the engine cannot import dynamic resources; adopt=True takes over an existing task"
            )
        with_alias(opts, "acr-tasks:index:Task")
        opts = with_provider(resource_name, opts)
        old = OldOutputs()
        previewed = pulumi.runtime.is_dry_run() and props.get("identity") is not None
        opts = old.asked_for(opts) if previewed else opts
        super().__init__(TaskProvider(), resource_name, props, opts)
        if previewed:
            complete_task(self, old)

    @property
    def name(self) -> pulumi.Output[str]:
        """The task's name, the same as `task_name`: programs for azure-native read it."""
        return self.task_name

    @property
    def principal_id(self) -> pulumi.Output[str | None]:
        """The principal id of the task's system-assigned identity, to grant roles to; None without one."""
        return self._of_identity("principal_id")

    @property
    def tenant_id(self) -> pulumi.Output[str | None]:
        """The tenant of the task's system-assigned identity; None without one."""
        return self._of_identity("tenant_id")

    def _of_identity(self, member: str) -> pulumi.Output[Any]:
        def lift(identity: Any) -> Any:
            if isinstance(identity, outputs.IdentityProperties):
                return getattr(identity, member)
            return identity  # unknown, or None

        return self.identity.apply(lift, True)
