"""What create, read, update and delete of a run do at the service.

A run is hardly ever changed and never deleted: a new one takes its place (`facts/acr-tasks-api.md` section 5).
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pulumi_acr_tasks.arm.http.connection import is_loopback
from pulumi_acr_tasks.arm.ids import RegistryId, parse_run_id
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    CanceledError,
    NotFoundError,
    RunError,
    SourceError,
    TransportError,
)
from pulumi_acr_tasks.run.cancel import cancel, cancel_command, is_another
from pulumi_acr_tasks.run.check_call import context_of
from pulumi_acr_tasks.run.context import Packing
from pulumi_acr_tasks.run.diff import ARCHIVE, FAILED, archive_of, awaits, is_address, pushes
from pulumi_acr_tasks.run.schedule.resume import RememberedRun
from pulumi_acr_tasks.run.schedule.schedule import Lost, Patience, id_of, scheduling_of
from pulumi_acr_tasks.run.wait.clock import Clock, SystemClock
from pulumi_acr_tasks.run.wait.failures import log_place
from pulumi_acr_tasks.run.wait.status import TERMINAL
from pulumi_acr_tasks.run.wait.wait import Awaiting, Surroundings
from pulumi_acr_tasks.schema.definitions import OUTPUTS

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.models import Run, SourceUploadDefinition
    from pulumi_acr_tasks.run.schedule.schedule import Scheduling
    from pulumi_acr_tasks.service import Service
    from pulumi_acr_tasks.source.context import Context
    from pulumi_acr_tasks.source.tarball import Tarball

_AGAIN = "To run it again, change its triggers or name it in: pulumi up --replace"

# What the service says of a run, in the order of the specification; it stands in state beside the inputs.
FACTS = tuple(OUTPUTS["Run"])


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
    scheduling = scheduling_of(client, registry, clock, service.recorded_runs)
    patience = _patience(inputs, around, began)
    request: dict[str, Any] | None = None
    run = remembered.take_up(client, scheduling, inputs["runRequest"], patience, around.console)
    if run is None:
        if service.settings.is_embedded:
            service.registry(registry, around.urn)
        request = _request(client, registry, service, inputs, around)
        run = _schedule(scheduling, client, request, remembered, patience)
    else:
        scheduling.claim(run)
    if inputs.get("wait", True):
        try:
            run = _await(service, registry, id_of(run), inputs, around, began, remembered, clock)
        except RunError as error:
            if request is None or not _lacked_its_context(inputs, error):
                raise
            around.console.warning(
                f"The agent of run {id_of(run)} could not download the context that was uploaded for it: another run "
                "is scheduled, once."
            )
            run = _schedule(scheduling, client, request, remembered, patience)
            run = _await(service, registry, id_of(run), inputs, around, began, remembered, clock)
    run_id = id_of(run)
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


def _patience(inputs: dict[str, Any], around: Surroundings, began: float) -> Patience:
    until = began + around.timeout if around.timeout else None
    return Patience(around.stop, bool(inputs.get("wait", True)), until, around.console.status)


def _schedule(
    scheduling: Scheduling, client: Client, request: dict[str, Any], remembered: RememberedRun, patience: Patience
) -> Run:
    """Schedule the run, with a word in the journal before and after.

    Raises TransportError when the answer was lost and nothing proves which run the request has started.
    """
    if patience.stop.is_set():
        raise CanceledError("The update was cancelled before the run was scheduled.")
    remembered.begin(client)
    try:
        run = scheduling.schedule(request)
    except AcrTasksError:
        remembered.forget()  # refused, or never sent: there is no run
        raise
    if isinstance(run, Lost):
        lost, found = run, scheduling.find(run, patience)
        if found.run is None:
            remembered.lost(found)
            raise TransportError(_unanswered(lost, scheduling.told(lost, found))) from lost.error
        run = found.run
    remembered.scheduled(run)
    patience.show(f"queued as {id_of(run)}")
    return run


def _lacked_its_context(inputs: dict[str, Any], error: RunError) -> bool:
    """Whether a run failed because its agent could not fetch what we had just uploaded: the storage may need a moment,
    and the build is not at fault."""
    failed = error.status in FAILED and "failed to download context" in str(error).lower()
    return failed and bool(inputs.get("contextHash"))


def _unanswered(lost: Lost, told: str) -> str:
    """Return the error of a lost answer: what was lost, what is known of it, and the rest (the correlation id)."""
    first, *rest = str(lost.error).splitlines()
    return "\n".join([first, told, *rest])


def _await(
    service: Service,
    registry: RegistryId,
    run_id: str,
    inputs: dict[str, Any],
    around: Surroundings,
    began: float,
    remembered: RememberedRun,
    clock: Clock,
) -> Run:
    client, silence = service.client(around.urn), service.settings.answer_timeout
    place = log_place(client.endpoint, registry, run_id)
    return Awaiting(client, registry, run_id, inputs, around, place, began, remembered, clock, silence).end()


def read(service: Service, id_: str, state: dict[str, Any], around: Surroundings) -> dict[str, Any] | None:
    """Read a run and return its outputs; None when its registry is gone, and its images with it.

    A run that the service has forgotten, in a registry that exists, stays as it is known, with a warning: dropping it
    would run it again. Raises ServiceError and TransportError for a run that cannot be read.
    """
    service.refuse_other_endpoint("run", state)
    _note(service, id_, around)
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
    if is_another(state, run):
        return _forgotten(state, run_id, around)
    found = outputs(state, run)
    if found.get("status") in FAILED and state.get("wait") is False and state.get("status") != found["status"]:
        around.console.warning(f"Run {run_id} ended as {found['status']}. The next pulumi up runs it again.")
    return found


def update(
    service: Service,
    id_: str,
    olds: dict[str, Any],
    news: dict[str, Any],
    around: Surroundings,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Change whether the run is archived, await a run that nobody has awaited, and return the outputs; nothing else
    reaches the service.

    Raises RunError when a run that is awaited now did not succeed, ServiceError and TransportError.
    """
    clock = clock or SystemClock()
    began = clock.now()
    service.refuse_other_endpoint("run", olds)
    _note(service, id_, around)
    made = {**{name: olds[name] for name in (*FACTS, "imageRefs") if name in olds}, **news}
    registry, run_id = parse_run_id(id_)
    if archive_of(olds) != archive_of(news):
        run: Run | None = None
        with contextlib.suppress(NotFoundError):
            run = service.client(around.urn).runs.update(registry, run_id, {ARCHIVE: archive_of(news)})
        if run is None or is_another(olds, run):
            around.console.warning(f"The service has forgotten run {run_id}: there is nothing left to archive.")
        else:
            made = outputs(made, run)
    if not awaits(olds, news):
        return made
    nothing = RememberedRun(service.journal(None), None, registry, news)
    try:
        run = service.client(around.urn).runs.get(registry, run_id)
        if is_another(olds, run):
            raise NotFoundError(404, "", "the registry has another run of that id", action="await run", resource_id=id_)
        run = _await(service, registry, run_id, news, around, began, nothing, clock)
    except NotFoundError as error:
        raise RunError(
            f"Run {run_id} is not known to the service any more, so nobody can tell how it ended. {_AGAIN}",
            run_id=run_id,
        ) from error
    except RunError as error:
        if error.status in FAILED:
            error.args = (f"{error}\n{_AGAIN}",)
        raise
    return outputs(made, run)


def delete(service: Service, id_: str, state: dict[str, Any], around: Surroundings, clock: Clock | None = None) -> None:
    """Forget the run; with `cancelOnDelete` it is cancelled if it has not ended. Nothing else can be done to one.

    A run that is gone already, with its registry or without, is a success, and a message says so.
    Raises RunError when it goes on although it was asked to end, ServiceError and TransportError.
    """
    _note(service, id_, around)
    if state.get("status") in TERMINAL:
        return
    registry, run_id = parse_run_id(id_)
    if not state.get("cancelOnDelete"):
        # Nothing is asked of the service here, so a run of an endpoint that is no more can still be forgotten.
        around.console.info(
            f"Run {run_id} was {state.get('status') or 'Queued'} when it was last read. If it has not ended, it goes "
            f"on: only cancel_on_delete=True cancels it here. {cancel_command(registry, run_id)}"
        )
        return
    service.refuse_other_endpoint("run", state)
    client, clock = service.client(around.urn), clock or SystemClock()
    if scheduling_of(client, registry, clock, service.recorded_runs).is_ours(run_id):
        return  # the resource that takes this one's place has the very same run
    cancel(service, registry, run_id, state, around, clock)


def _note(service: Service, id_: str, around: Surroundings) -> None:
    """Take note that the engine's state has that run."""
    service.journal(around.urn).confirm(around.urn, id_)
    service.note_recorded_run(id_)


def outputs(inputs: dict[str, Any], run: Run) -> dict[str, Any]:
    """The inputs and what the service says of the run; `imageRefs` are `registry/repository@digest` in its order.

    What this answer leaves out is kept as it was: right after scheduling the service says little.
    """
    properties = run.raw.get("properties") or {}
    said = {name: properties[name] for name in FACTS if properties.get(name) is not None}
    images = said.pop("outputImages", None) or inputs.get("outputImages") or []
    references = [
        f"{image['registry']}/{image['repository']}@{image['digest']}"
        for image in images
        if image.get("registry") and image.get("repository") and image.get("digest")
    ]
    return {**inputs, **said, "outputImages": images, "imageRefs": references}


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
            lambda: _upload_link(client, registry),
            around.console.status,
            around.stop,
        )


def _upload_link(client: Client, registry: RegistryId) -> SourceUploadDefinition:
    """Ask for a link to upload to. Raise SourceError for a plain-http one of a service that is asked by https."""
    link = client.registries.get_build_source_upload_url(registry)
    url = urlsplit(link.upload_url or "")
    if url.scheme == "http" and client.endpoint.startswith("https:") and not is_loopback(link.upload_url or ""):
        raise SourceError(
            f"upload the context: the service gave a plain-http link to {url.hostname}; neither the context nor the "
            "link's signature is sent there"
        )
    return link


def _forgotten(state: dict[str, Any], run_id: str, around: Surroundings) -> dict[str, Any]:
    around.console.warning(
        f"The service has forgotten run {run_id} (it keeps runs for 30 days). It stays in state, because dropping it "
        "would run it again; to run it again on purpose, change its triggers."
    )
    return state


def _size(size: int) -> str:
    return f"{size / (1 << 20):.1f} MiB" if size >= 1 << 20 else f"{max(1, size >> 10)} KiB"
