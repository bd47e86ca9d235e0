"""The database of a data folder: one SQLite file in WAL mode, one connection, one lock."""

from __future__ import annotations

import errno
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_FIRST = """
CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE registry (
    key TEXT PRIMARY KEY, subscription_id TEXT NOT NULL, resource_group_name TEXT NOT NULL, name TEXT NOT NULL,
    location TEXT NOT NULL, run_prefix TEXT NOT NULL UNIQUE, run_count INTEGER NOT NULL, creation_date TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE task (
    registry TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL, PRIMARY KEY (registry, key)
) WITHOUT ROWID;
CREATE TABLE run (
    run_id TEXT PRIMARY KEY, registry TEXT NOT NULL, number INTEGER NOT NULL, status TEXT NOT NULL,
    document TEXT NOT NULL, job TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX run_by_number ON run (registry, number);
CREATE INDEX run_by_status ON run (status);
CREATE TABLE blob (
    container TEXT NOT NULL, name TEXT NOT NULL, blob_type TEXT NOT NULL, content_type TEXT NOT NULL,
    metadata TEXT NOT NULL, creation_time TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (container, name)
) WITHOUT ROWID;
"""
_NEIGHBOURHOOD = """
ALTER TABLE registry ADD COLUMN document TEXT NOT NULL DEFAULT '{}';
CREATE TABLE retired_prefix (run_prefix TEXT PRIMARY KEY, run_count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE subscription (subscription_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE resource_group (
    key TEXT PRIMARY KEY, subscription_id TEXT NOT NULL, name TEXT NOT NULL, location TEXT NOT NULL,
    document TEXT NOT NULL
) WITHOUT ROWID;
"""
TASK_OF_RUN = "json_extract(document, '$.properties.task')"
_RUNS_OF_TASKS = f"CREATE INDEX run_by_task ON run (registry, {TASK_OF_RUN}, number)"
# The migration at index n brings a database from schema version n to n + 1. A released migration never changes.
MIGRATIONS = (_FIRST, _NEIGHBOURHOOD, _RUNS_OF_TASKS)
SCHEMA_VERSION = len(MIGRATIONS)


_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class DatabaseError(Exception):
    """A database that cannot be used; the text is a sentence with the reason."""


class StorageFullError(OSError):
    """A write that failed because the disk is full; no part of it is kept."""

    def __init__(self) -> None:
        super().__init__(errno.ENOSPC, "no room is left for what was to be written")


@contextmanager
def full_disk_as_error() -> Iterator[None]:
    """Raise StorageFullError in place of what Python and SQLite raise for a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise StorageFullError from error
        raise
    except sqlite3.OperationalError as error:
        if "database or disk is full" in str(error):  # its number is known from Python 3.11 on
            raise StorageFullError from error
        raise


class Database:
    """A database that survives `kill -9`: every commit is in the write-ahead log before it is acknowledged.

    All threads share one connection under one lock, so that no transaction finds the database busy. Transactions take
    less than a millisecond, so that the event loop may run them itself.
    """

    def __init__(self, path: Path) -> None:
        """Open or create the file. Raises DatabaseError when it is damaged, foreign or of a newer version."""
        self._lock = threading.RLock()
        self._depth = 0
        try:
            _make_private(path)
            self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            # NORMAL loses nothing when the process dies, only when the machine does.
            self._connection.execute("PRAGMA synchronous = NORMAL")
            # Removed rows may hold secrets: their place in the file is overwritten.
            self._connection.execute("PRAGMA secure_delete = ON")
            self._migrate(path)
        except (sqlite3.Error, OSError, StorageFullError) as error:
            raise DatabaseError(f"The database {path} cannot be used: {error}.") from error

    def _migrate(self, path: Path) -> None:
        with self.transaction():
            version = self._connection.execute("PRAGMA user_version").fetchone()[0]
            if version > SCHEMA_VERSION:
                raise DatabaseError(
                    f"The database {path} was written by a newer version of the emulator (its schema is {version}, "
                    f"this one's {SCHEMA_VERSION}): use that version, or another folder."
                )
            for migration in MIGRATIONS[version:]:
                for statement in migration.split(";"):
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run a block as one transaction; an exception rolls it back. A nested one belongs to the outer one.

        Raises StorageFullError.
        """
        with self._lock, full_disk_as_error():
            if self._depth == 0:
                self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._connection.execute("COMMIT")
            except BaseException:
                if self._depth == 1 and self._connection.in_transaction:  # SQLite may have rolled it back itself
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def execute(self, statement: str, *values: Any) -> int:
        """Run one writing statement; return how many rows it changed. Raises StorageFullError."""
        with self._lock, full_disk_as_error():
            return self._connection.execute(statement, values).rowcount

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, *values: Any) -> sqlite3.Row | None:
        """Return the first row of a query, or None."""
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(query, values).fetchone()
            return row

    def close(self) -> None:
        """Write the log back into the file and close it."""
        with self._lock:
            self._connection.close()


def _make_private(path: Path) -> None:
    """Make the file readable for its owner alone, and those that SQLite makes beside it: tasks hold secrets."""
    with path.open("ab"):
        path.chmod(0o600)
