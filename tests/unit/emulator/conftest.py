"""Fixtures for the tests of the services: a clock that is set by hand, agents that only record, a data folder."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.services.blobs.blobs import BlobsService, container_of
from acr_tasks_emulator.services.blobs.sas import Signer
from acr_tasks_emulator.services.registries.registries import RegistriesService
from acr_tasks_emulator.services.registries.resource_groups import ResourceGroupsService
from acr_tasks_emulator.services.runs.runs import RunsService
from acr_tasks_emulator.services.runs.states import RunStates
from acr_tasks_emulator.services.tasks.tasks import TasksService
from acr_tasks_emulator.settings import RegistrySetting
from acr_tasks_emulator.store.blobs import BlobStore
from acr_tasks_emulator.store.database import Database
from acr_tasks_emulator.store.registries import RegistryRow, RegistryStore
from acr_tasks_emulator.store.resource_groups import ResourceGroupStore
from acr_tasks_emulator.store.runs import RunStore
from acr_tasks_emulator.store.tasks import TaskStore
from acr_tasks_emulator.switches import Switches

LOGIN_SERVER = "127.0.0.1:5000"
YAML = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox true\n").decode()


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 4, 5, 6, 7, 891234, tzinfo=timezone.utc)

    def now(self) -> datetime:
        return self.moment

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class RecordingAgents:
    """Agents that run nothing."""

    jobs: list[Job] = field(default_factory=list)
    canceled: list[str] = field(default_factory=list)

    def submit(self, job: Job) -> None:
        self.jobs.append(job)

    def cancel(self, run_id: str) -> bool:
        self.canceled.append(run_id)
        return False


class World:
    """The services on a data folder, without a server; `reopened` are those of the next process."""

    def __init__(self, data: Path, *registries: str, **switches: Any) -> None:
        self.data = data
        self.switches = Switches(**switches)
        self.clock = SetClock()
        self.agents = RecordingAgents()
        self.database = Database(data / "emulator.sqlite")
        self.groups = ResourceGroupsService(ResourceGroupStore(self.database))
        self.registries = RegistriesService(RegistryStore(self.database), self.groups, self.clock, LOGIN_SERVER)
        self.registries.open([RegistrySetting.parse(text) for text in registries])
        self.registry: RegistryRow = self.registries.all()[0]
        self.blobs = BlobsService(
            BlobStore(data / "blobs", self.database), Signer(b"key", self.clock), self.clock, self.switches
        )
        tasks = TaskStore(self.database)
        self.tasks = TasksService(tasks, self.clock, self.switches)
        runs = RunStore(self.database)
        self.states = RunStates(runs, tasks, self.blobs, self.clock)
        self.runs = RunsService(
            runs, self.registries, self.tasks, self.blobs, self.states, self.agents, self.clock, self.switches
        )

    def reopened(self) -> World:
        self.database.close()
        return World(self.data)

    def close(self) -> None:
        self.database.close()

    def blobs_container(self) -> str:
        """Return the container of the registry's blobs."""
        return container_of(self.registry.key)

    def task(self, name: str = "task1", **properties: Any) -> dict[str, Any]:
        """Store an encoded task; return what PUT answers."""
        return self.tasks.create(self.registry, name, self.task_body(**properties))[0]

    def scheduled(self, **members: Any) -> str:
        """Schedule an encoded run; return its id."""
        run: dict[str, Any] = self.runs.schedule(self.registry, self.encoded_request(**members))
        return str(run["name"])

    @staticmethod
    def task_body(**properties: Any) -> dict[str, Any]:
        """Return the body of a PUT of an encoded task; arguments replace properties."""
        step = {"type": "EncodedTask", "encodedTaskContent": YAML}
        return {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": step, **properties}}

    @staticmethod
    def encoded_request(**members: Any) -> dict[str, Any]:
        """Return an EncodedTaskRunRequest; arguments replace members."""
        request = {"type": "EncodedTaskRunRequest", "encodedTaskContent": YAML, "platform": {"os": "Linux"}}
        return {**request, **members}


@pytest.fixture
def world_with(tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Make worlds with switches, given by their names in Python."""
    with ExitStack() as stack:

        def make(**switches: Any) -> World:
            data = tmp_path / f"world-{len(list(tmp_path.iterdir()))}"
            data.mkdir()
            world = World(data, **switches)
            stack.callback(world.close)
            return world

        yield make


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()
