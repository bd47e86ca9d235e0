"""State keeps a small tree of a context, by which preview says what files a change is in."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks.run.check import check
from pulumi_acr_tasks.run.diff import diff_run
from pulumi_acr_tasks.schema.context_tree import changed_paths
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.source.context import Context
from pulumi_acr_tasks.source.given_archive import Tarball
from pulumi_acr_tasks.source.tree import SIZE

_SETTINGS = Settings.load({"endpoint": "embedded"}.get, {})


@pytest.fixture(autouse=True)
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's folder is the current one; its context is `app`."""
    monkeypatch.chdir(tmp_path)
    _write(*(f"src/part{part}/file{number}.py" for part in range(3) for number in range(4)), "Dockerfile", "b c.txt")
    (tmp_path / "app" / "empty").mkdir()
    return tmp_path / "app"


def _write(*names: str, text: str = "FROM scratch\n") -> None:
    for name in names:
        path = Path("app") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _tree() -> str:
    return Context(Path("app"), {}).fingerprint().tree


def _inputs(olds: dict[str, Any] | None = None) -> dict[str, Any]:
    return check({"context": "app", "runRequest": {"type": "DockerBuildRequest"}}, _SETTINGS, olds)[0]


def test_a_small_context_is_listed_file_by_file() -> None:
    """Each file has a short hash; a folder without files is a line of its own."""
    lines = _tree().split("\n")
    assert [line[5:] for line in lines] == [
        "Dockerfile",
        "b c.txt",
        "empty/",
        *(f"src/part{part}/file{number}.py" for part in range(3) for number in range(4)),
    ]
    assert {len(line.split()[0]) for line in lines} == {4}


def test_the_files_of_a_change_are_told(app: Path) -> None:
    """Changed, added and removed ones, and folders that come or go as a whole."""
    before = _tree()
    _write("src/part1/file2.py", text="changed\n")
    (app / "b c.txt").unlink()
    _write("docs/a.md", "docs/b.md", "new")
    assert changed_paths(before, _tree()) == ["docs/", "new", "src/part1/file2.py", "b c.txt"]
    assert changed_paths(before, before) == []


def test_a_large_folder_is_one_line(app: Path) -> None:
    """Small folders beside it are still listed, and the size of the tree is bounded."""
    _write(*(f"node_modules/package{number}/index.js" for number in range(2000)))
    before = _tree()
    assert len(before) <= SIZE
    assert "src/part0/file0.py" in before
    _write("node_modules/package7/index.js", "src/part2/file3.py", text="changed\n")
    assert changed_paths(before, _tree()) == ["node_modules/", "src/part2/file3.py"]


def test_a_folder_that_has_become_too_large_is_compared_as_a_whole() -> None:
    """Its members' hashes make the very hash that it has when it is cut."""
    _write(*(f"data/{number:030}" for number in range(60)))
    before = _tree()
    assert "data/0" in before
    _write(*(f"more/{number:030}" for number in range(61)))
    _write("src/part0/file0.py", text="changed\n")
    middle = _tree()
    assert ("data/0" in middle, "more/0" in middle) == (True, False)
    for number in range(4, 61):
        (Path("app/more") / f"{number:030}").unlink()
    _write(*(f"data/x/{number:030}" for number in range(80)))
    after = _tree()
    assert changed_paths(before, middle) == ["more/", "src/part0/file0.py"]
    assert changed_paths(middle, after) == ["data/x/", "more/"]


def test_a_folder_is_the_same_whether_it_is_cut_or_not() -> None:
    """It was cut for want of room alone."""
    _write(*(f"large/{number:030}" for number in range(80)))
    before = _tree()
    assert "large/0" in before
    _write(*(f"small/{number:030}" for number in range(20)))
    after = _tree()
    assert " large/\n" in after
    assert changed_paths(before, after) == ["small/"]


def test_a_context_of_too_many_files_in_one_folder_has_no_tree(app: Path) -> None:
    """Then the change is told without names."""
    before = _inputs()
    _write(*(f"{number:050}" for number in range(100)))
    after = _inputs(before)
    assert "contextTree" not in after
    assert diff_run(before, after).summary == "new run (context changed)"


def test_an_archive_has_the_tree_of_its_folder() -> None:
    """The order of its members does not matter."""
    with tarfile.open("app.tar", "w") as archive:
        for path in sorted(Path("app").rglob("*"), reverse=True):
            archive.add(path, str(path.relative_to("app")), recursive=False)
    archived = Tarball(Path("app.tar"), {}).fingerprint()
    assert archived == Context(Path("app"), {}).fingerprint()
    assert archived.tree == _tree()


def test_names_are_shown_without_control_characters(app: Path) -> None:
    """Characters that are not text, or would move the cursor, are escaped."""
    (app / "\x1b[2J\nx").touch()
    Path(os.fsdecode(os.fsencode(app) + b"/\xff")).touch()
    lines = _tree().split("\n")
    assert {"\\x1b[2J\\nx", "\\udcff"} <= {line[5:] for line in lines}
    _tree().encode()


def test_a_new_run_names_the_first_files() -> None:
    """The line names as many as it has room for, and counts the others."""
    olds = _inputs()
    _write("src/part0/file0.py", text="changed\n")
    assert diff_run(olds, _inputs(olds)).summary == "new run (context changed: src/part0/file0.py)"
    _write("src/part1/file0.py", "src/part2/file0.py", "Dockerfile", text="changed\n")
    news = {**_inputs(olds), "triggers": ["2"]}
    told = "new run (triggers changed; context changed: Dockerfile, src/part0/file0.py, +2)"
    assert diff_run(olds, news).summary == told


def test_a_state_without_a_tree_is_unchanged_and_stays_so() -> None:
    """An older release wrote it; the next change of the context brings the tree."""
    older = {name: value for name, value in _inputs().items() if name != "contextTree"}
    same = _inputs(older)
    assert same == older
    assert diff_run(older, same).replaces == []
    _write("Dockerfile", text="changed\n")
    changed = _inputs(older)
    assert changed["contextTree"] == _tree()
    assert diff_run(older, changed).summary == "new run (context changed)"


@pytest.mark.parametrize("tree", [None, 5, "", "x", "aaaa a\naaaa a/b", "\n\n"])
def test_what_is_no_tree_stops_nothing(tree: object) -> None:
    """State can hold anything."""
    assert isinstance(changed_paths(tree, _tree()), list)
    assert isinstance(changed_paths(_tree(), tree), list)
