"""Registries, and the key of the data folder."""

from __future__ import annotations

import base64
import json
import secrets
import sqlite3
from dataclasses import dataclass, field
from typing import Any

from acr_tasks_emulator.store.database import Database


@dataclass(frozen=True)
class RegistryRow:
    """A registry as stored. `key` is its resource id in lower case; `run_prefix` begins its run ids.

    `document` has the members that callers have set: `tags`, `sku`, `identity` and `properties`.
    """

    key: str
    subscription_id: str
    resource_group_name: str
    name: str
    location: str
    run_prefix: str
    creation_date: str
    document: dict[str, Any] = field(default_factory=dict, hash=False)

    @property
    def id(self) -> str:
        """Return the registry's ARM id."""
        return registry_id(self.subscription_id, self.resource_group_name, self.name)


def registry_id(subscription_id: str, resource_group_name: str, name: str) -> str:
    """Return the ARM id of the registry with that name."""
    return (
        f"/subscriptions/{subscription_id}/resourceGroups/{resource_group_name}"
        f"/providers/Microsoft.ContainerRegistry/registries/{name}"
    )


class RegistryStore:
    """A store of registries, and of the data folder's key."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    def all(self) -> list[RegistryRow]:
        """Return every registry, by name without case."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM registry ORDER BY lower(name)")  # noqa: S608 - a constant
        return [_registry(row) for row in rows]

    def get(self, key: str) -> RegistryRow | None:
        """Return a registry, or None."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM registry WHERE key = ?", key)  # noqa: S608 - a constant
        return None if row is None else _registry(row)

    def named(self, name: str) -> RegistryRow | None:
        """Return the registry of that name without case, or None."""
        query = f"SELECT {_COLUMNS} FROM registry WHERE lower(name) = lower(?)"  # noqa: S608 - a constant
        row = self._database.row(query, name)
        return None if row is None else _registry(row)

    def run_prefixes(self) -> set[str]:
        """Return the prefixes of all registries."""
        return {row[0] for row in self._database.rows("SELECT run_prefix FROM registry")}

    def add(self, registry: RegistryRow) -> None:
        """Store a new, empty registry.

        Its run counter begins at 0, or continues that of a removed registry with the same prefix: no run id is used
        twice.
        """
        with self._database.transaction():
            # A request during the removal of a registry of the same name may have left a task.
            self._database.execute("DELETE FROM task WHERE registry = ?", registry.key)
            self._insert(registry)

    def _insert(self, registry: RegistryRow) -> None:
        self._database.execute(
            "INSERT INTO registry (key, subscription_id, resource_group_name, name, location, run_prefix, run_count,"
            " creation_date, document) VALUES (?, ?, ?, ?, ?, ?, coalesce((SELECT run_count FROM retired_prefix"
            " WHERE run_prefix = ?), 0), ?, ?)",
            registry.key,
            registry.subscription_id,
            registry.resource_group_name,
            registry.name,
            registry.location,
            registry.run_prefix,
            registry.run_prefix,
            registry.creation_date,
            json.dumps(registry.document),
        )

    def change(self, key: str, document: dict[str, Any]) -> bool:
        """Replace the members that callers have set; tell whether the registry exists."""
        query = "UPDATE registry SET document = ? WHERE key = ?"
        return self._database.execute(query, json.dumps(document), key) > 0

    def delete(self, key: str) -> None:
        """Remove a registry; its run counter is kept."""
        with self._database.transaction():
            self._database.execute(
                "INSERT INTO retired_prefix (run_prefix, run_count) SELECT run_prefix, run_count FROM registry"
                " WHERE key = ? ON CONFLICT (run_prefix) DO UPDATE SET run_count = excluded.run_count",
                key,
            )
            self._database.execute("DELETE FROM registry WHERE key = ?", key)

    def next_run_number(self, key: str) -> int:
        """Count one more run of a registry; return its number, from 1, which is never used again."""
        with self._database.transaction():
            self._database.execute("UPDATE registry SET run_count = run_count + 1 WHERE key = ?", key)
            row = self._database.row("SELECT run_count FROM registry WHERE key = ?", key)
            if row is None:
                raise LookupError(f"no registry {key}")
            return int(row[0])

    def key(self) -> bytes:
        """Return the folder's secret key, with which links and tokens are signed; the first call makes it."""
        with self._database.transaction():
            row = self._database.row("SELECT value FROM setting WHERE name = 'sasKey'")
            if row is not None:
                return base64.b64decode(row[0])
            key = secrets.token_bytes(32)
            encoded = base64.b64encode(key).decode()
            self._database.execute("INSERT INTO setting (name, value) VALUES ('sasKey', ?)", encoded)
            return key


_COLUMNS = "key, subscription_id, resource_group_name, name, location, run_prefix, creation_date, document"


def _registry(row: sqlite3.Row) -> RegistryRow:
    return RegistryRow(**{**dict(row), "document": json.loads(row["document"])})
