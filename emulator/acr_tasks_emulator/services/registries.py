"""The registries that this emulator has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.settings import (
    REGISTRY_NAME,
    RESOURCE_GROUP_NAME,
    SUBSCRIPTION_ID,
    RegistrySetting,
    SettingsError,
)
from acr_tasks_emulator.store.registries import RegistryRow, RegistryStore

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class RegistriesService:
    """Finds registries by the parts of their resource id, compared without case."""

    def __init__(self, store: RegistryStore, clock: Clock, login_server: str) -> None:
        """`login_server` is `host:port`, the same for every registry of an emulator."""
        self._store = store
        self._clock = clock
        self.login_server = login_server
        self._rows: dict[str, RegistryRow] = {}

    def open(self, wanted: Iterable[RegistrySetting]) -> None:
        """Make the wanted registries, beside those that the folder has; with none at all, the default one.

        Raises SettingsError when a registry of the folder lives elsewhere than wanted.
        """
        known = {row.key: row for row in self._store.all()}
        wanted = list(wanted) or ([] if known else [RegistrySetting(REGISTRY_NAME)])
        for setting in wanted:
            key = resource_id(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, setting.name).lower()
            if key in known:
                if known[key].location != setting.location:
                    raise SettingsError(
                        f"Registry {setting.name} of this data folder lives in {known[key].location}; "
                        f"it cannot move to {setting.location}."
                    )
                continue
            known[key] = RegistryRow(
                key=key,
                subscription_id=SUBSCRIPTION_ID,
                resource_group_name=RESOURCE_GROUP_NAME,
                name=setting.name,
                location=setting.location,
                run_prefix=_free_prefix(key, {row.run_prefix for row in known.values()}),
                creation_date=round_trip(self._clock.now()),
            )
            self._store.add(known[key])
        self._rows = known

    def all(self) -> list[RegistryRow]:
        """Return every registry, in the order of their names."""
        return sorted(self._rows.values(), key=lambda row: row.name.lower())

    def find(self, subscription_id: str, resource_group_name: str, name: str) -> RegistryRow:
        """Return a registry. Raises ServiceError: the first part that does not exist is what was not found."""
        row = self._rows.get(resource_id(subscription_id, resource_group_name, name).lower())
        if row is not None:
            return row
        rows = [row for row in self._rows.values() if row.subscription_id.lower() == subscription_id.lower()]
        if not rows:
            raise errors.SUBSCRIPTION_NOT_FOUND(subscription=subscription_id)
        if not any(row.resource_group_name.lower() == resource_group_name.lower() for row in rows):
            raise errors.RESOURCE_GROUP_NOT_FOUND(group=resource_group_name)
        raise errors.REGISTRY_NOT_FOUND(resource=name, group=resource_group_name)

    def by_key(self, key: str) -> RegistryRow:
        """Return the registry of a stored key. Raises KeyError."""
        return self._rows[key]

    def named(self, name: str) -> RegistryRow | None:
        """Return the registry of that name, or None."""
        return next((row for row in self._rows.values() if row.name.lower() == name.lower()), None)

    def show(self, row: RegistryRow) -> dict[str, Any]:
        """Return a registry as Resource Manager shows it under any api-version."""
        return {
            "type": "Microsoft.ContainerRegistry/registries",
            "id": id_of(row),
            "name": row.name,
            "location": row.location,
            "tags": {},
            "sku": {"name": "Standard", "tier": "Standard"},
            "properties": {
                "loginServer": self.login_server,
                "creationDate": row.creation_date,
                "provisioningState": "Succeeded",
                "adminUserEnabled": False,
            },
        }


def resource_id(subscription_id: str, resource_group_name: str, name: str) -> str:
    """Return a registry's ARM id."""
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        f"/providers/Microsoft.ContainerRegistry/registries/{name}"
    )


def id_of(row: RegistryRow) -> str:
    """Return the ARM id of a stored registry."""
    return resource_id(row.subscription_id, row.resource_group_name, row.name)


def _free_prefix(key: str, taken: set[str]) -> str:
    """Return two letters made of the registry's id that no other registry here has: run ids are then unique."""
    start = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    for offset in range(26 * 26):
        # Most ids seen begin with c; the others come into use when those are taken.
        first, second = divmod((start % 26 + offset) % (26 * 26), 26)
        prefix = _LETTERS[(2 + first) % 26] + _LETTERS[second]
        if prefix not in taken:
            return prefix
    raise SettingsError("More than 676 registries are not possible.")
