"""A task of Azure Container Registry Tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

from pulumi_acr_tasks import args, outputs
from pulumi_acr_tasks.engine_call import announce as announcing
from pulumi_acr_tasks.errors import AcrTasksError
from pulumi_acr_tasks.inputs import encrypted, may_be_secret_since, normalize, to_plan, translate_paths
from pulumi_acr_tasks.preview import OldOutputs, complete_task
from pulumi_acr_tasks.program import program_error, strict
from pulumi_acr_tasks.provider import with_provider
from pulumi_acr_tasks.schema.definitions import INPUTS, snake_case
from pulumi_acr_tasks.schema.spelling import spelled, without_ignored

if TYPE_CHECKING:
    from pulumi_acr_tasks.host import Console
    from pulumi_acr_tasks.service import Service
    from pulumi_acr_tasks.task.diff import Plan

_INPUTS = INPUTS["Task"]


class TaskProvider(ResourceProvider):
    """Hands the engine's calls over to validate, plan and lifecycle. Its path lives in users' state: it never moves."""

    # The pickled provider is a reference to this class, and holds no secret.
    serialize_as_secret_always = False
    _problems: Sequence[str] = ()

    def configure(self, req: ConfigureRequest) -> None:
        from pulumi_acr_tasks import host
        from pulumi_acr_tasks.engine_call.configure import configured
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once

        host.attach()
        with told_once(_urn()):
            self._settings, self._problems = configured(req)

    def create(self, props: dict[str, Any]) -> CreateResult:
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.redaction import mask_of_task, undisclosed
        from pulumi_acr_tasks.task import crud as task

        inputs = to_plan(props)
        try:
            with told_once(_urn()), undisclosed(lambda: mask_of_task(inputs)), _custom_timeout("create"):
                id_, outs = task.create(self._service(), inputs, _urn())
        except AcrTasksError as error:
            if error.unconfirmed is not None:
                self._keep_unconfirmed(error, props)
            raise
        return CreateResult(id_, encrypted(outs, _INPUTS, whole_lists=True))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.redaction import mask_of_task, undisclosed
        from pulumi_acr_tasks.task import crud as task
        from pulumi_acr_tasks.task.outputs import inputs_of

        known = to_plan(props)
        with told_once(_urn()), undisclosed(lambda: mask_of_task(known)), self._service().reading():
            found = task.read(self._service(), id_, known, _urn())
        if found is None:
            return ReadResult(None, {})
        # The engine marks what it knew to be secret; the service may show a secret that nobody knew of. Inputs that
        # are as they were stay as they are in state, where secrets are marked leaf by leaf.
        outs, inputs = (encrypted(each, _INPUTS, whole_lists=True) for each in found)
        return ReadResult(id_, outs, None if found[1] == inputs_of(known) else inputs)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        from pulumi_acr_tasks import host
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.redaction import mask_of_task, undisclosed
        from pulumi_acr_tasks.task import crud as task

        olds = to_plan(_olds)
        news = without_ignored(to_plan(_news), olds, host.current_request().ignore_changes, _INPUTS)
        with told_once(_urn()), undisclosed(lambda: mask_of_task(olds, news)), _custom_timeout("update"):
            outs = task.update(self._service(), olds, news, _urn())
        return UpdateResult(encrypted(outs, _INPUTS, whole_lists=True))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.task import crud as task

        with told_once(_urn()), _custom_timeout("delete"):
            task.delete(self._service(), _id, to_plan(_props), _urn())

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        from pulumi_acr_tasks.engine_call.checked import check_result
        from pulumi_acr_tasks.engine_call.configure import refuse_unready
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.task import check_call as task_check

        with told_once(_urn()):
            refuse_unready(self._settings, self._problems)
        service = self._service()
        service.organization = news.get(outputs.ORGANIZATION) or service.organization
        announcing.checked(_urn(), news)
        inputs, problems = task_check.check(service, to_plan(_olds), spelled(to_plan(news), _INPUTS), _urn())
        return check_result(_urn(), inputs, problems, _INPUTS)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        from pulumi_acr_tasks import host
        from pulumi_acr_tasks.task.diff import REPLACE, diff
        from pulumi_acr_tasks.task.outputs import inputs_of

        olds, urn, service = to_plan(_olds), _urn(), self._service()
        service.refuse_other_endpoint("task", olds)
        service.journal(urn).confirm(urn, _id)
        news, paths = to_plan(_news), announcing.awaited(urn)
        news = without_ignored(news, olds, host.current_request().ignore_changes, _INPUTS)
        plan, old_inputs = diff(olds, news), inputs_of(olds)
        if plan.route != REPLACE:
            service.keep(urn, _id)
        if plan.route is None:
            # None: the engine then compares the inputs itself.
            return DiffResult(changes=None if may_be_secret_since(inputs_of(_olds), _news, _INPUTS) else False)
        if paths is not None:
            _announce(plan, announcing.replaced_by_options(paths, old_inputs, news), olds, host.console(urn))
        if plan.route == REPLACE:
            return DiffResult(changes=True, replaces=plan.replaces, delete_before_replace=True)
        # None: the engine then compares the inputs itself, and replace_on_changes works.
        return DiffResult(changes=None)

    def _keep_unconfirmed(self, error: AcrTasksError, props: dict[str, Any]) -> None:
        """Have the engine keep what may have been made, and say how to be rid of it."""
        from pulumi_acr_tasks import host

        id_, made = error.unconfirmed or ("", {})
        outs = {**encrypted(made, _INPUTS, whole_lists=True), "__provider": props["__provider"]}
        kept = "the state keeps it: the next pulumi up looks for it, and pulumi destroy deletes it"
        if host.keep_partly_made(id_, outs, f"{error}\n{kept}"):
            self._service().journal(_urn()).returned(_urn())
            error.add(kept)
        else:
            error.add("the next pulumi up on this machine looks for it; otherwise delete it: az acr task delete")

    def _service(self) -> Service:
        from pulumi_acr_tasks.service import service_for

        return service_for(self._settings)


TaskProvider.__module__ = "pulumi_acr_tasks"


def _announce(plan: Plan, by_options: list[str], olds: dict[str, Any], console: Console) -> None:
    """Say which request follows, and what it costs."""
    from pulumi_acr_tasks.schema.equality import identity_type
    from pulumi_acr_tasks.task.diff import PUT, REPLACE

    replaces = plan.route == REPLACE or bool(by_options)
    if by_options and plan.route != REPLACE:
        console.status(f"replace ({', '.join(by_options)} changed, see replace_on_changes)")
    else:
        (console.info if plan.route == PUT else console.status)(str(plan))
    if plan.lost_principal:
        console.warning(plan.lost_principal)
    elif replaces and "System" in identity_type(olds.get("identity") or {}):
        console.warning("the new task's system-assigned identity has another principal id: grant it its roles")


def _urn() -> str | None:
    from pulumi_acr_tasks import host

    return host.current_request().urn


def _custom_timeout(doing: str) -> AbstractContextManager[None]:
    from pulumi_acr_tasks import host
    from pulumi_acr_tasks.engine_call.timeouts import custom_timeout

    return custom_timeout(host.current_request().timeout, doing)


@outputs.typed_properties
@strict
class Task(Resource, module="acr-tasks", name="Task"):
    """Is a task in a registry: a step, the platform it runs on, and what triggers it.

    Every attribute but the last five echoes what the program wrote, resolved.
    """

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
        """Declares a task.

        :param platform: the platform that its runs need.
        :param step: what a run does: DockerBuildStepArgs, FileTaskStepArgs or EncodedTaskStepArgs.
        :param registry_id: the registry's ARM id. Or `subscription_id`, `resource_group_name` and `registry_name`;
            what is not said comes from the provider or the configuration.
        :param task_name: 5 to 50 letters, digits, `-` and `_`. Default: the resource's name when the task is made;
            the task keeps its name when the resource gets another one.
        :param location: the registry's location, and nothing else; looked up when left out.
        :param trigger: timers, source repositories and base images that start runs.
        :param credentials: registries that runs sign in to.
        :param identity: managed identities of the task.
        :param agent_configuration: the agent's cores. Default: 2.
        :param timeout: seconds that a run may take, 300 to 28800. Default: 3600.
        :param status: Enabled (default) or Disabled.
        :param adopt: take over a task of that name that exists already; without it that is an error.
        :raises ValidationError: an argument is unknown or given twice, or the options ask for an import or for a
            provider of another package.
        """
        given = locals()
        if opts is not None and opts.import_ is not None:
            raise program_error(
                f"{resource_name}: the engine cannot import dynamic resources; adopt=True takes over an existing task"
            )
        opts = with_provider(resource_name, translate_paths(opts, _INPUTS))
        # Two tasks of one name cannot be, and `--replace` does not ask diff.
        opts.delete_before_replace = True
        checked = opts.id is None
        names = {snake_case(name): kind for name, kind in _INPUTS.items()}
        props = {name: normalize(given[name], kind, name, checked=checked) for name, kind in names.items()}
        old = OldOutputs()
        previewed = pulumi.runtime.is_dry_run() and identity is not None
        opts = old.asked_for(opts) if previewed else opts
        super().__init__(TaskProvider(), resource_name, outputs.engine_properties(type(self), props, opts), opts)
        if previewed:
            complete_task(self, old)

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
