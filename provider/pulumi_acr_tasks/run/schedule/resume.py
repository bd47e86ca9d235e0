"""Runs that a killed update left behind: written down while they are awaited, and taken up again by the next one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.ids import RegistryId, parse_run_id
from pulumi_acr_tasks.arm.models import Date
from pulumi_acr_tasks.errors import AcrTasksError, NotFoundError, TransportError
from pulumi_acr_tasks.journal.journal import RUN, Entry, Journal, request_hash
from pulumi_acr_tasks.run.diff import is_address
from pulumi_acr_tasks.run.schedule.schedule import IN_FLIGHT, MAY_PASS, Found, Lost, Patience, Scheduling, id_of
from pulumi_acr_tasks.run.wait.status import TERMINAL
from pulumi_acr_tasks.schema.definitions import kind
from pulumi_acr_tasks.schema.equality import without_sign_in
from pulumi_acr_tasks.schema.secrets import masked

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.host import Console
    from pulumi_acr_tasks.run.wait.clock import Clock

_SAME_RUN = timedelta(minutes=10)
"""How far a run's creation may be from the time of its request, by the service's clock: a request may be throttled."""


class RememberedRun:
    """The journal's entry of one resource's run: from before it is scheduled until the engine knows it."""

    def __init__(self, journal: Journal, urn: str | None, registry: RegistryId, inputs: dict[str, Any]) -> None:
        self._journal, self._urn, self._registry = journal, urn, registry
        self._endpoint = str(inputs.get("endpoint") or "")
        asked = {name: inputs.get(name) for name in ("contextHash", "triggers", "runRequest")}
        if is_address(inputs.get("context")):
            asked["context"] = inputs["context"]
        kept = _without_secrets(asked)
        self._has_secrets = kept != asked
        self._hash = request_hash({**kept, "registry": str(registry).lower()})
        self._entry = journal.find(urn, RUN, endpoint=self._endpoint)

    def take_up(
        self, client: Client, scheduling: Scheduling, request: dict[str, Any], patience: Patience, console: Console
    ) -> Run | None:
        """Return the run that an interrupted update had scheduled with this very request; None when there is none.

        `request` is what would be sent now. A run of another request, or of one with secrets, which may have been
        corrected since, is cancelled if it still runs. Raises ServiceError and TransportError; the latter also when
        nothing tells which run is the request's.
        """
        entry = self._entry
        if entry is None:
            return None
        if entry.run_id:
            run = self._read(client, entry)
        elif entry.content_hash == self._hash:
            run = self._find(entry, client, scheduling, request, patience, console)
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
            self._give_up(run, entry, client, console)
            return None
        console.info(f"Run {id_of(run)}, which an interrupted update had scheduled, is taken up again.")
        self.scheduled(run)
        return run

    def _read(self, client: Client, entry: Entry) -> Run | None:
        """Return the run that was written down; None when the service has it no more."""
        try:
            run = client.runs.get(_registry_of(entry), entry.run_id)
        except NotFoundError:
            return None
        return run if _is_same(run, entry, self._journal.age(entry), client) else None

    def _find(
        self,
        entry: Entry,
        client: Client,
        scheduling: Scheduling,
        request: dict[str, Any],
        patience: Patience,
        console: Console,
    ) -> Run | None:
        """Return the run of a request of which it is not known whether it arrived; None when another is to be started.

        Raises TransportError when neither can be told.
        """
        lost = _lost(entry, self._journal.age(entry), request, scheduling.clock)
        found = scheduling.find(lost, patience)
        if found.run is not None:
            return found.run
        candidates = [run for run in found.candidates if (run.properties.status or "") not in TERMINAL - {"Succeeded"}]
        found = Found(None, tuple(candidates), found.undecided, found.unseen)
        earlier = "An update was interrupted, or lost the answer, while it scheduled this run."
        if found.unseen is not None and not isinstance(found.unseen, MAY_PASS):
            reason = str(found.unseen).splitlines()[0]
            console.warning(f"{earlier} The runs cannot be looked at ({reason}): another one is started now.")
        elif found.unseen is None and not candidates:
            console.info(f"{earlier} No run that the service lists fits it: another one is started now.")
        elif found.unseen is None and set(found.ids) <= set(entry.told.split()):
            console.warning(f"{earlier} It may be {', '.join(found.ids)}; another one is started now.")
        else:
            self.lost(found)
            raise TransportError(f"{earlier} Nothing was started now.\n{scheduling.told(lost, found)}")
        scheduling.dismiss(lost)
        return None

    def _give_up(self, run: Run, entry: Entry, client: Client, console: Console) -> None:
        """Cancel a run of ours that is not what is wanted now, so that it pushes nothing after the one that is."""
        same = entry.content_hash == self._hash
        reason = "may have been given other secrets" if same else "was scheduled for other inputs"
        if run.properties.status in TERMINAL:
            console.info(f"Run {id_of(run)} of an interrupted update {reason}: another one is started.")
            return
        try:
            client.runs.cancel(_registry_of(entry), id_of(run))
        except AcrTasksError as error:
            console.warning(f"Run {id_of(run)} of an interrupted update {reason}, and cannot be cancelled. {error}")
        else:
            console.info(
                f"Run {id_of(run)} of an interrupted update {reason}: it is cancelled, another one is started."
            )

    def begin(self, client: Client) -> None:
        """Write down that a run is about to be scheduled."""
        now = client.server_time.now()
        self._entry = self._journal.begin(
            RUN,
            self._urn,
            endpoint=self._endpoint,
            resource_id=str(self._registry),
            content_hash=self._hash,
            sent=now.isoformat() if now else "",
        )

    def scheduled(self, run: Run) -> None:
        """Write down which run it is, as far as the service tells; call it again when it tells more."""
        run_id = id_of(run)
        created = run.properties.create_time or ""
        if self._entry is not None and (self._entry.run_id, self._entry.create_time) != (run_id, created):
            self._entry = self._journal.amend(
                self._entry,
                resource_id=run.id or self._registry.run(run_id),
                run_id=run_id,
                create_time=created or (self._entry.create_time if self._entry.run_id == run_id else ""),
                sent=self._entry.sent or str(run.properties.last_updated_time or ""),
            )

    def lost(self, found: Found) -> None:
        """Write down which runs the user was told of, when nothing more will tell which of them it is."""
        if self._entry is not None and found.candidates and not found.undecided:
            self._entry = self._journal.amend(self._entry, told=" ".join(found.ids))

    def forget(self) -> None:
        """Take the entry out: there is no run, or it has ended so that another one is to be started."""
        if self._entry is not None:
            self._journal.end(self._entry)
            self._entry = None


def _without_secrets(asked: dict[str, Any]) -> dict[str, Any]:
    """Return what may be hashed and written to a file: no secret is, in clear or hashed.

    An address may carry a token before its host, or a signature in its query.
    """
    request = masked(asked["runRequest"], kind("RunRequest"))
    kept = {**asked, "runRequest": request, "triggers": masked(asked["triggers"], kind("any"))}
    for owner, member in ((kept, "context"), (request, "sourceLocation")):
        if isinstance(owner.get(member), str):
            owner[member] = without_sign_in(owner[member]).partition("?")[0]
    return kept


def _registry_of(entry: Entry) -> RegistryId:
    return parse_run_id(entry.resource_id)[0] if entry.run_id else RegistryId.parse(entry.resource_id)


def _lost(entry: Entry, age: float, request: dict[str, Any], clock: Clock) -> Lost:
    """Return the request of an entry. Where the service's time of it is unknown, it is told by its age: how far our
    clock is from the service's does not matter then."""
    began = clock.now() - age
    sent = Date(entry.sent).moment if entry.sent else None
    return Lost(request, began, began + IN_FLIGHT.total_seconds(), sent=sent)


def _is_same(run: Run, entry: Entry, age: float, client: Client) -> bool:
    """Whether a run is the one that was written down, and not one of a registry made anew, which counts from the
    beginning. Times are the service's."""
    created = run.properties.create_time.moment if run.properties.create_time else None
    if entry.create_time:
        return created is not None and created == Date(entry.create_time).moment
    sent = Date(entry.sent).moment if entry.sent else None
    now = client.server_time.now()
    if sent is None and now is not None:
        sent = now - timedelta(seconds=age)
    return created is not None and sent is not None and abs(created - sent) < _SAME_RUN
