"""Runs: schedule, show, list, cancel."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, Protocol

from acr_tasks_emulator.clock import Clock, round_trip, whole_seconds
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.services import bodies, errors, refusals, rules
from acr_tasks_emulator.services.blobs import BlobsService, container_of
from acr_tasks_emulator.services.causes import Cause
from acr_tasks_emulator.services.jobs import job_of, job_values, read_job
from acr_tasks_emulator.services.refusals import CALLER
from acr_tasks_emulator.services.registries import RegistriesService, id_of
from acr_tasks_emulator.services.run_filter import compile_filter
from acr_tasks_emulator.services.run_numbers import run_id
from acr_tasks_emulator.services.run_states import ACTIVE, TERMINAL, RunStates
from acr_tasks_emulator.services.tasks import TasksService, task_id
from acr_tasks_emulator.services.versions import STABLE, ApiVersion
from acr_tasks_emulator.store.registries import RegistryRow, RegistryStore
from acr_tasks_emulator.store.runs import RunRow, RunStore
from acr_tasks_emulator.switches import Switches

BATCH = 500
"""How many runs are queued in one step: it takes a tenth of a second, in which nobody else can ask the database."""

Run = dict[str, Any]
Start = tuple[RegistryRow, str, Cause]  # the task of that name is started, and why
_logger = logging.getLogger(__name__)


class Agents(Protocol):
    """Who carries runs out: `execution.agents.Agents`."""

    def submit(self, job: Job) -> None:
        """Put a job at the end of the queue."""

    def cancel(self, run_id: str) -> bool:
        """End a run that waits or runs; tell whether there was one."""
        ...


@dataclass(frozen=True)
class RunPage:
    """A page of a list; `skip_token` finds the next one, None at the end."""

    runs: list[Run]
    skip_token: str | None


class RunsService:
    """The operations on runs, and ScheduleRun."""

    def __init__(
        self,
        store: RunStore,
        numbers: RegistryStore,
        registries: RegistriesService,
        tasks: TasksService,
        blobs: BlobsService,
        states: RunStates,
        agents: Agents,
        clock: Clock,
        switches: Switches,
    ) -> None:
        self._store = store
        self._numbers = numbers
        self._registries = registries
        self._tasks = tasks
        self._blobs = blobs
        self._states = states
        self._agents = agents
        self._clock = clock
        self._switches = switches

    def schedule(self, registry: RegistryRow, body: Any, version: ApiVersion = STABLE) -> Run:
        """Queue a run; return it as the service answers at once: few members, status Queued. Raises ServiceError."""
        refusals.check_run(self._switches, registry)
        request = bodies.run_request(body, self._switches, version)
        rules.check_run_request(request, version)
        task = None
        if request["type"] == "TaskRunRequest":
            named = request[version.task_member]
            task = self._tasks.stored(registry, _name_in(registry, named) if version.task_member == "taskId" else named)
            if self._switches.disabled_task_run == "refused" and task["properties"]["status"].lower() == "disabled":
                raise errors.TASK_DISABLED(name=task["name"])
        return _just_scheduled(self._queue(registry, request, job_values(request, task)).document)

    def trigger(self, starts: Iterable[Start]) -> list[str]:
        """Queue runs of tasks that triggers start; return the runs' ids.

        What the service would refuse is left out: nobody asked, so there is nobody to tell. No agent begins before all
        are queued.
        """
        starts, added = iter(starts), list[RunRow]()
        try:
            while batch := list(islice(starts, BATCH)):
                added += self._triggered(batch)
        finally:
            for run in added:
                self._agents.submit(self._job(run))
        return [run.run_id for run in added]

    def _triggered(self, starts: list[Start]) -> list[RunRow]:
        tasks: dict[tuple[str, str], Run] = {}
        added = []
        with self._store.transaction():
            for registry, name, cause in starts:
                request = {"type": "TaskRunRequest", "taskName": name, "isArchiveEnabled": False}
                try:
                    refusals.check_run(self._switches, registry)
                    if (registry.key, name) not in tasks:
                        tasks[registry.key, name] = self._tasks.stored(registry, name)
                    values = job_values(request, tasks[registry.key, name], cause)
                    added.append(self._add(registry, request, values, cause))
                except errors.ServiceError as error:
                    _logger.warning("task %s was not started by %s: %s", name, cause.triggered_by, error)
        return added

    def _queue(self, registry: RegistryRow, request: Run, values: Run) -> RunRow:
        run = self._add(registry, request, values)
        self._agents.submit(self._job(run))
        return run

    def _add(self, registry: RegistryRow, request: Run, values: Run, cause: Cause | None = None) -> RunRow:
        if values["sourcePath"] and self._blobs.find_source(registry, values["sourcePath"]) is None:
            is_400 = self._switches.invalid_source_status == "400"
            refusal = errors.INVALID_SOURCE_LOCATION if is_400 else errors.SOURCE_LOCATION_NOT_FOUND
            raise refusal(location=values["sourcePath"])
        refusals.check_agent_pool(self._switches, registry, values["agentPoolName"])
        with self._store.transaction():
            number = self._next_number(registry)
            identifier = run_id(registry.run_prefix, number)
            document = self._document(registry, identifier, request, values, cause)
            run = RunRow(identifier, registry.key, number, document, values)
            self._store.add(run)
        return run

    def get(self, registry: RegistryRow, identifier: str) -> Run:
        """Return a run. Raises ServiceError."""
        return self._stored(registry, identifier).document

    def find(self, registry: RegistryRow, identifier: str) -> Run | None:
        """Return a run, or None."""
        run = self._store.get(identifier)
        return run.document if run is not None and run.registry == registry.key else None

    def of_task(self, registry: RegistryRow, task_name: str, size: int, skip_token: str | None = None) -> RunPage:
        """Return a page of a task's runs, newest first. Raises ServiceError."""
        before, _ = _read_skip_token(skip_token)
        rows = self._store.newest_of_task(registry.key, task_name, before, size + 1)
        token = _skip_token(rows[size - 1].number, None) if len(rows) > size else None
        return RunPage([row.document for row in rows[:size]], token)

    def list(
        self,
        registry: RegistryRow,
        text: str | None = None,
        top: str | None = None,
        skip_token: str | None = None,
        page_size: int | None = None,
        version: ApiVersion = STABLE,
    ) -> RunPage:
        """Return a page of the runs that pass `$filter`, newest first, never more than `$top`. Raises ServiceError."""
        passes = compile_filter(text, version)
        before, left = _read_skip_token(skip_token)
        if skip_token is None and top is not None:
            left = _read_top(top)
        page_size = page_size or self._switches.page_size
        size = page_size if left is None else min(page_size, left)
        found: list[RunRow] = []
        for run in self._store.newest(registry.key, before):
            if not passes(run.document["properties"]):
                continue
            if len(found) == size:
                rest = None if left is None else left - size
                token = None if rest == 0 else _skip_token(found[-1].number, rest)
                return RunPage([row.document for row in found], token)
            found.append(run)
        return RunPage([row.document for row in found], None)

    def update(self, registry: RegistryRow, identifier: str, body: Any) -> Run:
        """Set whether a run's log is kept; return the run. Raises ServiceError."""
        sent = bodies.run_update(body, self._switches)
        run = self._stored(registry, identifier)
        now = self._clock.now()

        def edit(document: Run) -> bool:
            document["properties"] |= sent
            document["properties"]["lastUpdatedTime"] = whole_seconds(now)
            created = {"createdBy": CALLER, "createdByType": "User", "createdAt": round_trip(now)}
            document["systemData"] = {**created, **document["systemData"], **_modified(round_trip(now))}
            return True

        changed = self._store.change(run.run_id, edit)
        return self._stored(registry, identifier).document if changed is None else changed.document

    def log_links(self, registry: RegistryRow, identifier: str) -> dict[str, str]:
        """Return RunGetLogResult, of each link path and query. Raises ServiceError.

        There is a link to the log as an artifact once a run with a log template has ended. Not before: who is given
        one reads it whole and once, and follows no log (facts section 8).
        """
        run = self._stored(registry, identifier)
        links = {"logLink": self._blobs.log_link(registry, run.run_id)}
        if run.job.get("logTemplate") and run.status in TERMINAL:
            links["logArtifactLink"] = self._blobs.log_link(registry, run.run_id)
        return links

    def shown(self, run: Run, version: ApiVersion) -> Run:
        """Return what a version shows of a run; members of others when the switches keep what is not known."""
        return run if self._switches.unknown_members == "kept" else version.shown("Run", run)

    def cancel(self, registry: RegistryRow, identifier: str) -> None:
        """Cancel a run that waits or runs; one that has ended stays as it is. Raises ServiceError."""
        run = self._stored(registry, identifier)
        if run.status in TERMINAL:
            if self._switches.cancel_finished == "409":
                raise errors.RUN_FINISHED(name=run.run_id, status=run.status)
            return
        if not self._agents.cancel(run.run_id):
            self._states.cancel_unknown(run.run_id)

    def counts(self) -> dict[str, int]:
        """Return how many runs there are in each status."""
        return {status: self._store.count(status) for status in (*ACTIVE, *TERMINAL)}

    def active_count(self) -> int:
        """Count the runs that have not ended."""
        return self._store.count(*ACTIVE)

    def delete_all(self, registry: RegistryRow) -> Collection[str]:
        """Remove every run of a registry; return the ids of those that have not ended, for `end_removed`."""
        under_way = [run.run_id for run in self._store.with_status(*ACTIVE) if run.registry == registry.key]
        self._store.delete_all(registry.key)
        return under_way

    def end_removed(self, registry: RegistryRow, run_ids: Collection[str]) -> None:
        """Take runs that were removed from the agents, and remove the blobs of their registry."""
        for identifier in run_ids:
            self._agents.cancel(identifier)
        self._blobs.store.delete_container(container_of(registry))

    def clear(self) -> None:
        """Cancel what runs, then remove every run and blob."""
        for run in self._store.with_status(*ACTIVE):
            self._agents.cancel(run.run_id)
        self._store.clear()
        self._blobs.store.clear()

    def resume(self) -> None:
        """After a start: runs that an earlier process had under way end as Error, those that waited wait again."""
        for run in self._store.with_status("Started", "Running"):
            self._states.abandon(run.run_id)
        for run in self._store.with_status("Queued"):
            self._agents.submit(self._job(run))

    def _next_number(self, registry: RegistryRow) -> int:
        try:
            return self._numbers.next_run_number(registry.key)
        except LookupError:  # it was removed while the request was under way
            raise errors.REGISTRY_NOT_FOUND(resource=registry.name, group=registry.resource_group_name) from None

    def _job(self, run: RunRow) -> Job:
        registry = self._registries.by_key(run.registry)
        path = run.job["sourcePath"]
        source = self._blobs.find_source(registry, path) if path else None
        return job_of(
            run.run_id, registry.name, self._registries.login_server, run.job, source.path if source else None
        )

    def _stored(self, registry: RegistryRow, identifier: str) -> RunRow:
        run = self._store.get(identifier)
        if run is None or run.registry != registry.key:
            not_found = errors.RUN_NOT_FOUND_AS[self._switches.missing_run_code]
            raise not_found(resource=f"{registry.name}/runs/{identifier}", group=registry.resource_group_name)
        return run

    def _document(self, registry: RegistryRow, identifier: str, request: Run, values: Run, cause: Cause | None) -> Run:
        now = self._clock.now()
        job = read_job(values)
        properties = {
            "runId": identifier,
            "status": "Queued",
            "lastUpdatedTime": whole_seconds(now),
            "runType": _run_type(request, values, cause),
            "agentPoolName": job.agent_pool_name,
            "createTime": round_trip(now),
            "task": job.task_name,
            "platform": job.platform,
            "agentConfiguration": {"cpu": rules.CORES, **job.agent_configuration},
            "sourceRegistryAuth": job.source_registry_auth,
            "customRegistries": job.custom_registries,
            "updateTriggerToken": job.update_trigger_token,
            "provisioningState": "Succeeded",
            "isArchiveEnabled": request["isArchiveEnabled"],
            **({cause.member: cause.value} if cause else {}),
        }
        return {
            "type": "Microsoft.ContainerRegistry/registries/runs",
            "properties": {name: value for name, value in properties.items() if value is not None},
            "id": f"{id_of(registry)}/runs/{identifier}",
            "name": identifier,
            "systemData": _modified(round_trip(now)),
        }


def _name_in(registry: RegistryRow, resource: str) -> str:
    """Return the name in a task's ARM id, which has to be one of the registry. Raises ServiceError."""
    prefix, name = task_id(registry, ""), resource.rstrip("/").rpartition("/")[2]
    if resource.rstrip("/").lower() != (prefix + name).lower():
        inner = f"TaskRunRequest:Invalid value for taskId '{resource}'. It must be the id of a task of this registry"
        raise errors.INVALID_INPUT(parameters="runRequest", inner=inner)
    return name


def _modified(moment: str) -> Run:
    return {"lastModifiedBy": CALLER, "lastModifiedByType": "User", "lastModifiedAt": moment}


def _run_type(request: Run, values: Run, cause: Cause | None) -> str:
    """Return the run's type; a task that is run by hand is a QuickRun even when it builds (facts section 5.1)."""
    if cause is not None:
        return "AutoBuild" if values["step"]["type"] == "Docker" else "AutoRun"
    return "QuickBuild" if request["type"] == "DockerBuildRequest" else "QuickRun"


def _just_scheduled(document: Run) -> Run:
    """Return what ScheduleRun answers: run type, platform and createTime come with the first GET only."""
    shown = ("runId", "status", "lastUpdatedTime", "provisioningState", "isArchiveEnabled")
    return {**document, "properties": {name: document["properties"][name] for name in shown}}


def _read_top(top: str) -> int:
    if not top.isascii() or not top.isdigit() or int(top[:10]) == 0:
        raise errors.INVALID_TOP(top=top)
    return int(top[:10])


def _skip_token(before: int, left: int | None) -> str:
    return base64.urlsafe_b64encode(f"{before}:{'' if left is None else left}".encode()).decode().rstrip("=")


def _read_skip_token(token: str | None) -> tuple[int | None, int | None]:
    if token is None:
        return None, None
    try:
        before, _, left = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii").partition(":")
        if not before.isdigit() or len(before) > 18:
            raise ValueError(before)
        return int(before), max(0, int(left)) if left else None
    except (ValueError, binascii.Error):
        raise errors.INVALID_SKIP_TOKEN() from None
