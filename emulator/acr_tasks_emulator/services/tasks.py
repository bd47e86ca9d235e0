"""Tasks: create or replace, update, show, delete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.services import bodies, errors, identities, rules
from acr_tasks_emulator.services.masking import masked
from acr_tasks_emulator.services.merge import merged_task
from acr_tasks_emulator.services.registries import id_of
from acr_tasks_emulator.settings import normal_location
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.tasks import TaskStore

PAGE_SIZE = 100
CALLER = "user@emulator.local"
Task = dict[str, Any]


@dataclass(frozen=True)
class TaskPage:
    """A page of a list and the name to go on after, None at the end."""

    tasks: list[Task]
    after: str | None


class TasksService:
    """The six operations on tasks. Every answer but `get_details` is masked."""

    def __init__(self, store: TaskStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def create(self, registry: RegistryRow, name: str, body: Any) -> Task:
        """Store a task in place of any of that name; return it. Raises ServiceError."""
        rules.check_task_name(name)
        sent = bodies.whole_task(body)
        _check_location(registry, sent.get("location"))
        properties = {"status": "Enabled", "timeout": 3600, **sent.get("properties", {})}
        rules.check_task(properties, "taskCreateParameters")
        with self._store.transaction():
            old = self._store.get(registry.key, name)
            task = self._document(registry, old["name"] if old else name, {**sent, "properties": properties}, old)
            self._store.put(registry.key, name, task)
        return masked(task)

    def update(self, registry: RegistryRow, name: str, body: Any) -> Task:
        """Merge an update into a task; return it. Raises ServiceError."""
        sent = bodies.task_update(body)
        with self._store.transaction():
            old = self._stored(registry, name)
            # Read once more as a whole task: the order of members and the defaults of what is new come from there.
            whole = bodies.whole_task(merged_task(old, sent))
            rules.check_task(whole["properties"], "taskUpdateParameters")
            task = self._document(registry, old["name"], whole, old)
            self._store.put(registry.key, name, task)
        return masked(task)

    def get(self, registry: RegistryRow, name: str) -> Task:
        """Return a task. Raises ServiceError."""
        return masked(self._stored(registry, name))

    def get_details(self, registry: RegistryRow, name: str) -> Task:
        """Return a task with every secret in clear. Raises ServiceError."""
        return self._stored(registry, name)

    def list(self, registry: RegistryRow, after: str = "") -> TaskPage:
        """Return a page of a registry's tasks, by name."""
        tasks = self._store.page(registry.key, after, PAGE_SIZE + 1)
        rest = tasks[PAGE_SIZE - 1]["name"].lower() if len(tasks) > PAGE_SIZE else None
        return TaskPage([masked(task) for task in tasks[:PAGE_SIZE]], rest)

    def delete(self, registry: RegistryRow, name: str) -> bool:
        """Remove a task; tell whether there was one."""
        return self._store.delete(registry.key, name)

    def clear(self) -> None:
        """Remove every task of every registry."""
        self._store.clear()

    def _stored(self, registry: RegistryRow, name: str) -> Task:
        task = self._store.get(registry.key, name)
        if task is None:
            raise errors.TASK_NOT_FOUND(resource=f"{registry.name}/tasks/{name}", group=registry.resource_group_name)
        return task

    def _document(self, registry: RegistryRow, name: str, sent: Task, old: Task | None) -> Task:
        now = round_trip(self._clock.now())
        resource_id = f"{id_of(registry)}/tasks/{name}"
        created = old["systemData"] if old else {"createdBy": CALLER, "createdByType": "User", "createdAt": now}
        properties = sent["properties"]
        task: Task = {"type": "Microsoft.ContainerRegistry/registries/tasks"}
        if sent.get("identity"):
            task["identity"] = identities.complete(sent["identity"], resource_id)
        task["properties"] = {
            "provisioningState": "Succeeded",
            "creationDate": old["properties"]["creationDate"] if old else now,
            **{key: properties[key] for key in _ORDER if properties.get(key) not in (None, {})},
        }
        task |= {"id": resource_id, "name": name, "location": registry.location}
        if sent.get("tags") is not None:
            task["tags"] = sent["tags"]
        task["systemData"] = {
            **{key: created[key] for key in ("createdBy", "createdByType", "createdAt")},
            "lastModifiedBy": CALLER,
            "lastModifiedByType": "User",
            "lastModifiedAt": now,
        }
        return task


# An empty object among these, such as `credentials: {}`, is not stored.
_ORDER = ("status", "platform", "agentConfiguration", "timeout", "step", "trigger", "credentials")


def _check_location(registry: RegistryRow, location: str | None) -> None:
    if not location:
        raise errors.LOCATION_REQUIRED()
    if normal_location(location) != registry.location:
        # The service then complains that it cannot find the registry (facts section 3.3).
        raise errors.REGISTRY_NOT_FOUND(resource=registry.name, group=registry.resource_group_name)
