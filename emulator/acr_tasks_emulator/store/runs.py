"""Run documents, numbered by registry."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.store.database import TASK_OF_RUN, Database

Document = dict[str, Any]
BATCH = 200


@dataclass(frozen=True)
class RunRow:
    """A run as stored. `document`: a Run in ARM's spelling. `job`: what an agent needs, secrets in clear."""

    run_id: str
    registry: str
    number: int
    document: Document
    job: Document

    @property
    def status(self) -> str:
        return str(self.document["properties"]["status"])


class RunStore:
    """A store of the runs of all registries. Run ids are unique in a data folder."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.transaction = database.transaction

    def add(self, run: RunRow) -> None:
        """Store a new run."""
        self._database.execute(
            "INSERT INTO run (run_id, registry, number, status, document, job) VALUES (?, ?, ?, ?, ?, ?)",
            run.run_id,
            run.registry,
            run.number,
            run.status,
            json.dumps(run.document),
            json.dumps(run.job),
        )

    def get(self, run_id: str) -> RunRow | None:
        """Return a run by its id, compared without case, or None."""
        row = self._database.row("SELECT * FROM run WHERE run_id = ?", run_id.lower())
        return None if row is None else _run(row)

    def change(self, run_id: str, edit: Callable[[RunRow], bool]) -> RunRow | None:
        """Call `edit`, which changes document and job in place and returns whether to store them, in one transaction.

        Return the changed run, or None when it does not exist.
        """
        with self._database.transaction():
            run = self.get(run_id)
            if run is not None and edit(run):
                self._database.execute(
                    "UPDATE run SET status = ?, document = ?, job = ? WHERE run_id = ?",
                    run.status,
                    json.dumps(run.document),
                    json.dumps(run.job),
                    run.run_id,
                )
            return run

    def newest(self, registry: str, before: int | None = None) -> Iterator[RunRow]:
        """Yield a registry's runs, newest first, of numbers below `before`; read them in batches to bound memory."""
        number = before if before is not None else 2**62
        while True:
            rows = self._database.rows(
                "SELECT * FROM run WHERE registry = ? AND number < ? ORDER BY number DESC LIMIT ?",
                registry,
                number,
                BATCH,
            )
            yield from map(_run, rows)
            if len(rows) < BATCH:
                return
            number = rows[-1]["number"]

    def newest_of_task(self, registry: str, task: str, before: int | None, limit: int) -> list[RunRow]:
        """Return the newest runs of a task, its name as the run spells it, of numbers below `before`."""
        query = f"SELECT * FROM run WHERE registry = ? AND {TASK_OF_RUN} = ? AND number < ?"  # noqa: S608 - a constant
        query += " ORDER BY number DESC LIMIT ?"
        number = before if before is not None else 2**62
        return [_run(row) for row in self._database.rows(query, registry, task, number, limit)]

    def with_status(self, *statuses: str) -> list[RunRow]:
        """Return the runs in these states, oldest first."""
        marks = ", ".join("?" * len(statuses))
        return [
            _run(row)
            for row in self._database.rows(
                f"SELECT * FROM run WHERE status IN ({marks}) ORDER BY registry, number",  # noqa: S608 - only marks
                *statuses,
            )
        ]

    def count(self, *statuses: str) -> int:
        """Count the runs in these states."""
        query = f"SELECT count(*) FROM run WHERE status IN ({', '.join('?' * len(statuses))})"  # noqa: S608 - only marks
        row = self._database.row(query, *statuses)
        return 0 if row is None else int(row[0])

    def delete_all(self, registry: str) -> None:
        """Remove every run of a registry."""
        self._database.execute("DELETE FROM run WHERE registry = ?", registry)

    def clear(self) -> None:
        """Remove every run; the counters continue, so that no run id is used twice."""
        self._database.execute("DELETE FROM run")


def _run(row: sqlite3.Row) -> RunRow:
    return RunRow(row["run_id"], row["registry"], row["number"], json.loads(row["document"]), json.loads(row["job"]))
