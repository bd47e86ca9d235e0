"""The service of one provider process: its client, and the caches that all resources of a registry share."""

from __future__ import annotations

import contextlib
import functools
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import embedded, engine
from pulumi_acr_tasks.arm.client import Client, open_client
from pulumi_acr_tasks.arm.clock import lock_within_deadline
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    EndpointError,
    NotFoundError,
    RegistryNotFoundError,
    SubscriptionNotFoundError,
    ThrottledError,
    TransportError,
    UnavailableError,
)
from pulumi_acr_tasks.journal.backend import backend_of
from pulumi_acr_tasks.journal.journal import Journal, hand_over
from pulumi_acr_tasks.run.schedule.schedule import Scheduler
from pulumi_acr_tasks.run.wait.poller import Poller, poller_of
from pulumi_acr_tasks.settings.credentials import credential_of
from pulumi_acr_tasks.settings.settings import EMBEDDED, Settings, pulumi_home
from pulumi_acr_tasks.task.cache import TaskCache
from pulumi_acr_tasks.task.claims import Claims, withdraw

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run

_FAILED_READS = 3
"""Reads in a row without an answer, after which those of a refresh fail at once."""


@dataclass
class Notes:
    """Notes that one call of the engine leaves for the next call of the same resource.

    `replace_on_changes`: the option's paths, from `check` to the `diff` right after it; None without a `check`.
    `warnings`: the warnings that were shown; the engine checks a resource again when it replaces it. `task_name`: the
    name of a task that exists, for a `check` without the old inputs. `plan`: from `diff` to `update`, a task's old
    outputs, its new inputs, these with the secrets that placeholders stand for, and the difference.
    """

    replace_on_changes: list[str] | None = None
    warnings: set[str] = field(default_factory=set)
    task_name: Any = None
    plan: tuple[dict[str, Any], dict[str, Any], dict[str, Any], Any] | None = None


@dataclass
class _Registry:
    """The values that all resources of one registry share.

    `description` is the service's answer. `gone` names the registry or resource group when that is gone. `lock` guards
    both.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    description: dict[str, Any] = field(default_factory=dict)
    gone: str = ""
    tasks: TaskCache | None = None
    poller: Poller[Run] | None = None
    scheduler: Scheduler | None = None


class Service:
    """The service at the settings' endpoint, shared by all resources of a process. Safe for any number of threads.

    `client`: a client of the service; without one, the first request opens it.
    """

    def __init__(self, settings: Settings, client: Client | None = None) -> None:
        self.settings = settings
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._client = client
        self._registries: dict[RegistryId, _Registry] = {}
        self._failed_reads: list[AcrTasksError] = []
        self._state: tuple[Path, str] | None = None
        """Pulumi's home, and the backend of the stack."""
        self.organization = ""
        """The stack's organization, once a `check` has brought it; empty for backends without any."""
        self._claims: dict[Path | None, Claims] = {}
        self._notes: dict[str, Notes] = {}
        self._warned: set[str] = set()
        self.recorded_runs: set[str] = set()
        engine.on_cancel(hand_over)
        engine.on_cancel(withdraw)

    @property
    def endpoint_name(self) -> str:
        """The endpoint as a resource's state has it: `embedded`, or the URL."""
        return self.settings.endpoint

    @property
    def notes(self) -> Notes:
        """The notes of the resource whose call is served."""
        with self._lock:
            return self._notes.setdefault(engine.current_request().urn, Notes())

    def is_first_warning(self, urn: str) -> bool:
        """Return True the first time for each URN: many calls would repeat the same warning."""
        with self._lock:
            first = urn not in self._warned
            self._warned.add(urn)
            return first

    def note_recorded_run(self, id_: str) -> None:
        """Remember the ARM id of a run that stands in the engine's state."""
        self.recorded_runs.add(id_.lower())

    def refuse_other_endpoint(self, kind: str, state: dict[str, Any]) -> None:
        """Raise EndpointError when a resource's state says that it was made at another endpoint.

        Also raise it when the stack's embedded emulator has no data, as after `pulumi stack rename`: the folder has the
        stack's former name.
        """
        lives_at = state.get("endpoint")
        if isinstance(lives_at, str) and lives_at.rstrip("/").lower() != self.endpoint_name.lower():
            raise EndpointError(
                f"this {kind} lives at {lives_at}; the stack now points to {self.endpoint_name}\n"
                f"point acr-tasks:endpoint back to {lives_at}, or destroy it there first"
            )
        if lives_at == EMBEDDED and not self.settings.embedded_data:
            embedded.refuse_missing_data(embedded.data_folder(self.settings), kind)

    def client(self) -> Client:
        """Return the client. The first call opens it, and for the embedded endpoint starts the emulator."""
        with lock_within_deadline(self._opening):
            if self._client is None:
                self._client = _open(self.settings)
            return self._client

    def registry(self, registry: RegistryId, location: str | None = None) -> dict[str, Any]:
        """Return the service's description of a registry. All threads share one request; its errors are not cached.

        In the embedded emulator, create a registry that is missing, at `location`.
        """
        client, known = self.client(), self._shared(registry)
        with lock_within_deadline(known.lock):
            if not known.description:
                try:
                    known.description = client.registries.get(registry)
                except (RegistryNotFoundError, SubscriptionNotFoundError):
                    if not self.settings.is_embedded:
                        raise
                    embedded.make_registry(client, registry, location)
                    known.description = client.registries.get(registry)
                known.gone = ""
            return known.description

    def gone(self, registry: RegistryId) -> str:
        """Return the name of what is gone, `registry contoso` or `resource group builds`; an empty string for neither.

        Only Resource Manager's own words about the registry or its resource group are a proof. Everything else raises:
        a 404 without these words, an unknown subscription, a missing permission, no answer.
        """
        client, known = self.client(), self._shared(registry)
        with lock_within_deadline(known.lock):
            if known.description or known.gone:
                return known.gone
            try:
                known.description = client.registries.get(registry)
            except NotFoundError as error:
                if not isinstance(error, RegistryNotFoundError) and error.code != "ResourceNotFound":
                    raise
                if error.code == "ResourceGroupNotFound":
                    known.gone = f"resource group {registry.resource_group_name}"
                else:
                    known.gone = f"registry {registry.registry_name}"
            return known.gone

    def tasks(self, registry: RegistryId) -> TaskCache:
        """Return the cache of the registry's tasks."""
        client, known = self.client(), self._shared(registry)
        with self._lock:
            known.tasks = known.tasks or TaskCache(client, registry)
            return known.tasks

    def poller(self, registry: RegistryId, clock: Clock) -> Poller[Run]:
        """Return the registry's poller, which all awaited runs of this process share."""
        client, known = self.client(), self._shared(registry)
        with self._lock:
            known.poller = known.poller or poller_of(client, registry, clock)
            return known.poller

    def scheduler(self, registry: RegistryId, clock: Clock) -> Scheduler:
        """Return the registry's scheduler, which knows every run that this process has scheduled."""
        client, known = self.client(), self._shared(registry)
        with self._lock:
            known.scheduler = known.scheduler or Scheduler(client, registry, clock, self.recorded_runs)
            return known.scheduler

    def _shared(self, registry: RegistryId) -> _Registry:
        with self._lock:
            return self._registries.setdefault(registry, _Registry())

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Fail the reads of a refresh at once after three in a row that got no answer.

        Each of hundreds would otherwise wait for its own retries. The next command asks again.
        """
        with self._lock:
            if len(self._failed_reads) >= _FAILED_READS:
                raise self._failed_reads[-1]
        try:
            yield
        except (ThrottledError, TransportError, UnavailableError) as error:
            with self._lock:
                self._failed_reads.append(error)
            raise
        with self._lock:
            self._failed_reads.clear()

    def journal(self) -> Journal:
        """Open the journal of the stack that the resource is in."""
        if self._state is None:
            home = pulumi_home(os.environ)
            self._state = home, backend_of(os.environ, home, Path.cwd())
        home, backend = self._state
        return Journal.open(
            home,
            engine.current_request().urn,
            backend=backend,
            organization=self.organization,
            warn=lambda text: engine.stack_console().warning(text),
        )

    def claims(self) -> Claims:
        """Return this command's claims: the tasks that each resource of the stack declares and has."""
        folder = self.journal().folder
        with self._lock:
            if folder not in self._claims:
                self._claims[folder] = Claims(folder, engine.command())
            return self._claims[folder]

    def claim_key(self, task_id: str) -> str:
        """Return the key of a task in `claims`: the address of its service, and its ARM id."""
        service = str(embedded.data_folder(self.settings)) if self.settings.is_embedded else self.endpoint_name
        return f"{service} {task_id}"

    def keep(self, task_id: str) -> None:
        """Note that the resource of the current call has that task and keeps it."""
        self.claims().manage(engine.current_request().urn, self.claim_key(task_id))


def _open(settings: Settings) -> Client:
    endpoint, start = embedded.serve(settings) if settings.is_embedded else (settings.endpoint, None)
    return open_client(
        endpoint,
        None if settings.is_embedded else credential_of(settings),
        audience=settings.audience,
        log=engine.stack_console().info if settings.log_level != "off" else None,
        verbose=settings.log_level == "debug",
        stop=engine.canceled,
        start=start,
    )


@functools.cache
def service_for(settings: Settings) -> Service:
    """Return the one Service of this process for these settings."""
    return Service(settings)
