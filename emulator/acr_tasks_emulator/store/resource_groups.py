"""Resource groups, and the subscriptions that have had one."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from acr_tasks_emulator.store.database import Database


@dataclass(frozen=True)
class ResourceGroupRow:
    """A resource group as stored. `key` is its resource id in lower case; `document` has `tags` and `managedBy`."""

    key: str
    subscription_id: str
    name: str
    location: str
    document: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def id(self) -> str:
        """Return the group's ARM id."""
        return group_id(self.subscription_id, self.name)


def group_id(subscription_id: str, name: str) -> str:
    """Return the ARM id of the group with that name."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{name}"


class ResourceGroupStore:
    """A store of resource groups, and of the subscriptions that have ever had one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[ResourceGroupRow]:
        """Return every group, by name."""
        rows = self._database.rows("SELECT key, subscription_id, name, location, document FROM resource_group")
        groups = [ResourceGroupRow(**{**dict(row), "document": json.loads(row["document"])}) for row in rows]
        return sorted(groups, key=lambda row: row.name.lower())

    def get(self, key: str) -> ResourceGroupRow | None:
        """Return a group, or None."""
        return next((row for row in self.all() if row.key == key), None)

    def put(self, group: ResourceGroupRow) -> None:
        """Store or replace a group; its subscription exists from now on."""
        with self._database.transaction():
            self._database.execute(
                "INSERT OR REPLACE INTO resource_group (key, subscription_id, name, location, document)"
                " VALUES (?, ?, ?, ?, ?)",
                group.key,
                group.subscription_id,
                group.name,
                group.location,
                json.dumps(group.document),
            )
            self._database.execute(
                "INSERT OR IGNORE INTO subscription (subscription_id) VALUES (?)", group.subscription_id.lower()
            )

    def delete(self, key: str) -> None:
        """Remove a group."""
        self._database.execute("DELETE FROM resource_group WHERE key = ?", key)

    def subscriptions(self) -> list[str]:
        """Return the ids of the subscriptions, in lower case."""
        return [row[0] for row in self._database.rows("SELECT subscription_id FROM subscription")]
