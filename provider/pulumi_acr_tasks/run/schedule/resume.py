"""Runs of an update that was killed: recorded in the journal, and resumed by the next update."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.ids import RegistryId, parse_run_id
from pulumi_acr_tasks.arm.models import Date
from pulumi_acr_tasks.errors import AcrTasksError, NotFoundError, TransportError
from pulumi_acr_tasks.journal.journal import RUN, Entry, Journal, request_hash
from pulumi_acr_tasks.run.schedule.lost_answers import (
    IN_FLIGHT,
    TRANSIENT,
    LostAnswer,
    SearchResult,
    SearchTerms,
)
from pulumi_acr_tasks.run.schedule.schedule import Scheduler
from pulumi_acr_tasks.run.wait.terms import TERMINAL
from pulumi_acr_tasks.schema.definitions import kind
from pulumi_acr_tasks.schema.equality import without_sign_in
from pulumi_acr_tasks.schema.secrets import masked

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.engine import Console

_SAME_RUN = timedelta(minutes=10)
"""The time between a request and the creation of its run, by the service's clock: a request may be throttled."""


class JournaledRun:
    """The journal entry of one resource's run, from before it is scheduled until the engine knows it."""

    def __init__(self, journal: Journal, registry: RegistryId, inputs: dict[str, Any]) -> None:
        self._journal, self._registry = journal, registry
        self._endpoint = str(inputs.get("endpoint") or "")
        hashed = {name: inputs.get(name) for name in ("contextHash", "triggers", "runRequest")}
        if inputs.get("context") and not inputs.get("contextHash"):  # an address
            hashed["context"] = inputs["context"]
        public = _without_secrets(hashed)
        self._has_secrets = public != hashed
        self._hash = request_hash({**public, "registry": str(registry).lower()})
        self._entry = journal.find(RUN, endpoint=self._endpoint)

    def resume(
        self, client: Client, scheduler: Scheduler, request: dict[str, Any], terms: SearchTerms, console: Console
    ) -> Run | None:
        """Return the run that an interrupted update has scheduled with this request; None when another is to start.

        `request` is what would be sent now. A run of another request is canceled if it still runs; so is a run with
        secrets, which may have been corrected since. Raises ServiceError and TransportError; the latter also when
        nothing decides which run is the request's.
        """
        entry = self._entry
        if entry is None:
            return None
        if entry.run_id:
            run = self._read(client, entry)
        elif entry.content_hash == self._hash:
            run = self._find(entry, scheduler, request, terms, console)
        else:
            console.warning(
                "An update was interrupted while it scheduled a run for other inputs than now, and it is not known "
                f"whether the service has started it: look at the runs of {_registry_of(entry).registry_name}."
            )
            return None
        status = run.properties.status or "" if run is not None else "Failed"
        if run is None or (status in TERMINAL and status != "Succeeded"):
            return None
        if entry.content_hash != self._hash or self._has_secrets:
            self._cancel(run, entry, client, console)
            return None
        console.info(f"Run {run.run_id}, which an interrupted update had scheduled, is taken up again.")
        self.scheduled(run)
        return run

    def _read(self, client: Client, entry: Entry) -> Run | None:
        """Return the run of the entry; None when the service does not have it any more."""
        try:
            run = client.runs.get(_registry_of(entry), entry.run_id)
        except NotFoundError:
            return None
        return run if _is_same(run, entry, self._journal.age(entry), client) else None

    def _find(
        self,
        entry: Entry,
        scheduler: Scheduler,
        request: dict[str, Any],
        terms: SearchTerms,
        console: Console,
    ) -> Run | None:
        """Return the run of a request that may not have arrived; None when another run is to be started.

        Raises TransportError when neither is certain.
        """
        lost = _lost_answer(entry, self._journal.age(entry), request, scheduler.clock)
        found = scheduler.find(lost, terms)
        if found.run is not None:
            return found.run
        candidates = [run for run in found.candidates if (run.properties.status or "") not in TERMINAL - {"Succeeded"}]
        found = SearchResult(None, tuple(candidates), found.undecided, found.error)
        earlier = "An update was interrupted, or lost the answer, while it scheduled this run."
        if found.error is not None and not isinstance(found.error, TRANSIENT):
            reason = str(found.error).splitlines()[0]
            console.warning(f"{earlier} The runs cannot be looked at ({reason}): another one is started now.")
        elif found.error is None and not candidates:
            console.info(f"{earlier} No run that the service lists fits it: another one is started now.")
        elif found.error is None and set(found.ids) <= set(entry.told.split()):
            console.warning(f"{earlier} It may be {', '.join(found.ids)}; another one is started now.")
        else:
            self.note_candidates(found)
            raise TransportError(f"{earlier} Nothing was started now.\n{scheduler.describe(lost, found)}")
        scheduler.dismiss(lost)
        return None

    def _cancel(self, run: Run, entry: Entry, client: Client, console: Console) -> None:
        """Cancel a run of other inputs than now, so that it pushes no image after the wanted run has."""
        same = entry.content_hash == self._hash
        reason = "may have been given other secrets" if same else "was scheduled for other inputs"
        if run.properties.status in TERMINAL:
            console.info(f"Run {run.run_id} of an interrupted update {reason}: another one is started.")
            return
        try:
            client.runs.cancel(_registry_of(entry), run.run_id)
        except AcrTasksError as error:
            console.warning(f"Run {run.run_id} of an interrupted update {reason}, and cannot be canceled. {error}")
        else:
            console.info(f"Run {run.run_id} of an interrupted update {reason}: it is canceled, another one is started.")

    def begin(self, client: Client) -> None:
        """Record that a run is about to be scheduled."""
        now = client.server_time.now()
        self._entry = self._journal.begin(
            RUN,
            endpoint=self._endpoint,
            resource_id=str(self._registry),
            content_hash=self._hash,
            sent=now.isoformat() if now else "",
        )

    def scheduled(self, run: Run) -> None:
        """Record which run was scheduled; call it again when the service shows more of the run."""
        run_id = run.run_id
        created = run.properties.create_time or ""
        if self._entry is not None and (self._entry.run_id, self._entry.create_time) != (run_id, created):
            self._entry = self._journal.amend(
                self._entry,
                resource_id=run.id or self._registry.run(run_id),
                run_id=run_id,
                create_time=created or (self._entry.create_time if self._entry.run_id == run_id else ""),
                sent=self._entry.sent or str(run.properties.last_updated_time or ""),
            )

    def note_candidates(self, found: SearchResult) -> None:
        """Record the candidates that a message has named, once nothing more can decide between them."""
        if self._entry is not None and found.candidates and not found.undecided:
            self._entry = self._journal.amend(self._entry, told=" ".join(found.ids))

    def forget(self) -> None:
        """Remove the entry: no run was started, or another one is to be started."""
        if self._entry is not None:
            self._journal.end(self._entry)
            self._entry = None


def _without_secrets(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return inputs without secrets: the journal holds none, in clear or hashed.

    An address may carry a token before its host, or a signature in its query.
    """
    request = masked(inputs["runRequest"], kind("RunRequest"))
    public = {**inputs, "runRequest": request, "triggers": masked(inputs["triggers"], kind("any"))}
    for owner, member in ((public, "context"), (request, "sourceLocation")):
        if isinstance(owner.get(member), str):
            owner[member] = without_sign_in(owner[member]).partition("?")[0]
    return public


def _registry_of(entry: Entry) -> RegistryId:
    return parse_run_id(entry.resource_id)[0] if entry.run_id else RegistryId.parse(entry.resource_id)


def _lost_answer(entry: Entry, age: float, request: dict[str, Any], clock: Clock) -> LostAnswer:
    """Return the request of an entry.

    Its age gives its time if the service's time is unknown; a difference between the two clocks does not matter then.
    """
    began = clock.now() - age
    sent = Date(entry.sent).moment if entry.sent else None
    return LostAnswer(request, began, began + IN_FLIGHT.total_seconds(), sent=sent)


def _is_same(run: Run, entry: Entry, age: float, client: Client) -> bool:
    """Return whether a run is the one in the journal, by the service's times.

    A registry that was made again counts its runs from the beginning, so an id alone does not tell.
    """
    created = run.properties.create_time.moment if run.properties.create_time else None
    if entry.create_time:
        return created is not None and created == Date(entry.create_time).moment
    sent = Date(entry.sent).moment if entry.sent else None
    now = client.server_time.now()
    if sent is None and now is not None:
        sent = now - timedelta(seconds=age)
    return created is not None and sent is not None and abs(created - sent) < _SAME_RUN
