"""A run of Azure Container Registry Tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from pulumi_acr_tasks.inputs import encrypted, may_be_secret_since, normalize, to_plan, translate_paths
from pulumi_acr_tasks.preview import OldOutputs, complete_run
from pulumi_acr_tasks.program import program_error, strict
from pulumi_acr_tasks.provider import with_provider
from pulumi_acr_tasks.run import images
from pulumi_acr_tasks.schema.definitions import INPUTS, snake_case
from pulumi_acr_tasks.schema.spelling import spelled, without_ignored

if TYPE_CHECKING:
    from pulumi_acr_tasks.run.diff import RunDiff
    from pulumi_acr_tasks.run.wait.wait import Call
    from pulumi_acr_tasks.service import Service

_INPUTS = INPUTS["Run"]


class RunProvider(ResourceProvider):
    """Hands the engine's calls over to validate, plan and lifecycle. Its path lives in users' state: it never moves."""

    # The pickled provider is a reference to this class, and holds no secret.
    serialize_as_secret_always = False
    _problems: Sequence[str] = ()

    def configure(self, req: ConfigureRequest) -> None:
        from pulumi_acr_tasks import host
        from pulumi_acr_tasks.engine_call.configure import configured
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once

        host.attach()
        with told_once(host.current_request().urn):
            self._settings, self._problems = configured(req)

    def create(self, props: dict[str, Any]) -> CreateResult:
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.engine_call.timeouts import custom_timeout
        from pulumi_acr_tasks.redaction import mask_of, undisclosed
        from pulumi_acr_tasks.run import crud as run

        call, inputs = _call(), to_plan(props)
        with told_once(call.urn), undisclosed(lambda: mask_of(inputs)), custom_timeout(call.timeout, "create"):
            id_, outs = run.create(self._service(), inputs, call)
        return CreateResult(id_, encrypted(outs, _INPUTS, whole_lists=True))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.run import crud as run

        call = _call()
        with told_once(call.urn), self._service().reading():
            found = run.read(self._service(), id_, to_plan(props), call)
        return ReadResult(None, {}) if found is None else ReadResult(id_, encrypted(found, _INPUTS, whole_lists=True))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        from pulumi_acr_tasks import host
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.engine_call.timeouts import custom_timeout
        from pulumi_acr_tasks.run import crud as run

        call, olds = _call(), to_plan(_olds)
        news = without_ignored(to_plan(_news), olds, host.current_request().ignore_changes, _INPUTS)
        with told_once(call.urn), custom_timeout(call.timeout, "update"):
            outs = run.update(self._service(), _id, olds, news, call)
        return UpdateResult(encrypted(outs, _INPUTS, whole_lists=True))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.engine_call.timeouts import custom_timeout
        from pulumi_acr_tasks.run import crud as run

        call = _call()
        with told_once(call.urn), custom_timeout(call.timeout, "delete"):
            run.delete(self._service(), _id, to_plan(_props), call)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        from pulumi_acr_tasks import host
        from pulumi_acr_tasks.engine_call.checked import check_result
        from pulumi_acr_tasks.engine_call.configure import refuse_unready
        from pulumi_acr_tasks.engine_call.shortened_errors import told_once
        from pulumi_acr_tasks.run.check import check

        service, urn = self._service(), host.current_request().urn
        with told_once(urn):
            refuse_unready(self._settings, self._problems)
        service.organization = news.get(outputs.ORGANIZATION) or service.organization
        announcing.checked(urn, news)
        inputs, problems = check(spelled(to_plan(news), _INPUTS), self._settings, to_plan(_olds))
        return check_result(urn, inputs, problems, _INPUTS)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        from pulumi_acr_tasks import host
        from pulumi_acr_tasks.run.diff import diff_run

        request, olds = host.current_request(), to_plan(_olds)
        urn, news = request.urn, without_ignored(to_plan(_news), olds, request.ignore_changes, _INPUTS)
        service = self._service()
        service.refuse_other_endpoint("run", olds)
        service.journal(urn).confirm(urn, _id)
        service.note_recorded_run(_id)
        plan, paths = diff_run(olds, news), announcing.awaited(urn)
        if paths is not None and (summary := _summary(plan, paths, olds, news)):
            host.console(urn).status(summary)
        if plan.replaces:
            # The new run first: one that fails leaves the old one, and its images, in state.
            return DiffResult(changes=True, replaces=plan.replaces, delete_before_replace=False)
        if plan.archive or plan.local or may_be_secret_since(_olds, _news, _INPUTS):
            # None: the engine then compares the inputs itself, and replace_on_changes works.
            return DiffResult(changes=None)
        return DiffResult(changes=False)

    def _service(self) -> Service:
        from pulumi_acr_tasks.service import service_for

        return service_for(self._settings)


RunProvider.__module__ = "pulumi_acr_tasks"


def _summary(plan: RunDiff, paths: list[str], olds: dict[str, Any], news: dict[str, Any]) -> str:
    """Say what will be done, also where it is the resource's options that ask for a new run."""
    from pulumi_acr_tasks.run.diff import LOCAL

    if plan.replaces or not (plan.archive or plan.local):
        return plan.summary
    inputs = {name: value for name, value in olds.items() if name in news or name in LOCAL}
    by_options = announcing.replaced_by_options(paths, inputs, news)
    return f"new run ({', '.join(by_options)} changed, see replace_on_changes)" if by_options else plan.summary


def _call() -> Call:
    from pulumi_acr_tasks import host
    from pulumi_acr_tasks.run.wait.wait import Call

    request = host.current_request()
    return Call(request.urn, host.console(request.urn), host.canceled, request.timeout)


@images.told("output_images", "image_refs")
@outputs.typed_properties
@strict
class Run(Resource, module="acr-tasks", name="Run"):
    """Is a run in a registry: scheduled, shown while it runs, and awaited; `up` fails when it does.

    The attributes up to `cancel_on_delete` echo what the program wrote, resolved. A run that failed leaves nothing in
    state, so that the next `up` runs again. After an `up` that was killed the next one on the same machine, with the
    same request, awaits the very run that was scheduled; on another machine a new run is started.
    """

    registry_id: pulumi.Output[str] = pulumi.property("registryId")
    endpoint: pulumi.Output[str] = pulumi.property("endpoint")
    run_request: pulumi.Output[outputs.RunRequest] = pulumi.property("runRequest")
    context: pulumi.Output[str | None] = pulumi.property("context")
    context_hash: pulumi.Output[str | None] = pulumi.property("contextHash")
    triggers: pulumi.Output[Any] = pulumi.property("triggers")
    wait: pulumi.Output[bool | None] = pulumi.property("wait")
    queue_timeout: pulumi.Output[int | None] = pulumi.property("queueTimeout")
    logs: pulumi.Output[str | None] = pulumi.property("logs")
    cancel_on_delete: pulumi.Output[bool | None] = pulumi.property("cancelOnDelete")
    run_id: pulumi.Output[str] = pulumi.property("runId")
    status: pulumi.Output[str] = pulumi.property("status")
    run_type: pulumi.Output[str | None] = pulumi.property("runType")
    create_time: pulumi.Output[str | None] = pulumi.property("createTime")
    start_time: pulumi.Output[str | None] = pulumi.property("startTime")
    finish_time: pulumi.Output[str | None] = pulumi.property("finishTime")
    output_images: pulumi.Output[Sequence[outputs.ImageDescriptor]] = pulumi.property("outputImages")
    image_refs: pulumi.Output[Sequence[str]] = pulumi.property("imageRefs")
    run_error_message: pulumi.Output[str | None] = pulumi.property("runErrorMessage")

    def __init__(
        self,
        resource_name: str,
        *,
        run_request: pulumi.Input[
            args.DockerBuildRequestArgs
            | args.FileTaskRunRequestArgs
            | args.EncodedTaskRunRequestArgs
            | args.TaskRunRequestArgs
            | Mapping[str, Any]
        ],
        registry_id: pulumi.Input[str] | None = None,
        subscription_id: pulumi.Input[str] | None = None,
        resource_group_name: pulumi.Input[str] | None = None,
        registry_name: pulumi.Input[str] | None = None,
        context: pulumi.Input[str] | None = None,
        triggers: pulumi.Input[Sequence[Any] | Mapping[str, Any]] | None = None,
        wait: pulumi.Input[bool] | None = None,
        queue_timeout: pulumi.Input[int] | None = None,
        logs: pulumi.Input[str] | None = None,
        cancel_on_delete: pulumi.Input[bool] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a run.

        A change of the request, of the context's content or of `triggers` is a new run; `is_archive_enabled` alone is a
        PATCH of the run.

        :param run_request: what to run: DockerBuildRequestArgs, FileTaskRunRequestArgs, EncodedTaskRunRequestArgs or
            TaskRunRequestArgs. `platform` is Linux and `docker_file_path` is Dockerfile where they are left out.
        :param registry_id: the registry's ARM id. Or `subscription_id`, `resource_group_name` and `registry_name`;
            what is not said comes from the provider or the configuration.
        :param context: a local folder, relative to the program, that is packed by Docker's ignore rules and uploaded
            when its content has changed; `.git`, Pulumi's and the emulator's own folders are left out beyond these
            rules, unless they are re-included. Or an archive of one (.tar, .tar.gz, .tgz); or the address of a git
            repository, an archive (https) or an artifact (oci://), which the service fetches itself. Not together with
            `source_location`, nor with a TaskRunRequest. The request's file paths are relative to it; a Dockerfile may
            lie outside (`../docker/Dockerfile`) and travels along under its own name.
        :param triggers: any values; when one of them changes, it runs again.
        :param wait: await the end (default). Otherwise the run is queued, and a later refresh tells how it ended.
        :param queue_timeout: seconds in which an agent must take the run; after that it is canceled, and `up` fails.
        :param logs: stream (default): each line while it runs; on-failure: the last lines of a run that failed; none.
        :param cancel_on_delete: cancel the run, if it still runs, when the resource is deleted or replaced.
        :raises ValidationError: an argument is unknown or given twice, or the options ask for an import or for a
            provider of another package.
        """
        given = locals()
        if opts is not None and opts.import_ is not None:
            raise program_error(f"{resource_name}: the engine cannot import dynamic resources, and a run is made once")
        opts = with_provider(resource_name, translate_paths(opts, _INPUTS))
        checked = opts.id is None
        names = {snake_case(name): kind for name, kind in _INPUTS.items()}
        props = {name: normalize(given[name], kind, name, checked=checked) for name, kind in names.items()}
        old, previewed = OldOutputs(), pulumi.runtime.is_dry_run()
        opts = old.asked_for(opts) if previewed else opts
        super().__init__(RunProvider(), resource_name, outputs.engine_properties(type(self), props, opts), opts)
        if previewed:
            complete_run(self, old)
