"""All services of one emulator, for the routes."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from acr_tasks_emulator.clock import SystemClock
from acr_tasks_emulator.services.blobs.blobs import BlobsService
from acr_tasks_emulator.services.conditions.faults import Faults
from acr_tasks_emulator.services.conditions.long_running import Operations
from acr_tasks_emulator.services.conditions.quota import Quota
from acr_tasks_emulator.services.conditions.request_log import RequestLog
from acr_tasks_emulator.services.registries.login_server import AdminUsers, Images
from acr_tasks_emulator.services.registries.registries import RegistriesService
from acr_tasks_emulator.services.registries.removal import Removal
from acr_tasks_emulator.services.registries.resource_groups import ResourceGroupsService
from acr_tasks_emulator.services.runs.runs import RunsService
from acr_tasks_emulator.services.sign_in.sign_in import SignIn
from acr_tasks_emulator.services.tasks.tasks import TasksService
from acr_tasks_emulator.services.triggers.triggers import TriggersService
from acr_tasks_emulator.services.triggers.webhooks import Webhooks
from acr_tasks_emulator.switches import Switches


@dataclass(frozen=True)
class Services:
    """The services that routes call. `about` has the members of the JSON line that `serve` prints when it is ready."""

    registries: RegistriesService
    resource_groups: ResourceGroupsService
    removal: Removal
    admin_users: AdminUsers
    sign_in: SignIn
    tasks: TasksService
    runs: RunsService
    triggers: TriggersService
    webhooks: Webhooks
    blobs: BlobsService
    quota: Quota
    request_log: RequestLog
    images: Images
    clock: SystemClock
    about: dict[str, Any]
    switches: Switches
    operations: Operations
    faults: Faults = field(default_factory=Faults)
    closing: threading.Event = field(default_factory=threading.Event)

    def reset(self) -> None:
        """Remove tasks, runs, blobs, faults and the log of requests, and fill the quota; images stay.

        Registries and resource groups are those of the start again.
        """
        self.removal.reset()
        self.runs.clear()
        self.tasks.clear()
        self.request_log.reset()
        self.faults.clear()
        self.quota.clear()
        self.operations.clear()
