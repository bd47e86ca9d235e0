"""Removal of registries and groups with all they contain, and the reset to those of the start."""

from __future__ import annotations

from acr_tasks_emulator.services.registries.registries import RegistriesService
from acr_tasks_emulator.services.registries.resource_groups import ResourceGroupsService
from acr_tasks_emulator.services.runs.runs import RunsService
from acr_tasks_emulator.services.tasks.tasks import TasksService
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.resource_groups import ResourceGroupRow


class Removal:
    """A remover of registries and groups. A registry goes in one transaction, so that a crash leaves no parts of it."""

    def __init__(
        self, registries: RegistriesService, groups: ResourceGroupsService, tasks: TasksService, runs: RunsService
    ) -> None:
        self._registries = registries
        self._groups = groups
        self._tasks = tasks
        self._runs = runs
        self._first_registries = registries.all()
        self._first_groups = groups.store.all()

    def registry(self, row: RegistryRow) -> None:
        """Remove a registry with its tasks, runs and blobs; cancel the runs that have not ended.

        Images stay: all registries of an emulator share one store of them.
        """
        with self._registries.store.transaction():
            self._tasks.store.delete_all(row.key)
            under_way = self._runs.delete_all(row)
            self._registries.store.delete(row.key)
        self._runs.end_removed(row, under_way)

    def resource_group(self, row: ResourceGroupRow) -> None:
        """Remove a group and its registries."""
        for registry in self._registries.within(row.subscription_id, row.name):
            self.registry(registry)
        self._groups.store.delete(row.key)

    def reset(self) -> None:
        """Remove registries and groups that were made since the start, and restore the others."""
        registries, groups = {row.key for row in self._first_registries}, {row.key for row in self._first_groups}
        for registry in self._registries.all():
            if registry.key not in registries:
                self.registry(registry)
        for group in self._groups.store.all():
            if group.key not in groups:
                self._groups.store.delete(group.key)
        for group in self._first_groups:
            self._groups.store.put(group)
        for registry in self._first_registries:
            store = self._registries.store
            if not store.change(registry.key, registry.document):
                store.add(registry)
