"""A run of Azure Container Registry Tasks."""

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
from pulumi_acr_tasks.program.preview import OldOutputs, complete_run
from pulumi_acr_tasks.provider import with_alias, with_provider
from pulumi_acr_tasks.run.images import image_lists
from pulumi_acr_tasks.schema.definitions import INPUTS, snake_case

_INPUTS = INPUTS["Run"]


class RunProvider(DynamicProvider):
    """The provider of a run. The class's path stands in users' state, so it never changes."""

    @functools.cached_property
    def verbs(self) -> Verbs:
        from pulumi_acr_tasks.run import verbs

        return verbs


RunProvider.__module__ = "pulumi_acr_tasks"


@image_lists("output_images", "image_refs")
@typed_properties
@strict
class Run(Resource, module="acr-tasks", name="Run"):
    """A run in a registry: scheduled, shown while it runs, and awaited; `up` fails when the run does.

    The attributes up to `cancel_on_delete` are the program's inputs, completed. A failed run leaves nothing in state,
    so the next `up` schedules another. If an `up` is killed, the next one on the same machine with the same request
    awaits the run that was scheduled; on another machine a new run starts.
    """

    # The engine tells a dynamic provider's `check` no marks of secrets, so the constructor warns.
    _marks_reach_check = False

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
        """Declare a run.

        A change of the request, of the context's content or of `triggers` leads to a new run. A change of
        `is_archive_enabled` alone is a PATCH of the run.

        :param run_request: The request of the run: a Docker build, a task file of the source, a task file of its own,
            or an existing task.
        :param registry_id: The registry's ARM id. It stands for `subscription_id`, `resource_group_name` and
            `registry_name`.
        :param subscription_id: The registry's subscription. Default: the provider's.
        :param resource_group_name: The registry's resource group. Default: the provider's.
        :param registry_name: The registry's name. Default: the provider's.
        :param context: The files of the run: a local folder, relative to the program, that is packed by Docker's
            ignore rules and uploaded when its content has changed. `.git`, Pulumi's and the emulator's own folders are
            left out too, unless a rule re-includes them. Or an archive (.tar, .tar.gz, .tgz); or the address of a git
            repository, an archive (https) or an artifact (oci://), which the service fetches itself. Not together with
            `source_location`, nor with a request for an existing task. The request's file paths are relative to it; a
            Dockerfile may lie outside (`../docker/Dockerfile`) and is sent under its own name.
        :param triggers: Any values; a change of one of them leads to a new run.
        :param wait: Whether the end of the run is awaited. Otherwise the run is queued, and a later refresh shows how
            it ended. Default: true.
        :param queue_timeout: The seconds in which an agent must take the run. After them it is canceled, and `up`
            fails.
        :param logs: The lines of the log that are shown: stream (each line while it runs), on-failure (the last lines
            of a failed run) or none. Default: stream.
        :param cancel_on_delete: Whether a run that has not ended is canceled when the resource is deleted or replaced.
        :raises ValidationError: an argument is unknown or given twice, or the options ask for an import or for a
            provider of another package.
        """
        given = locals()
        opts = translate_paths(opts, _INPUTS)
        checked, warns = opts.id is None, not self._marks_reach_check
        names = {snake_case(name): kind for name, kind in _INPUTS.items()}
        props = {name: normalize(given[name], kind, name, checked=checked, warns=warns) for name, kind in names.items()}
        self._register(resource_name, engine_properties(type(self), props, opts), opts)

    def _register(self, resource_name: str, props: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        """Declare the run to the engine, as a resource of this host."""
        if opts.import_ is not None:
            raise program_error(f"{resource_name}: the engine cannot import dynamic resources, and a run is made once")
        with_alias(opts, "acr-tasks:index:Run")
        opts = with_provider(resource_name, opts)
        old, previewed = OldOutputs(), pulumi.runtime.is_dry_run()
        opts = old.asked_for(opts) if previewed else opts
        super().__init__(RunProvider(), resource_name, props, opts)
        if previewed:
            complete_run(self, old)
