"""A full disk: stored data stays, and work continues once there is room."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.unit.emulator.execution.test_agents import Recorder, Script, job

from acr_tasks_emulator.execution import agents as queue
from acr_tasks_emulator.execution.agents import Agents
from acr_tasks_emulator.execution.job import Outcome
from acr_tasks_emulator.store.blobs import BlobStore
from acr_tasks_emulator.store.database import Database, StorageFullError
from acr_tasks_emulator.store.tasks import TaskStore


def limit(database: Database, pages: int) -> None:
    """SQLite's own limit on pages, which it takes for a full disk."""
    database.rows(f"PRAGMA max_page_count = {pages}")


def test_a_transaction_without_room_is_rolled_back(tmp_path: Path) -> None:
    """All of it is rolled back, and the next transaction succeeds."""
    database = Database(tmp_path / "db.sqlite")
    tasks = TaskStore(database)
    tasks.put("r", "kept", {"text": "x"})
    limit(database, 40)

    def fill() -> None:
        with tasks.transaction():
            for number in range(1000):
                tasks.put("r", f"task{number}", {"text": "x" * 1000})

    with pytest.raises(StorageFullError):
        fill()
    assert tasks.page("r", "", 10) == [{"text": "x"}]
    limit(database, 10_000)
    fill()
    assert len(tasks.page("r", "", 2000)) == 1001
    database.close()


def test_a_blob_without_room_is_not_stored(tmp_path: Path) -> None:
    """The earlier blob of that name stays."""
    database = Database(tmp_path / "db.sqlite")
    blobs = BlobStore(tmp_path / "blobs", database)
    for content in (b"first", b"second"):
        with blobs.upload() as (file, path):
            file.write(content)
            file.close()
            if content == b"first":
                blobs.commit(path, "box", "name", "text/plain", "now")
                limit(database, 1)
            else:
                with pytest.raises(StorageFullError):
                    blobs.commit(path, "box", "name" * 1000, "text/plain", "now")
    known = blobs.find("box", "name")
    assert known is not None
    assert known.path.read_bytes() == b"first"
    assert [path.read_bytes() for path in (tmp_path / "blobs").rglob("*") if path.is_file()] == [b"first"]
    database.close()


def test_pruning(tmp_path: Path) -> None:
    """Files without a blob and blobs without a file are removed; all others stay."""
    database = Database(tmp_path / "db.sqlite")
    blobs = BlobStore(tmp_path / "blobs", database)
    for name in ("logs/a/rawtext.log", "logs/b/rawtext.log"):
        with blobs.create_append_blob("box", name, "text/plain", "now") as file:
            file.write(b"text")
    orphan = tmp_path / "blobs" / "whole" / "box" / "source" / "orphan.tar.gz"
    orphan.parent.mkdir()
    orphan.write_bytes(b"never acknowledged")
    (tmp_path / "blobs" / "whole" / "box" / "logs" / "b" / "rawtext.log").unlink()
    blobs.prune()
    assert not orphan.exists()
    assert blobs.find("box", "logs/a/rawtext.log") is not None
    assert [row["name"] for row in database.rows("SELECT name FROM blob")] == ["logs/a/rawtext.log"]
    database.close()


class Full(Recorder):
    """An observer that has no room for a number of writes."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals
        self.refused = threading.Event()

    def note(self, event: str, run_id: str) -> None:
        if self.refusals:
            self.refusals -= 1
            self.refused.set()
            raise StorageFullError
        super().note(event, run_id)


def test_runs_are_recorded_as_soon_as_there_is_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run whose beginning or end finds no room is neither lost nor carried out twice."""
    monkeypatch.setattr(queue, "RETRY_SECONDS", 0.01)
    observer, carried_out = Full(3), []

    def act(job: object, log: object, stop: object) -> Outcome:
        carried_out.append(job)
        observer.refusals = 3
        return Outcome("Succeeded")

    agents = Agents(1, Script(act), observer)
    agents.submit(job("cf1"))
    observer.wait("finished", "cf1")
    agents.close()
    assert observer.events == [("started", "cf1"), ("successful", "cf1"), ("finished", "cf1")]
    assert len(carried_out) == 1


def test_agents_end_although_there_is_no_room() -> None:
    """Closing the agents does not wait for room."""
    observer = Full(10**6)
    agents = Agents(1, Script(lambda *_: Outcome("Succeeded")), observer)
    agents.submit(job("cf1"))
    assert observer.refused.wait(10)
    agents.close()
    assert observer.events == []
