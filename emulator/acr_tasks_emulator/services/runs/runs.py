"""Runs: schedule, show, list, cancel."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

from acr_tasks_emulator.clock import Clock
from acr_tasks_emulator.execution.agents import CLOSED_MESSAGE, Agents
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.services import bodies, errors
from acr_tasks_emulator.services.blobs.blobs import BlobsService, container_of
from acr_tasks_emulator.services.registries.registries import RegistriesService
from acr_tasks_emulator.services.runs import documents as run_documents
from acr_tasks_emulator.services.runs.causes import Cause
from acr_tasks_emulator.services.runs.jobs import new_job
from acr_tasks_emulator.services.runs.pages import RunPage, compile_filter, make_skip_token, read_skip_token, read_top
from acr_tasks_emulator.services.runs.states import ACTIVE, TERMINAL, RunStates
from acr_tasks_emulator.services.tasks import rules
from acr_tasks_emulator.services.tasks.documents import task_id
from acr_tasks_emulator.services.tasks.tasks import TasksService
from acr_tasks_emulator.services.versions import STABLE, ApiVersion
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.runs import RunRow, RunStore
from acr_tasks_emulator.switches import Switches

BATCH = 500
"""The most runs that one transaction queues: it locks the database for about a tenth of a second."""

Run = dict[str, Any]
Start = tuple[RegistryRow, str, Cause]  # the registry, the task's name, and the cause
_logger = logging.getLogger(__name__)


class RunsService:
    """A service for the operations on runs, and for Registries_ScheduleRun."""

    def __init__(
        self,
        store: RunStore,
        registries: RegistriesService,
        tasks: TasksService,
        blobs: BlobsService,
        states: RunStates,
        agents: Agents,
        clock: Clock,
        switches: Switches,
    ) -> None:
        self._store = store
        self._registries = registries
        self._tasks = tasks
        self._blobs = blobs
        self._states = states
        self._agents = agents
        self._clock = clock
        self._switches = switches

    def schedule(self, registry: RegistryRow, body: Any, version: ApiVersion = STABLE) -> Run:
        """Queue a run; return the few members with which the service answers at once. Raises ServiceError."""
        request = bodies.run_request(body, self._switches, version)
        rules.check_run_request(request, version)
        task = None
        if request["type"] == "TaskRunRequest":
            named = request[version.task_member]
            task = self._tasks.stored(registry, _name_in(registry, named) if version.task_member == "taskId" else named)
        run = self._add(registry, request, new_job(request, task))
        self._agents.submit(self._job(registry, run))
        return run_documents.just_scheduled(run.document)

    def trigger(self, starts: Iterable[Start]) -> list[str]:
        """Queue runs of tasks that triggers start; return the runs' ids.

        Runs that the service would refuse are left out and logged: no caller waits for them. No agent begins before
        all are queued.
        """
        starts, added = iter(starts), list[tuple[RegistryRow, RunRow]]()
        try:
            while batch := list(islice(starts, BATCH)):
                added += self._triggered(batch)
        finally:
            for registry, run in added:
                self._agents.submit(self._job(registry, run))
        return [run.run_id for _, run in added]

    def _triggered(self, starts: list[Start]) -> list[tuple[RegistryRow, RunRow]]:
        tasks: dict[tuple[str, str], Run] = {}
        added = []
        with self._store.transaction():
            for registry, name, cause in starts:
                request = {"type": "TaskRunRequest", "taskName": name, "isArchiveEnabled": False}
                try:
                    if (registry.key, name) not in tasks:
                        tasks[registry.key, name] = self._tasks.stored(registry, name)
                    job = new_job(request, tasks[registry.key, name], cause)
                    added.append((registry, self._add(registry, request, job, cause)))
                except errors.ServiceError as error:
                    _logger.warning("task %s was not started by %s: %s", name, cause.triggered_by, error)
        return added

    def _add(self, registry: RegistryRow, request: Run, job: Job, cause: Cause | None = None) -> RunRow:
        if job.source_path and self._blobs.find_source(registry.key, job.source_path) is None:
            raise errors.INVALID_SOURCE_LOCATION(location=job.source_path)
        with self._store.transaction():
            number = self._next_number(registry)
            job = replace(job, run_id=run_documents.run_id(registry.run_prefix, number))
            document = run_documents.queued(registry, request, job, cause, self._clock.now())
            run = RunRow(job.run_id, registry.key, number, document, job.to_document())
            self._store.add(run)
        return run

    def get(self, registry: RegistryRow, identifier: str) -> Run:
        """Return a run. Raises ServiceError."""
        return self._stored(registry, identifier).document

    def of_task(self, registry: RegistryRow, task_name: str, size: int, skip_token: str | None = None) -> RunPage:
        """Return a page of a task's runs, newest first. Raises ServiceError."""
        before, _ = read_skip_token(skip_token)
        rows = self._store.newest_of_task(registry.key, task_name, before, size + 1)
        token = make_skip_token(rows[size - 1].number, None) if len(rows) > size else None
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
        before, left = read_skip_token(skip_token)
        if skip_token is None and top is not None:
            left = read_top(top)
        page_size = page_size or self._switches.page_size
        size = page_size if left is None else min(page_size, left)
        found: list[RunRow] = []
        for run in self._store.newest(registry.key, before):
            if not passes(run.document["properties"]):
                continue
            if len(found) == size:
                rest = None if left is None else left - size
                token = None if rest == 0 else make_skip_token(found[-1].number, rest)
                return RunPage([row.document for row in found], token)
            found.append(run)
        return RunPage([row.document for row in found], None)

    def update(self, registry: RegistryRow, identifier: str, body: Any) -> Run:
        """Set whether a run's log is kept; return the run. Raises ServiceError."""
        sent = bodies.run_update(body, self._switches)
        run = self._stored(registry, identifier)
        now = self._clock.now()

        def edit(run: RunRow) -> bool:
            run_documents.update(run.document, sent, now)
            return True

        changed = self._store.change(run.run_id, edit)
        return self._stored(registry, identifier).document if changed is None else changed.document

    def log_links(self, registry: RegistryRow, identifier: str) -> dict[str, str]:
        """Return RunGetLogResult, of each link path and query. Raises ServiceError.

        Once a run with a log template has ended, there is a link to the log as an artifact. Not before: clients that
        get that link read it once and do not follow the log.
        """
        run = self._stored(registry, identifier)
        links = {"logLink": self._blobs.log_link(registry.key, run.run_id)}
        if run.job.get("logTemplate") and run.status in TERMINAL:
            links["logArtifactLink"] = self._blobs.log_link(registry.key, run.run_id)
        return links

    def shown(self, run: Run, version: ApiVersion) -> Run:
        """Return what a version shows of a run; all members when a switch keeps unknown ones."""
        return run if self._switches.unknown_members == "kept" else version.shown("Run", run)

    def cancel(self, registry: RegistryRow, identifier: str) -> None:
        """Cancel a run that waits or runs; one that has ended does not change. Raises ServiceError."""
        run = self._stored(registry, identifier)
        if run.status not in TERMINAL and not self._agents.cancel(run.run_id):
            self._states.finished(run.run_id, Outcome("Canceled"))

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
        """Cancel removed runs at the agents, and remove the blobs of their registry."""
        for identifier in run_ids:
            self._agents.cancel(identifier)
        self._blobs.store.delete_container(container_of(registry.key))

    def clear(self) -> None:
        """Cancel all runs, then remove every run and blob."""
        for run in self._store.with_status(*ACTIVE):
            self._agents.cancel(run.run_id)
        self._store.clear()
        self._blobs.store.clear()

    def resume(self) -> None:
        """Resume after a start: runs in progress in an earlier process end as Error, queued ones are queued again."""
        for run in self._store.with_status("Started", "Running"):
            self._states.finished(run.run_id, Outcome("Error", error_message=CLOSED_MESSAGE))
        registries = {row.key: row for row in self._registries.all()}
        for run in self._store.with_status("Queued"):
            self._agents.submit(self._job(registries[run.registry], run))

    def _next_number(self, registry: RegistryRow) -> int:
        try:
            return self._registries.store.next_run_number(registry.key)
        except LookupError:  # it was removed while the request was under way
            raise errors.REGISTRY_NOT_FOUND(resource=registry.name, group=registry.resource_group_name) from None

    def _job(self, registry: RegistryRow, run: RunRow) -> Job:
        path = run.job["sourcePath"]
        source = self._blobs.find_source(registry.key, path) if path else None
        return Job.from_document(
            run.job,
            run_id=run.run_id,
            registry_name=registry.name,
            login_server=self._registries.login_server,
            source=source.path if source else None,
        )

    def _stored(self, registry: RegistryRow, identifier: str) -> RunRow:
        run = self._store.get(identifier)
        if run is None or run.registry != registry.key:
            raise errors.RUN_NOT_FOUND(
                resource=f"{registry.name}/runs/{identifier}", group=registry.resource_group_name
            )
        return run


def _name_in(registry: RegistryRow, resource: str) -> str:
    """Return the name in the ARM id of one of the registry's tasks. Raises ServiceError."""
    prefix, name = task_id(registry, ""), resource.rstrip("/").rpartition("/")[2]
    if resource.rstrip("/").lower() != (prefix + name).lower():
        inner = f"TaskRunRequest:Invalid value for taskId '{resource}'. It must be the id of a task of this registry"
        raise errors.INVALID_INPUT(parameters="runRequest", inner=inner)
    return name
