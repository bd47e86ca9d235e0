"""What create, read, update and delete of a run do at the service.

A run is hardly ever changed and never deleted: a new one takes its place (`facts/acr-tasks-api.md` section 5).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.ids import RegistryId, parse_run_id
from pulumi_acr_tasks.arm.models import Date
from pulumi_acr_tasks.errors import (
    CanceledError,
    NotFoundError,
    ServiceError,
)
from pulumi_acr_tasks.follow.clock import Clock, SystemClock
from pulumi_acr_tasks.follow.status import TERMINAL
from pulumi_acr_tasks.lifecycle.awaiting import Awaiting, Surroundings
from pulumi_acr_tasks.lifecycle.context import context_of
from pulumi_acr_tasks.lifecycle.ending import log_place
from pulumi_acr_tasks.lifecycle.packing import Packing
from pulumi_acr_tasks.lifecycle.resuming import RememberedRun
from pulumi_acr_tasks.lifecycle.scheduling import scheduling_of
from pulumi_acr_tasks.plan.run import ARCHIVE, archive_of, is_address, pushes

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.lifecycle.service import Service
    from pulumi_acr_tasks.source.context import Context
    from pulumi_acr_tasks.source.tarball import Tarball

# What the service says of a run, in the order of the specification; it stands in state beside the inputs.
FACTS = ("runId", "status", "runType", "createTime", "startTime", "finishTime", "outputImages", "runErrorMessage")


def create(
    service: Service, inputs: dict[str, Any], around: Surroundings, clock: Clock | None = None
) -> tuple[str, dict[str, Any]]:
    """Schedule a run, await its end, and return its ARM id and its outputs.

    Raises RunError when it ends other than Succeeded, CanceledError on ^C, SourceError for the context, ServiceError
    and TransportError. When it raises, nothing is in state, and the next update schedules another run. After a kill the
    next update on this machine takes the same run up again.
    """
    clock = clock or SystemClock()
    began = clock.now()
    client = service.client(around.urn)
    registry = RegistryId.parse(inputs["registryId"])
    remembered = RememberedRun(service.journal(around.urn), around.urn, registry, inputs)
    run = remembered.take_up(client, around.console)
    if run is None:
        request = _request(client, registry, service, inputs, around)
        run = _schedule(client, registry, request, remembered, around, clock)
    else:
        scheduling_of(client, registry, clock).claim(run)
    run_id = run.properties.run_id or run.name or ""
    if inputs.get("wait", True):
        place = log_place(client.endpoint, registry, run_id)
        silence = service.settings.answer_timeout
        run = Awaiting(client, registry, run_id, inputs, around, place, began, remembered, clock, silence).end()
    made = outputs(inputs, run)
    if made.get("status") == "Succeeded" and not made["imageRefs"] and pushes(inputs["runRequest"]):
        around.console.warning(
            f"Run {run_id} pushes images, but the service has reported none of them: image_refs is empty. Whoever "
            "needs a digest has to ask the registry."
        )
    service.journal(around.urn).returned(around.urn)
    return run.id or registry.run(run_id), made


def _request(
    client: Client, registry: RegistryId, service: Service, inputs: dict[str, Any], around: Surroundings
) -> dict[str, Any]:
    """The request as it is sent: a local context is at the service by then."""
    request = dict(inputs["runRequest"])
    if is_address(inputs.get("context")):
        request["sourceLocation"] = inputs["context"]
    elif inputs.get("contextHash"):
        context = context_of(inputs, service.settings)
        request |= context.sent()
        request["sourceLocation"] = _upload(client, registry, context, inputs, around)
    return request


def _schedule(
    client: Client,
    registry: RegistryId,
    request: dict[str, Any],
    remembered: RememberedRun,
    around: Surroundings,
    clock: Clock,
) -> Run:
    """Schedule the run, with a word in the journal before and after."""
    if around.stop.is_set():
        raise CanceledError("The update was cancelled before the run was scheduled.")
    remembered.begin()
    try:
        run = scheduling_of(client, registry, clock).schedule(request, around.stop)
    except (ServiceError, CanceledError):
        remembered.forget()  # refused, or never sent: there is no run
        raise
    remembered.scheduled(run)
    around.console.status(f"queued as {run.properties.run_id or run.name}")
    return run


def read(service: Service, id_: str, state: dict[str, Any], around: Surroundings) -> dict[str, Any] | None:
    """Read a run and return its outputs; None when its registry is gone, and its images with it.

    A run that the service has forgotten, in a registry that exists, stays as it is known, with a warning: dropping it
    would run it again. Raises ServiceError and TransportError for a run that cannot be read.
    """
    service.refuse_other_endpoint("run", state)
    service.journal(around.urn).confirm(around.urn, id_)
    registry, run_id = parse_run_id(id_)
    try:
        run = service.client(around.urn).runs.get(registry, run_id)
    except NotFoundError:
        if "runId" not in state:
            raise  # a read by id (opts.id): nothing is known that could be kept
        gone = service.gone(registry, around.urn)
        if not gone:
            return _forgotten(state, run_id, around)
        around.console.warning(f"{gone} does not exist any more; the run is dropped from the state")
        return None
    return _forgotten(state, run_id, around) if _is_another(state, run) else outputs(state, run)


def update(
    service: Service, id_: str, olds: dict[str, Any], news: dict[str, Any], around: Surroundings
) -> dict[str, Any]:
    """Change whether the run is archived, if that has changed, and return the outputs; nothing else reaches the
    service.

    Raises ServiceError and TransportError.
    """
    service.refuse_other_endpoint("run", olds)
    service.journal(around.urn).confirm(around.urn, id_)
    known = {name: olds[name] for name in (*FACTS, "imageRefs") if name in olds}
    if archive_of(olds) == archive_of(news):
        return {**known, **news}
    registry, run_id = parse_run_id(id_)
    run: Run | None = None
    with contextlib.suppress(NotFoundError):
        run = service.client(around.urn).runs.update(registry, run_id, {ARCHIVE: archive_of(news)})
    if run is None or _is_another(olds, run):
        around.console.warning(f"The service has forgotten run {run_id}: there is nothing left to archive.")
        return {**known, **news}
    return outputs({**known, **news}, run)


def delete(service: Service, id_: str, state: dict[str, Any], around: Surroundings) -> None:
    """Forget the run; with `cancelOnDelete` it is cancelled if it has not ended. Nothing else can be done to one.

    A run that is gone already, with its registry or without, is a success, and a message says so.
    Raises ServiceError and TransportError.
    """
    service.journal(around.urn).confirm(around.urn, id_)
    # Nothing is asked of the service here, so a run of an endpoint that is no more can still be forgotten.
    if not state.get("cancelOnDelete") or state.get("status") in TERMINAL:
        return
    service.refuse_other_endpoint("run", state)
    registry, run_id = parse_run_id(id_)
    runs = service.client(around.urn).runs
    try:
        run = runs.get(registry, run_id)
        if _is_another(state, run):
            around.console.info(f"run {run_id} was gone already")
        elif run.properties.status not in TERMINAL:
            runs.cancel(registry, run_id)
            around.console.status(f"{run_id} is canceled")
    except NotFoundError:
        around.console.info(f"{service.gone(registry, around.urn) or f'run {run_id}'} was gone already")


def outputs(inputs: dict[str, Any], run: Run) -> dict[str, Any]:
    """The inputs and what the service says of the run; `imageRefs` are `registry/repository@digest` in its order.

    What this answer leaves out is kept as it was: right after scheduling the service says little.
    """
    properties = run.raw.get("properties") or {}
    said = {name: properties[name] for name in FACTS if properties.get(name) is not None}
    images = said.get("outputImages") or inputs.get("outputImages") or []
    references = [
        f"{image['registry']}/{image['repository']}@{image['digest']}"
        for image in images
        if image.get("registry") and image.get("repository") and image.get("digest")
    ]
    return {**inputs, "outputImages": [], **said, "imageRefs": references}


def _upload(
    client: Client, registry: RegistryId, context: Context | Tarball, inputs: dict[str, Any], around: Surroundings
) -> str:
    """Pack and upload the context; the `sourceLocation` under which the service knows it."""
    from pulumi_acr_tasks.source.upload import upload

    around.console.status("packing the context")
    watch = Packing(around.console.status, around.stop)
    with context.archive(inputs["contextHash"], inputs.get("contextContents"), watch) as archive:
        around.console.status(f"uploading the context, {_size(archive.stat().st_size)}")
        return upload(
            archive,
            lambda: client.registries.get_build_source_upload_url(registry),
            around.console.status,
            around.stop,
        )


def _is_another(state: dict[str, Any], run: Run) -> bool:
    """Whether a run has only the id of the one in state: a registry made anew counts its runs from the beginning."""
    known, created = state.get("createTime"), run.properties.create_time
    return bool(known and created) and Date(known).moment != Date(created).moment


def _forgotten(state: dict[str, Any], run_id: str, around: Surroundings) -> dict[str, Any]:
    around.console.warning(
        f"The service has forgotten run {run_id} (it keeps runs for 30 days). It stays in state, because dropping it "
        "would run it again; to run it again on purpose, change its triggers."
    )
    return state


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{max(1, size >> 10)} KiB"
