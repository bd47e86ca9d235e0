from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest

from acr_tasks_emulator.settings import RegistrySetting, SettingsError
from acr_tasks_emulator.store.blobs import BlobStore
from acr_tasks_emulator.store.database import SCHEMA_VERSION, Database, DatabaseError
from acr_tasks_emulator.store.tasks import TaskStore


def test_an_exception_rolls_a_transaction_back(tmp_path: Path) -> None:
    """Nested transactions are rolled back with it."""
    database = Database(tmp_path / "db.sqlite")
    tasks = TaskStore(database)

    def fail() -> None:
        with tasks.transaction():
            tasks.put("r", "outer", {})
            with tasks.transaction():
                tasks.put("r", "inner", {})
            raise LookupError("no")

    with pytest.raises(LookupError):
        fail()
    assert tasks.page("r", "", 10) == []
    database.close()


def test_threads_do_not_lose_each_others_changes(tmp_path: Path) -> None:
    """A read and the write that follows from it are one step."""
    database = Database(tmp_path / "db.sqlite")
    tasks = TaskStore(database)
    tasks.put("r", "count", {"value": 0})

    def count() -> None:
        for _ in range(50):
            with tasks.transaction():
                old = tasks.get("r", "count")
                assert old is not None
                tasks.put("r", "count", {"value": old["value"] + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tasks.get("r", "count") == {"value": 200}
    database.close()


def test_a_newer_or_foreign_file_is_refused(tmp_path: Path) -> None:
    """The file stays unchanged, and the error is a sentence."""
    newer, foreign = tmp_path / "newer.sqlite", tmp_path / "foreign.sqlite"
    connection = sqlite3.connect(newer)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    foreign.write_bytes(b"this is not a database" * 100)
    with pytest.raises(DatabaseError, match="newer version"):
        Database(newer)
    with pytest.raises(DatabaseError, match="cannot be used"):
        Database(foreign)
    assert foreign.read_bytes() == b"this is not a database" * 100


def test_uploads_that_fail_leave_nothing(tmp_path: Path) -> None:
    """Neither an aborted upload nor a killed process leaves a file."""
    database = Database(tmp_path / "db.sqlite")
    blobs = BlobStore(tmp_path / "blobs", database)

    def fail() -> None:
        with blobs.upload() as (file, _):
            file.write(b"half")
            raise ConnectionError

    with pytest.raises(ConnectionError):
        fail()
    assert list((tmp_path / "blobs" / "uploads").iterdir()) == []
    (tmp_path / "blobs" / "uploads" / "left").write_bytes(b"of a killed process")
    BlobStore(tmp_path / "blobs", database)
    assert list((tmp_path / "blobs" / "uploads").iterdir()) == []
    database.close()


@pytest.mark.parametrize("name", ["../x", "../../etc/passwd", "/etc/passwd", "a/../../../x"])
def test_no_name_leaves_the_folder(tmp_path: Path, name: str) -> None:
    """No blob's name leads outside of the blob folder."""
    database = Database(tmp_path / "db.sqlite")
    blobs = BlobStore(tmp_path / "blobs", database)
    with pytest.raises(ValueError, match="not the name of a blob"):
        blobs.create_append_blob("box", name, "text/plain", "")
    database.close()


def test_registries_stay_in_their_folder(tmp_path: Path) -> None:
    """A later start finds registries unchanged, whether it names them or not, and refuses to move one."""
    from tests.unit.emulator.conftest import World

    first = World(tmp_path, "first", "second:westus")
    creation_date = first.registries.all()[1].creation_date
    first.close()
    again = World(tmp_path, "third")
    assert [row.name for row in again.registries.all()] == ["first", "second", "third"]
    assert len({row.run_prefix for row in again.registries.all()}) == 3
    assert again.registries.all()[1].creation_date == creation_date
    with pytest.raises(SettingsError, match="lives in westus"):
        again.registries.open([RegistrySetting("second", "eastus")])
    again.close()
    default = World(tmp_path)
    assert len(default.registries.all()) == 3
    default.close()
