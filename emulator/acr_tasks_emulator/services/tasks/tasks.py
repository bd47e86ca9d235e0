"""Tasks: create or replace, update, show, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.services import bodies, errors
from acr_tasks_emulator.services.tasks import rules
from acr_tasks_emulator.services.tasks.documents import detailed, document, masked, of_version
from acr_tasks_emulator.services.tasks.merge import merged_task
from acr_tasks_emulator.services.versions import STABLE, ApiVersion
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.tasks import TaskStore
from acr_tasks_emulator.switches import Switches

Task = dict[str, Any]


@dataclass(frozen=True)
class TaskPage:
    """A page of a list and the name after which the next one begins, None at the end."""

    tasks: list[Task]
    after: str | None


class TasksService:
    """A service for the six operations on tasks. Every answer but that of `get_details` is masked."""

    def __init__(self, store: TaskStore, clock: Clock, switches: Switches) -> None:
        self.store = store
        self._clock = clock
        self._switches = switches

    def create(self, registry: RegistryRow, name: str, body: Any, version: ApiVersion = STABLE) -> tuple[Task, bool]:
        """Store a task in place of any of that name; return it, and whether it is new. Raises ServiceError."""
        rules.check_task_name(name)
        sent = bodies.whole_task(body, self._switches, version)
        rules.check_location(registry, sent.get("location"))
        properties = {"status": "Enabled", "timeout": 3600, **sent.get("properties", {})}
        rules.check_task(properties, "taskCreateParameters")
        with self.store.transaction():
            old = self.store.get(registry.key, name)
            now = round_trip(self._clock.now())
            keeps_date = old is not None and self._switches.replace_creation_date == "kept"
            created = old["properties"]["creationDate"] if old is not None and keeps_date else now
            name = old["name"] if old else name
            task = document(registry, name, {**sent, "properties": properties}, old, created, now)
            self.store.put(registry.key, name, task)
        return self._shown(task, version), old is None

    def update(self, registry: RegistryRow, name: str, body: Any, version: ApiVersion = STABLE) -> Task:
        """Merge an update into a task; return it. Raises ServiceError."""
        sent = bodies.task_update(body, self._switches, version)
        with self.store.transaction():
            old = self.stored(registry, name)
            merged = merged_task(old, sent, self._switches)
            rules.check_task(merged["properties"], "taskUpdateParameters")
            created, now = old["properties"]["creationDate"], round_trip(self._clock.now())
            task = document(registry, old["name"], merged, old, created, now)
            self.store.put(registry.key, name, task)
        return self._shown(task, version)

    def get(self, registry: RegistryRow, name: str, version: ApiVersion | None = None) -> Task:
        """Return a task, with the members of all versions when none is named. Raises ServiceError."""
        return self._shown(self.stored(registry, name), version)

    def get_details(self, registry: RegistryRow, name: str, version: ApiVersion | None = None) -> Task:
        """Return a task with every secret in clear. Raises ServiceError."""
        return of_version(detailed(self.stored(registry, name), self._switches), version, self._switches)

    def list(
        self,
        registry: RegistryRow,
        after: str = "",
        part: str = "",
        page_size: int | None = None,
        version: ApiVersion | None = None,
    ) -> TaskPage:
        """Return a page of a registry's tasks whose names contain `part`, by name."""
        size = page_size or self._switches.page_size
        tasks = self.store.page(registry.key, after, size + 1, part)
        rest = tasks[size - 1]["name"].lower() if len(tasks) > size else None
        return TaskPage([self._shown(task, version) for task in tasks[:size]], rest)

    def delete(self, registry: RegistryRow, name: str, version: ApiVersion | None = None) -> Task | None:
        """Remove a task and return it; None when there was no such task."""
        with self.store.transaction():
            task = self.store.get(registry.key, name)
            self.store.delete(registry.key, name)
        return None if task is None else self._shown(task, version)

    def stored(self, registry: RegistryRow, name: str) -> Task:
        """Return a task with every secret in clear, whatever the caller may see. Raises ServiceError."""
        task = self.store.get(registry.key, name)
        if task is None:
            raise errors.TASK_NOT_FOUND(resource=f"{registry.name}/tasks/{name}", group=registry.resource_group_name)
        return task

    def _shown(self, task: Task, version: ApiVersion | None) -> Task:
        return of_version(masked(task, self._switches), version, self._switches)
