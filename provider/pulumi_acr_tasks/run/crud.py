"""Create, read, update and delete of a run at the service.

The service cannot delete a run and hardly change one: a new run replaces it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.clock import Clock, SystemClock
from pulumi_acr_tasks.arm.ids import RegistryId, parse_run_id
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    CanceledError,
    NotFoundError,
    RunError,
    TransportError,
    ValidationError,
)
from pulumi_acr_tasks.journal.journal import Journal
from pulumi_acr_tasks.run.cancel_on_delete import cancel, is_another
from pulumi_acr_tasks.run.check import context_of
from pulumi_acr_tasks.run.context import upload_context
from pulumi_acr_tasks.run.diff import ARCHIVE, FAILED, archive_of, awaits, pushes
from pulumi_acr_tasks.run.schedule.lost_answers import LostAnswer, SearchTerms
from pulumi_acr_tasks.run.schedule.resume import JournaledRun
from pulumi_acr_tasks.run.wait.failures import cancel_command
from pulumi_acr_tasks.run.wait.terms import TERMINAL
from pulumi_acr_tasks.run.wait.wait import AwaitedRun, Call
from pulumi_acr_tasks.schema.definitions import OUTPUTS

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.service import Service

_AGAIN = "To run it again, change its triggers or name it in: pulumi up --replace"

# The properties of a run that state holds beside the inputs, in the order of the specification.
PROPERTIES = tuple(OUTPUTS["Run"])


def create(
    service: Service, inputs: dict[str, Any], call: Call | None = None, clock: Clock | None = None
) -> tuple[str, dict[str, Any]]:
    """Schedule a run, await its end, and return its ARM id and its outputs.

    Raises RunError for any other end than Succeeded, CanceledError on ^C, SourceError for the context, ServiceError and
    TransportError. After an error nothing is in state, and the next update schedules another run. After a kill the next
    update on this machine resumes the same run.
    """
    return _Creation(service, inputs, call or Call.served(), clock or SystemClock()).create()


class _Creation:
    """The creation of one run."""

    def __init__(self, service: Service, inputs: dict[str, Any], call: Call, clock: Clock) -> None:
        self._service, self._inputs, self._call, self._clock = service, inputs, call, clock
        self._began = clock.now()
        self._client = service.client()
        self._registry = RegistryId.parse(inputs["registryId"])
        self._journaled = JournaledRun(service.journal(), self._registry, inputs)
        self._scheduler = service.scheduler(self._registry, clock)
        deadline = self._began + call.timeout if call.timeout else None
        self._terms = SearchTerms(call.cancel, bool(inputs.get("wait", True)), deadline, call.console.status)

    def create(self) -> tuple[str, dict[str, Any]]:
        """Resume or schedule the run, await it, and return its ARM id and its outputs."""
        client, console, inputs = self._client, self._call.console, self._inputs
        request: dict[str, Any] | None = None
        run = self._journaled.resume(client, self._scheduler, inputs["runRequest"], self._terms, console)
        if run is None:
            if self._service.settings.is_embedded:
                self._service.registry(self._registry)
            request = self._request()
            run = self._schedule(request)
        else:
            self._scheduler.claim(run)
        if inputs.get("wait", True):
            try:
                run = self._await(run)
            except RunError as error:
                if request is None or not _lacked_its_context(inputs, error):
                    raise
                console.warning(
                    f"The agent of run {run.run_id} could not download the context that was uploaded for it: another "
                    "run is scheduled, once."
                )
                run = self._await(self._schedule(request))
        outs = outputs(inputs, run)
        if outs.get("status") == "Succeeded" and not outs["imageRefs"] and pushes(inputs["runRequest"]):
            console.warning(
                f"Run {run.run_id} pushes images, but the service has reported none of them, so there are no "
                "references to images. Ask the registry for a digest."
            )
        self._service.journal().returned()
        return run.id or self._registry.run(run.run_id), outs

    def _request(self) -> dict[str, Any]:
        """Return the request as it is sent, after its local context was uploaded."""
        request = dict(self._inputs["runRequest"])
        if self._inputs.get("contextHash"):
            context = context_of(self._inputs, self._service.settings)
            request |= context.request_changes()
            request["sourceLocation"] = upload_context(self._client, self._registry, context, self._inputs, self._call)
        elif self._inputs.get("context"):
            request["sourceLocation"] = self._inputs["context"]  # an address: `check` hashes what is local
        return request

    def _schedule(self, request: dict[str, Any]) -> Run:
        """Schedule the run, with an entry in the journal before and after.

        Raises TransportError when the answer was lost and nothing proves which run the request has started.
        """
        if self._call.cancel.is_set():
            raise CanceledError("The update was canceled before the run was scheduled.")
        self._journaled.begin(self._client)
        try:
            run = self._scheduler.schedule(request)
        except AcrTasksError:
            self._journaled.forget()  # refused, or never sent: no run was started
            raise
        if isinstance(run, LostAnswer):
            lost, found = run, self._scheduler.find(run, self._terms)
            if found.run is None:
                self._journaled.note_candidates(found)
                raise TransportError(_unanswered(lost, self._scheduler.describe(lost, found))) from lost.error
            run = found.run
        self._journaled.scheduled(run)
        self._call.console.status(f"queued as {run.run_id}")
        return run

    def _await(self, run: Run) -> Run:
        return AwaitedRun(
            self._service,
            self._registry,
            run.run_id,
            self._inputs,
            self._call,
            self._began,
            self._journaled,
            self._clock,
        ).result()


def _lacked_its_context(inputs: dict[str, Any], error: RunError) -> bool:
    """Return whether a run failed because its agent could not download the context that we had just uploaded.

    The storage may need a moment; the build is not at fault.
    """
    failed = error.status in FAILED and "failed to download context" in str(error).lower()
    return failed and bool(inputs.get("contextHash"))


def _unanswered(lost: LostAnswer, known: str) -> str:
    """Return the message of a lost answer: the error, what is known of the run, and the correlation id."""
    first, *rest = str(lost.error).splitlines()
    return "\n".join([first, known, *rest])


def import_(service: Service, id_: str) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Raise ValidationError: a run cannot be imported."""
    raise ValidationError(
        [
            "a run cannot be imported: the service does not keep what was asked for, so pulumi up would run it again\n"
            "declare the run in the program, and pulumi up runs it once; to read one that exists, use getRun"
        ]
    )


def read(
    service: Service, id_: str, state: dict[str, Any], call: Call | None = None
) -> tuple[str | None, dict[str, Any], None]:
    """Read a run and return its id and outputs; no id when its registry does not exist any more.

    A run that the service has forgotten stays in state, with a warning, because dropping it would run it again.
    Raises ServiceError and TransportError for a run that cannot be read.
    """
    call = call or Call.served()
    service.refuse_other_endpoint("run", state)
    _note(service, id_)
    registry, run_id = parse_run_id(id_)
    try:
        run = service.client().runs.get(registry, run_id)
    except NotFoundError:
        if "runId" not in state:
            raise  # a read by id (opts.id): no state could be kept
        gone = service.gone(registry)
        if not gone:
            return id_, _forgotten(state, run_id, call), None
        call.console.warning(f"{gone} does not exist any more; the run is dropped from the state")
        return None, {}, None
    if is_another(state, run):
        return id_, _forgotten(state, run_id, call), None
    found = outputs(state, run)
    if found.get("status") in FAILED and state.get("wait") is False and state.get("status") != found["status"]:
        call.console.warning(f"Run {run_id} ended as {found['status']}. The next pulumi up runs it again.")
    return id_, found, None


def update(
    service: Service,
    id_: str,
    olds: dict[str, Any],
    news: dict[str, Any],
    call: Call | None = None,
    clock: Clock | None = None,
) -> dict[str, Any]:
    """Change whether the run is archived, await a run that was not awaited yet, and return the outputs.

    No other change reaches the service. Raises RunError when the awaited run did not succeed, ServiceError and
    TransportError.
    """
    call, clock = call or Call.served(), clock or SystemClock()
    began = clock.now()
    service.refuse_other_endpoint("run", olds)
    _note(service, id_)
    outs = {**{name: olds[name] for name in (*PROPERTIES, "imageRefs") if name in olds}, **news}
    registry, run_id = parse_run_id(id_)
    if archive_of(olds) != archive_of(news):
        run: Run | None = None
        with contextlib.suppress(NotFoundError):
            run = service.client().runs.update(registry, run_id, {ARCHIVE: archive_of(news)})
        if run is None or is_another(olds, run):
            call.console.warning(f"The service has forgotten run {run_id}: there is nothing left to archive.")
        else:
            outs = outputs(outs, run)
    if not awaits(olds, news):
        return outs
    unjournaled = JournaledRun(Journal.open(Path(), None), registry, news)
    try:
        run = service.client().runs.get(registry, run_id)
        if is_another(olds, run):
            raise NotFoundError(404, "", "the registry has another run of that id", action="await run", resource_id=id_)
        run = AwaitedRun(service, registry, run_id, news, call, began, unjournaled, clock).result()
    except NotFoundError as error:
        raise RunError(
            f"Run {run_id} is not known to the service any more, so its final status is unknown. {_AGAIN}",
            run_id=run_id,
        ) from error
    except RunError as error:
        if error.status in FAILED:
            error.args = (f"{error}\n{_AGAIN}",)
        raise
    return outputs(outs, run)


def delete(
    service: Service, id_: str, state: dict[str, Any], call: Call | None = None, clock: Clock | None = None
) -> None:
    """Forget the run; with `cancelOnDelete` cancel it if it has not ended.

    A run that does not exist any more is a success, with a message. Raises RunError when a canceled run goes on,
    ServiceError and TransportError.
    """
    call, clock = call or Call.served(), clock or SystemClock()
    _note(service, id_)
    if state.get("status") in TERMINAL:
        return
    registry, run_id = parse_run_id(id_)
    if not state.get("cancelOnDelete"):
        # Without a request to the service, a run of an endpoint that does not exist any more can be forgotten.
        call.console.info(
            f"Run {run_id} was {state.get('status') or 'Queued'} when it was last read. If it has not ended, it goes "
            f"on, because the resource does not say to cancel it on delete. By hand: {cancel_command(registry, run_id)}"
        )
        return
    service.refuse_other_endpoint("run", state)
    if service.scheduler(registry, clock).is_ours(run_id):
        return  # the resource that replaces this one has the same run
    cancel(service, registry, run_id, state, call, clock)


def _note(service: Service, id_: str) -> None:
    """Record that the engine's state has that run."""
    service.journal().confirm(id_)
    service.note_recorded_run(id_)


def outputs(inputs: dict[str, Any], run: Run) -> dict[str, Any]:
    """Return the inputs and the run's properties; `imageRefs` are `registry/repository@digest`, in the service's order.

    A property that the answer leaves out keeps its value: right after scheduling the service shows few of them.
    """
    properties = run.raw.get("properties") or {}
    shown = {name: properties[name] for name in PROPERTIES if properties.get(name) is not None}
    images = shown.pop("outputImages", None) or inputs.get("outputImages") or []
    references = [
        f"{image['registry']}/{image['repository']}@{image['digest']}"
        for image in images
        if image.get("registry") and image.get("repository") and image.get("digest")
    ]
    return {**inputs, **shown, "outputImages": images, "imageRefs": references}


def _forgotten(state: dict[str, Any], run_id: str, call: Call) -> dict[str, Any]:
    call.console.warning(
        f"The service has forgotten run {run_id} (it keeps runs for 30 days). It stays in state, because dropping it "
        "would run it again; to run it again on purpose, change its triggers."
    )
    return state
