"""Tasks: create or replace, update, show, delete."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.services import bodies, errors
from acr_tasks_emulator.services.conditions import refusals
from acr_tasks_emulator.services.conditions.refusals import CALLER
from acr_tasks_emulator.services.registries.registries import id_of
from acr_tasks_emulator.services.sign_in import identities
from acr_tasks_emulator.services.tasks import dependencies, rules
from acr_tasks_emulator.services.tasks.masking import detailed, masked
from acr_tasks_emulator.services.tasks.merge import merged_task
from acr_tasks_emulator.services.versions import STABLE, SUPPORTED, ApiVersion
from acr_tasks_emulator.settings import normal_location
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.tasks import TaskStore
from acr_tasks_emulator.switches import Switches

Task = dict[str, Any]
# How many tasks' answers are kept, a few kilobytes each.
_REMEMBERED = 4000


@dataclass(frozen=True)
class TaskPage:
    """A page of a list and the name to go on after, None at the end."""

    tasks: list[Task]
    after: str | None


@dataclass(frozen=True)
class TextPage:
    """A page of a list, each task in JSON, and the name to go on after, None at the end."""

    texts: list[str]
    after: str | None


class TasksService:
    """The six operations on tasks. Every answer but `get_details` is masked."""

    def __init__(self, store: TaskStore, clock: Clock, switches: Switches) -> None:
        self._store = store
        self._clock = clock
        self._switches = switches
        self._shown = lru_cache(maxsize=_REMEMBERED)(self._text)

    def create(self, registry: RegistryRow, name: str, body: Any, version: ApiVersion = STABLE) -> Task:
        """Store a task in place of any of that name; return it. Raises ServiceError."""
        rules.check_task_name(name)
        refusals.check_change_of_task(self._switches, registry)
        sent = bodies.whole_task(body, self._switches, version)
        _check_location(registry, sent.get("location"))
        properties = {"status": "Enabled", "timeout": 3600, **sent.get("properties", {})}
        rules.check_task(properties, "taskCreateParameters", self._switches)
        refusals.check_webhooks(self._switches, properties)
        with self._store.transaction():
            old = self._store.get(registry.key, name)
            kept = old if self._switches.replace_creation_date == "kept" else None
            task = self._document(
                registry,
                old["name"] if old else name,
                {**sent, "properties": properties},
                old,
                kept["properties"]["creationDate"] if kept else None,
            )
            self._store.put(registry.key, name, task)
        return masked(task, self._switches)

    def update(self, registry: RegistryRow, name: str, body: Any, version: ApiVersion = STABLE) -> Task:
        """Merge an update into a task; return it. Raises ServiceError."""
        refusals.check_change_of_task(self._switches, registry)
        sent = bodies.task_update(body, self._switches, version)
        with self._store.transaction():
            old = self.stored(registry, name)
            # Read once more as a whole task: the order of members and the defaults of what is new come from there.
            whole = bodies.whole_task(merged_task(old, sent, self._switches), self._switches)
            rules.check_task(whole["properties"], "taskUpdateParameters", self._switches)
            refusals.check_webhooks(self._switches, sent.get("properties") or {})
            task = self._document(registry, old["name"], whole, old, old["properties"]["creationDate"])
            self._store.put(registry.key, name, task)
        return masked(task, self._switches)

    def get(self, registry: RegistryRow, name: str) -> Task:
        """Return a task. Raises ServiceError."""
        return masked(self.stored(registry, name), self._switches)

    def get_details(self, registry: RegistryRow, name: str) -> Task:
        """Return a task with every secret in clear. Raises ServiceError."""
        task = self.stored(registry, name)
        refusals.check_list_details(self._switches, registry, name)
        return detailed(task, self._switches)

    def list(self, registry: RegistryRow, after: str = "", part: str = "", page_size: int | None = None) -> TaskPage:
        """Return a page of a registry's tasks whose names contain `part`, by name."""
        size = page_size or self._switches.page_size
        tasks = self._store.page(registry.key, after, size + 1, part)
        rest = tasks[size - 1]["name"].lower() if len(tasks) > size else None
        return TaskPage([masked(task, self._switches) for task in tasks[:size]], rest)

    def list_texts(self, registry: RegistryRow, after: str = "", version: ApiVersion = STABLE) -> TextPage:
        """Return the same page as JSON texts, as a version shows it: what was shown before is not read again."""
        size = self._switches.page_size
        rows = self._store.page_texts(registry.key, after, size + 1)
        rest = rows[size - 1][0] if len(rows) > size else None
        return TextPage([self._shown(text, version.name) for _, text in rows[:size]], rest)

    def count(self, registry: RegistryRow) -> int:
        """Count the tasks of a registry."""
        return self._store.count(registry.key)

    def exists(self, registry: RegistryRow, name: str) -> bool:
        """Tell whether there is such a task."""
        return self._store.get(registry.key, name) is not None

    def delete(self, registry: RegistryRow, name: str) -> bool:
        """Remove a task; tell whether there was one."""
        return self._store.delete(registry.key, name)

    def delete_all(self, registry: RegistryRow) -> None:
        """Remove every task of a registry."""
        self._store.delete_all(registry.key)

    def clear(self) -> None:
        """Remove every task of every registry."""
        self._store.clear()

    def shown(self, task: Task, version: ApiVersion) -> Task:
        """Return what a version shows of a task; members of others when the switches keep what is not known."""
        return task if self._switches.unknown_members == "kept" else version.shown("Task", task)

    def stored(self, registry: RegistryRow, name: str) -> Task:
        """Return a task with every secret in clear, whatever the caller may see. Raises ServiceError."""
        task = self._store.get(registry.key, name)
        if task is None:
            not_found = errors.TASK_NOT_FOUND_AS[self._switches.missing_task_code]
            raise not_found(resource=f"{registry.name}/tasks/{name}", group=registry.resource_group_name)
        return task

    def _text(self, stored: str, version: str) -> str:
        return spell(self.shown(masked(json.loads(stored), self._switches), SUPPORTED[version]))

    def _document(self, registry: RegistryRow, name: str, sent: Task, old: Task | None, created: str | None) -> Task:
        now = round_trip(self._clock.now())
        resource_id = task_id(registry, name)
        author = old["systemData"] if old else {"createdBy": CALLER, "createdByType": "User", "createdAt": now}
        properties = sent["properties"]
        task: Task = {"type": "Microsoft.ContainerRegistry/registries/tasks"}
        if sent.get("identity"):
            task["identity"] = identities.complete(sent["identity"], resource_id)
        task["properties"] = {
            "provisioningState": "Succeeded",
            "creationDate": created or now,
            **{key: properties[key] for key in _ORDER if properties.get(key) not in (None, {})},
            **{key: value for key, value in properties.items() if key not in _ORDER},
        }
        task |= {"id": resource_id, "name": name, "location": registry.location}
        if old is not None and "step" in task["properties"] and "step" in old["properties"]:
            task["properties"]["step"] = dependencies.kept(task["properties"]["step"], old["properties"]["step"])
        if sent.get("tags") is not None:
            task["tags"] = sent["tags"]
        task |= {key: value for key, value in sent.items() if key not in _TOP}
        task["systemData"] = {
            **{key: author[key] for key in ("createdBy", "createdByType", "createdAt")},
            "lastModifiedBy": CALLER,
            "lastModifiedByType": "User",
            "lastModifiedAt": now,
        }
        return task


# An empty object among these, such as `credentials: {}`, is not stored. What stands in neither list is of a version
# that the emulator does not know; there is some when the switches keep it.
_ORDER = (
    *("status", "platform", "agentConfiguration", "agentPoolName", "timeout", "step", "trigger", "credentials"),
    *("logTemplate", "isSystemTask"),
)
_TOP = ("identity", "properties", "location", "tags")


def spell(content: Any) -> str:
    """Write JSON as the service does."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def task_id(registry: RegistryRow, name: str) -> str:
    """Return a task's ARM id."""
    return f"{id_of(registry)}/tasks/{name}"


def _check_location(registry: RegistryRow, location: str | None) -> None:
    if not location:
        raise errors.LOCATION_REQUIRED()
    if normal_location(location) != registry.location:
        # The service then complains that it cannot find the registry (facts section 3.3).
        raise errors.REGISTRY_NOT_FOUND(resource=registry.name, group=registry.resource_group_name)
