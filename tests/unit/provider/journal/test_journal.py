"""The journal of requests that the engine has not recorded yet."""

from __future__ import annotations

import json
import os
import stat
import threading
from dataclasses import asdict
from pathlib import Path

import pytest

from pulumi_acr_tasks.journal import journal
from pulumi_acr_tasks.journal.journal import MAX_AGE, RUN, TASK, Entry, Journal, request_hash

_URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::build"
_OTHER = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::other"
_REGISTRY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/registry"
_ID = f"{_REGISTRY}/tasks/build"
_ENDPOINT = "https://arm.example.org"


@pytest.fixture(autouse=True)
def _new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "_opened", set())
    monkeypatch.setattr(journal, "_warned", set())
    monkeypatch.setattr(journal, "_returned", set())


def _begin(kept: Journal) -> Entry:
    return kept.begin(TASK, endpoint=_ENDPOINT, resource_id=_ID, content_hash=request_hash({"a": 1}))


def _find(kept: Journal) -> Entry | None:
    return kept.find(TASK, endpoint=_ENDPOINT)


def test_the_entry_of_a_killed_process_is_found_by_the_next(tmp_path: Path) -> None:
    """The entry is in a file before the request is sent."""
    entry = _begin(Journal.open(tmp_path, _URN, now=lambda: 1.0))
    found = _find(Journal.open(tmp_path, _URN, now=lambda: 2.0))
    assert found == entry == Entry(TASK, _URN, _ENDPOINT, _ID, request_hash({"a": 1}), 1.0)


def test_an_entry_is_found_after_a_move_to_the_plugin_and_back(tmp_path: Path) -> None:
    """The two hosts give a resource different types, and it is the same one."""
    plugin = _URN.replace("pulumi-python:dynamic/acr-tasks:", "acr-tasks:index:")
    for made, asked in ((_URN, plugin), (plugin, _URN)):
        kept = Journal.open(tmp_path, made)
        entry = _begin(kept)
        assert _find(Journal.open(tmp_path, asked)) == entry
        kept.end(entry)
        assert _find(Journal.open(tmp_path, asked)) is None


@pytest.mark.parametrize(
    ("urn", "kind", "asked"),
    [
        (_OTHER, TASK, {}),
        (None, TASK, {}),
        (_URN, RUN, {}),
        (_URN, TASK, {"endpoint": "embedded"}),
        (_URN, TASK, {"resource_id": f"{_REGISTRY}/tasks/other"}),
        (_URN, TASK, {"content_hash": "0"}),
    ],
)
def test_an_entry_is_for_one_resource(tmp_path: Path, urn: str | None, kind: str, asked: dict[str, str]) -> None:
    """URN and endpoint have to match, and id and request where they are given."""
    kept = Journal.open(tmp_path, _URN)
    _begin(kept)
    assert Journal.open(tmp_path, urn).find(kind, **{"endpoint": _ENDPOINT, **asked}) is None
    assert kept.find(TASK, endpoint=_ENDPOINT.upper(), resource_id=_ID.upper()) is not None


def test_the_same_urn_in_another_backend_has_entries_of_its_own(tmp_path: Path) -> None:
    """Two states may have a project and a stack of the same name."""
    _begin(Journal.open(tmp_path, _URN, backend="file://a"))
    assert _find(Journal.open(tmp_path, _URN, backend="file://b")) is None


def test_an_entry_ends(tmp_path: Path) -> None:
    """A refused request has made nothing, so its entry is removed."""
    kept = Journal.open(tmp_path, _URN)
    kept.end(_begin(kept))
    assert _find(kept) is None


def test_the_engine_confirms_by_showing_the_id(tmp_path: Path) -> None:
    """Another id of the same URN does not remove the entry."""
    kept = Journal.open(tmp_path, _URN)
    _begin(kept)
    kept.confirm(f"{_REGISTRY}/tasks/other")
    assert _find(kept) is not None
    kept.confirm(_ID.upper())
    assert _find(kept) is None
    kept.confirm(_ID)


def test_entries_of_returned_creates_go_when_the_command_ends(tmp_path: Path) -> None:
    """A create in flight keeps its entry, also when an earlier create of the URN has returned."""
    kept, other = Journal.open(tmp_path, _URN), Journal.open(tmp_path, _OTHER)
    _begin(kept)
    _begin(other)
    kept.returned()
    Journal.open(tmp_path, None).returned()
    journal.hand_over()
    assert _find(kept) is None
    assert _find(other) is not None

    other.returned()
    _begin(other)
    journal.hand_over()
    assert _find(other) is not None


def test_a_run_is_known_by_its_id_once_it_is_scheduled(tmp_path: Path) -> None:
    """Until then its entry has the registry's id."""
    kept = Journal.open(tmp_path, _URN)
    entry = kept.begin(RUN, endpoint=_ENDPOINT, resource_id=_REGISTRY, content_hash="h")
    kept.amend(entry, resource_id=f"{_REGISTRY}/runs/ca1", run_id="ca1", create_time="2025-04-08T08:17:33Z")
    found = Journal.open(tmp_path, _URN).find(RUN, endpoint=_ENDPOINT, content_hash="h")
    assert found is not None
    assert (found.resource_id, found.run_id, found.create_time, found.time) == (
        f"{_REGISTRY}/runs/ca1",
        "ca1",
        "2025-04-08T08:17:33Z",
        entry.time,
    )


def test_an_entry_ages_out(tmp_path: Path) -> None:
    """It is not found any more, and its file is removed when the journal is next opened."""
    _begin(Journal.open(tmp_path, _URN, now=lambda: 1000.0))
    (file,) = (tmp_path / "acr-tasks-journal" / "shop" / "dev").iterdir()
    killed = file.with_name(".killed.tmp")  # by a process that was killed while it wrote
    killed.touch()
    for each in (file, killed):
        os.utime(each, (1000, 1000))
    kept = Journal.open(tmp_path, _URN, now=lambda: 1001.0 + MAX_AGE)
    assert _find(kept) is None
    journal._opened.clear()
    Journal.open(tmp_path, _OTHER, now=lambda: 1001.0 + MAX_AGE)
    assert not file.exists()
    assert not killed.exists()


def test_entries_are_the_owner_s_alone(tmp_path: Path) -> None:
    """Others cannot read the files, and no other file is left."""
    _begin(Journal.open(tmp_path, _URN))
    folder = tmp_path / "acr-tasks-journal" / "shop" / "dev"
    (file,) = folder.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_written_is_warned_of_once(tmp_path: Path) -> None:
    """The journal stays empty."""
    home, warnings = tmp_path / "home", list[str]()
    home.write_text("a file where the folder would be")
    for _ in range(2):
        kept = Journal.open(home, _URN, warn=warnings.append)
        kept.end(_begin(kept))
        assert _find(kept) is None
    assert len(warnings) == 1
    assert "cannot be written" in warnings[0]


def test_without_a_urn_the_journal_stays_empty(tmp_path: Path) -> None:
    """The SDK may hide the resource of a call."""
    kept = Journal.open(tmp_path, None)
    _begin(kept)
    kept.confirm(_ID)
    assert _find(kept) is None
    assert list(tmp_path.iterdir()) == []


_LATER = {**asdict(Entry(TASK, _URN, _ENDPOINT, _ID)), "time": "2026-01-01T00:00:00Z"}
_NULL = {**asdict(Entry(TASK, _URN, _ENDPOINT, _ID)), "urn": None}


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"kind": "task"}', '{"later": 1}', json.dumps(_LATER), json.dumps(_NULL)]
)
def test_an_unreadable_file_is_ignored(tmp_path: Path, text: str) -> None:
    """The file is incomplete after a power cut, or of another version."""
    kept = Journal.open(tmp_path, _URN)
    _begin(kept)
    (file,) = (tmp_path / "acr-tasks-journal" / "shop" / "dev").iterdir()
    file.write_text(text)
    assert _find(kept) is None
    assert kept.remaining(TASK) == []
    kept.confirm(_ID)


def test_many_threads_write_at_once(tmp_path: Path) -> None:
    """Each URN has a file of its own, and each write is atomic."""
    kept = Journal.open(tmp_path, _URN)

    def write() -> None:
        for index in range(20):
            kept.begin(TASK, endpoint=_ENDPOINT, resource_id=_ID, content_hash=str(index))
            found = _find(kept)
            assert found is not None
            seen.append(found)

    seen: list[Entry] = []
    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(seen) == 80


def test_a_hash_does_not_depend_on_the_order_of_members() -> None:
    """It depends on the values alone."""
    assert request_hash({"a": 1, "b": [2]}) == request_hash(json.loads('{"b": [2], "a": 1}'))
    assert request_hash({"a": 1}) != request_hash({"a": 2})
