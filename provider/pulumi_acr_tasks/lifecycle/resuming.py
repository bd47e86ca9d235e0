"""Runs that a killed update left behind: written down while they are awaited, and taken up again by the next one."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.models import Date
from pulumi_acr_tasks.errors import NotFoundError
from pulumi_acr_tasks.follow.status import TERMINAL
from pulumi_acr_tasks.journal import RUN, Journal, request_hash
from pulumi_acr_tasks.plan.definitions import kind
from pulumi_acr_tasks.plan.run import is_address
from pulumi_acr_tasks.plan.secrets import masked

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.host import Console

_SAME_RUN = timedelta(minutes=10)
"""How far this machine's clock may be from the service's for a run whose creation the service had not told yet."""


class RememberedRun:
    """The journal's entry of one resource's run: from before it is scheduled until the engine knows it."""

    def __init__(self, journal: Journal, urn: str | None, registry: RegistryId, inputs: dict[str, Any]) -> None:
        self._journal, self._urn, self._registry = journal, urn, registry
        self._endpoint = str(inputs.get("endpoint") or "")
        # No secret, and no hash of one, in a file: what is secret in the request is left out.
        content = {name: inputs.get(name) for name in ("contextHash", "triggers")}
        if is_address(inputs.get("context")):
            content["context"] = inputs["context"]
        request = masked(inputs["runRequest"], kind("RunRequest"))
        self._hash = request_hash({**content, "runRequest": request, "registry": str(registry).lower()})
        self._entry = journal.find(urn, RUN, endpoint=self._endpoint, content_hash=self._hash)

    def take_up(self, client: Client, console: Console) -> Run | None:
        """The run that an interrupted update had scheduled with this very request; None when there is none, or when it
        has ended without success.

        Raises ServiceError and TransportError.
        """
        entry = self._entry
        if entry is None:
            return None
        if not entry.run_id:
            console.warning(
                "An update was interrupted while it scheduled this run, and it is not known whether the service has "
                f"started one: look at the runs of {self._registry.registry_name}. Another one is started now."
            )
            return None
        try:
            run = client.runs.get(self._registry, entry.run_id)
        except NotFoundError:
            return None
        status = run.properties.status or ""
        if not _is_same(run, entry.create_time, entry.time) or (status in TERMINAL and status != "Succeeded"):
            return None
        console.info(f"Run {entry.run_id}, which an interrupted update had scheduled, is taken up again.")
        self.scheduled(run)
        return run

    def begin(self) -> None:
        """Write down that a run is about to be scheduled."""
        self._entry = self._journal.begin(
            RUN, self._urn, endpoint=self._endpoint, resource_id=str(self._registry), content_hash=self._hash
        )

    def scheduled(self, run: Run) -> None:
        """Write down which run it is, as far as the service tells; call it again when it tells more."""
        run_id = run.properties.run_id or run.name or ""
        created = run.properties.create_time or ""
        if self._entry is not None and (self._entry.run_id, self._entry.create_time) != (run_id, created):
            self._entry = self._journal.amend(
                self._entry,
                resource_id=run.id or self._registry.run(run_id),
                run_id=run_id,
                create_time=created or (self._entry.create_time if self._entry.run_id == run_id else ""),
            )

    def forget(self) -> None:
        """Take the entry out: there is no run, or it has ended so that another one is to be started."""
        if self._entry is not None:
            self._journal.end(self._entry)
            self._entry = None


def _is_same(run: Run, create_time: str, written: float) -> bool:
    """Whether a run is the one that was written down, and not one of a registry made anew, which counts from the
    beginning."""
    created = run.properties.create_time.moment if run.properties.create_time else None
    if create_time:
        return created is not None and created == Date(create_time).moment
    return created is not None and abs(created - datetime.fromtimestamp(written, timezone.utc)) < _SAME_RUN
