"""All services of one emulator, for the routes."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

from acr_tasks_emulator.clock import SystemClock
from acr_tasks_emulator.execution.agents import Agents
from acr_tasks_emulator.execution.executor import Executor
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.services.blobs.blobs import BlobsService
from acr_tasks_emulator.services.blobs.sas import Signer
from acr_tasks_emulator.services.conditions.faults import Faults
from acr_tasks_emulator.services.conditions.long_running import Operations
from acr_tasks_emulator.services.conditions.quota import Quota
from acr_tasks_emulator.services.conditions.request_log import RequestLog
from acr_tasks_emulator.services.registries.registries import RegistriesService
from acr_tasks_emulator.services.registries.removal import Removal
from acr_tasks_emulator.services.registries.resource_groups import ResourceGroupsService
from acr_tasks_emulator.services.runs.runs import RunsService
from acr_tasks_emulator.services.runs.states import RunStates
from acr_tasks_emulator.services.sign_in.access_tokens import AccessTokens
from acr_tasks_emulator.services.sign_in.sign_in import SignIn
from acr_tasks_emulator.services.tasks.tasks import TasksService
from acr_tasks_emulator.services.triggers.notifications import Notifications
from acr_tasks_emulator.services.triggers.triggers import Timers, TriggersService
from acr_tasks_emulator.services.triggers.webhooks import Webhooks
from acr_tasks_emulator.settings import Settings
from acr_tasks_emulator.store.blobs import BlobStore
from acr_tasks_emulator.store.database import Database
from acr_tasks_emulator.store.registries import RegistryStore
from acr_tasks_emulator.store.resource_groups import ResourceGroupStore
from acr_tasks_emulator.store.runs import RunStore
from acr_tasks_emulator.store.tasks import TaskStore


class Services:
    """The services that routes call; `about` has the members of the JSON line that `serve` prints when it is ready.

    stack: gets a callback for each thread that has to end before the emulator does. Raises SettingsError when the
    registries of the data folder are not those that the settings name.
    """

    def __init__(
        self,
        settings: Settings,
        login_server: str,
        database: Database,
        oci: OciRegistry,
        executor: Executor,
        stack: contextlib.ExitStack,
    ) -> None:
        self.clock, self.switches = SystemClock(), settings.switches
        self.closing = threading.Event()
        self.about: dict[str, Any] = {}
        self.request_log, self.faults = RequestLog(), Faults()
        self.quota = Quota(self.clock, settings.throttle == "arm")
        self.operations = Operations(self.clock, self.switches, settings.mode == "lro")
        self._open_stores(settings, login_server, database)
        self._open_runs(settings, executor, stack)
        self._open_triggers(settings, oci, stack)
        self.sign_in = SignIn(AccessTokens(self._key, settings.token, self.clock), settings.token)
        self.oci = oci
        self.removal = Removal(self.registries, self.resource_groups, self.tasks, self.runs)

    def _open_stores(self, settings: Settings, login_server: str, database: Database) -> None:
        registries = RegistryStore(database)
        self._key = registries.key()
        self.resource_groups = ResourceGroupsService(ResourceGroupStore(database))
        self.registries = RegistriesService(registries, self.resource_groups, self.clock, login_server, settings.token)
        self.registries.open(settings.registries)
        signer = Signer(self._key, self.clock, self.switches.sas_seconds)
        self.blobs = BlobsService(BlobStore(settings.data / "blobs", database), signer, self.clock, self.switches)
        self.tasks = TasksService(TaskStore(database), self.clock, self.switches)
        self._run_store = RunStore(database)

    def _open_runs(self, settings: Settings, executor: Executor, stack: contextlib.ExitStack) -> None:
        states = RunStates(self._run_store, self.tasks.store, self.blobs, self.clock)
        agents = Agents(settings.agents, executor, states, self.switches.agent_delay)
        stack.callback(agents.close)
        self.runs = RunsService(
            self._run_store, self.registries, self.tasks, self.blobs, states, agents, self.clock, self.switches
        )

    def _open_triggers(self, settings: Settings, oci: OciRegistry, stack: contextlib.ExitStack) -> None:
        self.triggers = TriggersService(self.tasks.store, self.runs, self.registries, self.clock)
        self.webhooks = Webhooks(self.triggers, settings.webhook_secret)
        notifications = Notifications(self.triggers.image_pushed)
        stack.callback(notifications.close)
        oci.notify(notifications.url, notifications.secret)

    def begin(self, stack: contextlib.ExitStack) -> None:
        """Take up the runs of an earlier process, and let timers fire."""
        self.runs.resume()
        stack.callback(Timers(self.triggers, self.clock).close)

    def reset(self) -> None:
        """Remove tasks, runs, blobs, faults and the log of requests, and fill the quota; images stay.

        Registries and resource groups are those of the start again.
        """
        self.removal.reset()
        self.runs.clear()
        self.tasks.store.clear()
        self.request_log.reset()
        self.faults.clear()
        self.quota.clear()
        self.operations.clear()
