"""Task documents, by registry and name without case."""

from __future__ import annotations

import json
from typing import Any

from acr_tasks_emulator.store.database import Database

Document = dict[str, Any]


class TaskStore:
    """A store of the tasks of all registries. A document is a Task in ARM's spelling, secrets in clear."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    def get(self, registry: str, name: str) -> Document | None:
        """Return a task, or None."""
        row = self._database.row("SELECT document FROM task WHERE registry = ? AND key = ?", registry, name.lower())
        return None if row is None else json.loads(row[0])

    def put(self, registry: str, name: str, document: Document) -> None:
        """Store a task, or replace the one of the same name."""
        self._database.execute(
            "INSERT INTO task (registry, key, document) VALUES (?, ?, ?)"
            " ON CONFLICT (registry, key) DO UPDATE SET document = excluded.document",
            registry,
            name.lower(),
            json.dumps(document),
        )

    def delete(self, registry: str, name: str) -> None:
        """Remove a task."""
        self._database.execute("DELETE FROM task WHERE registry = ? AND key = ?", registry, name.lower())

    def page(self, registry: str, after: str, limit: int, part: str = "") -> list[Document]:
        """Return at most `limit` tasks, by name, whose name in lower case comes after `after` and contains `part`."""
        rows = self._database.rows(
            "SELECT document FROM task WHERE registry = ? AND key > ? AND instr(key, ?) > 0 ORDER BY key LIMIT ?",
            registry,
            after,
            part.lower(),
            limit,
        )
        return [json.loads(row[0]) for row in rows]

    def count(self, registry: str) -> int:
        """Count the tasks of a registry."""
        row = self._database.row("SELECT count(*) FROM task WHERE registry = ?", registry)
        return 0 if row is None else int(row[0])

    def delete_all(self, registry: str) -> None:
        """Remove every task of a registry."""
        self._database.execute("DELETE FROM task WHERE registry = ?", registry)

    def clear(self) -> None:
        """Remove every task."""
        self._database.execute("DELETE FROM task")
