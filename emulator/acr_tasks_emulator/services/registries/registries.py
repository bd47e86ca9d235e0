"""Registries: create or replace, update, show, delete."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.registries import bodies as registry_bodies
from acr_tasks_emulator.services.registries.resource_groups import ResourceGroupsService
from acr_tasks_emulator.services.sign_in import identities
from acr_tasks_emulator.settings import (
    REGISTRY_NAME,
    RESOURCE_GROUP_NAME,
    SUBSCRIPTION_ID,
    RegistrySetting,
    normal_location,
)
from acr_tasks_emulator.store.registries import RegistryRow, RegistryStore, registry_id

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


class RegistriesService:
    """The registries of this emulator, found by the parts of their resource id without case.

    A name belongs to one registry in all subscriptions and groups: in Azure it is part of a host name.
    """

    def __init__(
        self,
        store: RegistryStore,
        groups: ResourceGroupsService,
        clock: Clock,
        login_server: str,
        token: str | None = None,
    ) -> None:
        """login_server: `host:port`, the same for every registry of an emulator. token: the one of the settings."""
        self.store = store
        self._groups = groups
        self._clock = clock
        self.login_server = login_server
        self._token = token

    def open(self, wanted: Iterable[RegistrySetting]) -> None:
        """Create the wanted registries beside those of the folder, or the default one when there would be none.

        Raises SettingsError when a registry of the folder has another group or location than wanted.
        """
        rows = self.all()
        for row in rows:
            self._groups.ensure(row.subscription_id, row.resource_group_name, row.location)
        for setting in list(wanted) or ([] if rows else [RegistrySetting(REGISTRY_NAME)]):
            known = self.named(setting.name)
            if known is None:
                self._groups.ensure(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, setting.location)
                self._add(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, setting.name, setting.location, {})
                continue
            if known.key != registry_id(SUBSCRIPTION_ID, RESOURCE_GROUP_NAME, setting.name).lower():
                raise SettingsError(f"The name {setting.name} belongs to another registry of this data folder.")
            if known.location != setting.location:
                raise SettingsError(
                    f"Registry {setting.name} of this data folder lives in {known.location}; "
                    f"it cannot move to {setting.location}."
                )

    def all(self) -> list[RegistryRow]:
        """Return every registry, in the order of their names."""
        return self.store.all()

    def within(self, subscription_id: str, resource_group_name: str | None = None) -> list[RegistryRow]:
        """Return the registries of a subscription or of one group of it, by name. Raises ServiceError."""
        self._groups.check_subscription(subscription_id)
        rows = [row for row in self.all() if row.subscription_id.lower() == subscription_id.lower()]
        if resource_group_name is None:
            return rows
        group = self._groups.find(subscription_id, resource_group_name)
        return [row for row in rows if row.resource_group_name.lower() == group.name.lower()]

    def find(self, subscription_id: str, resource_group_name: str, name: str) -> RegistryRow:
        """Return a registry. Raises ServiceError, which names the first missing part of the id."""
        row = self.store.get(registry_id(subscription_id, resource_group_name, name).lower())
        if row is not None:
            return row
        self._groups.find(subscription_id, resource_group_name)
        raise errors.REGISTRY_NOT_FOUND(resource=name, group=resource_group_name)

    def named(self, name: str) -> RegistryRow | None:
        """Return the registry of that name, or None."""
        return self.store.named(name)

    def put(self, subscription_id: str, resource_group_name: str, name: str, body: Any) -> tuple[RegistryRow, bool]:
        """Create a registry or replace its members; tell whether it is new. Raises ServiceError."""
        registry_bodies.check_name(name)
        location, document = registry_bodies.whole(body)
        location = normal_location(location)
        group = self._groups.find(subscription_id, resource_group_name)
        old = self.named(name)
        if old is None:
            return self._add(group.subscription_id, group.name, name, location, document), True
        if old.key != registry_id(subscription_id, resource_group_name, name).lower():
            raise errors.REGISTRY_NAME_IN_USE(name=name.lower())
        if old.location != location:
            raise errors.RESOURCE_ELSEWHERE(resource=old.name, location=old.location, group=group.name, wanted=location)
        return self._change(old, document), False

    def update(self, row: RegistryRow, body: Any) -> RegistryRow:
        """Change the sent members of a registry. Raises ServiceError."""
        sent = registry_bodies.update(body)
        with self.store.transaction():
            row = self.store.get(row.key) or row  # another request may have changed it while the body was read
            return self._change(row, registry_bodies.merged(row.document, sent))

    def name_availability(self, body: Any) -> dict[str, Any]:
        """Tell whether a name is valid and free. Raises ServiceError."""
        name, kind = (body.get("name"), body.get("type")) if isinstance(body, dict) else (None, None)
        if not isinstance(name, str) or str(kind).lower() != registry_bodies.RESOURCE_TYPE.lower():
            raise errors.INVALID_REQUEST_CONTENT(
                problem=f"name, and {registry_bodies.RESOURCE_TYPE} as type, are required"
            )
        try:
            registry_bodies.check_name(name)
        except errors.ServiceError as error:
            return {"nameAvailable": False, "reason": "Invalid", "message": error.message}
        if self.named(name) is not None:
            message = f"The registry {name} is already in use."
            return {"nameAvailable": False, "reason": "AlreadyExists", "message": message}
        return {"nameAvailable": True}

    def show(self, row: RegistryRow) -> dict[str, Any]:
        """Return a registry as Resource Manager shows it under any api-version."""
        document = row.document
        shown = {
            "type": registry_bodies.RESOURCE_TYPE,
            "id": row.id,
            "name": row.name,
            "location": row.location,
            "tags": document.get("tags", {}),
            "sku": document.get("sku", {"name": "Standard", "tier": "Standard"}),
            "properties": {
                "loginServer": self.login_server,
                "creationDate": row.creation_date,
                "provisioningState": "Succeeded",
                **registry_bodies.merged_properties(registry_bodies.PROPERTIES, document.get("properties", {})),
            },
        }
        if "identity" in document:
            shown["identity"] = identities.complete(document["identity"], row.id)
        return shown

    def credentials(self, row: RegistryRow) -> dict[str, Any]:
        """Return name and passwords of the admin user, for docker. Raises ServiceError when it is not enabled.

        Both passwords are the token that callers must show: the emulator accepts no other. Without one, each is made
        of the data folder's key.
        """
        if row.document.get("properties", {}).get("adminUserEnabled") is not True:
            raise errors.ADMIN_USER_DISABLED(resource=row.id)
        passwords = []
        for name in ("password", "password2"):
            text = f"{row.key}/{row.creation_date}/{name}".encode()
            value = self._token or hmac.new(self.store.key(), text, hashlib.sha256).hexdigest()
            passwords.append({"name": name, "value": value})
        return {"username": row.name, "passwords": passwords}

    def _add(self, subscription_id: str, group: str, name: str, location: str, document: dict[str, Any]) -> RegistryRow:
        key = registry_id(subscription_id, group, name).lower()
        row = RegistryRow(
            key=key,
            subscription_id=subscription_id,
            resource_group_name=group,
            name=name,
            location=location,
            run_prefix=_free_prefix(key, self.store.run_prefixes()),
            creation_date=round_trip(self._clock.now()),
            document=document,
        )
        self.store.add(row)
        return row

    def _change(self, row: RegistryRow, document: dict[str, Any]) -> RegistryRow:
        if not self.store.change(row.key, document):  # another request may have removed it
            raise errors.REGISTRY_NOT_FOUND(resource=row.name, group=row.resource_group_name)
        return replace(row, document=document)


def _free_prefix(key: str, taken: set[str]) -> str:
    """Return two letters, derived from the registry's id, that no other registry has: they make run ids unique."""
    start = int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big")
    for offset in range(26 * 26):
        # Most ids seen begin with c; the other letters follow when those are taken.
        first, second = divmod((start % 26 + offset) % (26 * 26), 26)
        prefix = _LETTERS[(2 + first) % 26] + _LETTERS[second]
        if prefix not in taken:
            return prefix
    raise errors.REGISTRY_QUOTA_EXCEEDED(limit=26 * 26)
