"""Repositories and servers that take more than is allowed: memory, disk, files, time."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import threading
from dataclasses import replace
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.source import SourceError, git
from acr_tasks_emulator.execution.source.archive import LIMITS

from .repositories import Fetch, Quiet, commit, run_git, served, small_repository, submodule

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def test_a_git_bomb(origin: tuple[Path, str], fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit of a kilobyte that names a billion files fails at a limit, of git's memory or of files."""
    monkeypatch.setattr(git, "MEMORY_KIB", 512 * 1024)
    folder, base = origin
    app = small_repository(folder / "app")
    blob = run_git(app, "hash-object", "-w", "--stdin", given=b"boom")
    kind, last = "100644 blob", blob
    for _ in range(9):
        last = run_git(app, "mktree", given="".join(f"{kind} {last}\tn{n}\n" for n in range(10)).encode())
        kind = "040000 tree"
    run_git(app, "update-ref", "refs/heads/main", run_git(app, "commit-tree", "-m", "x", last))
    run_git(app, "update-server-info")
    with pytest.raises(SourceError, match=f"[Oo]ut of memory|more than {LIMITS.entries} files"):
        fetch(f"{base}/app/.git")


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        ({"entries": 60}, "more than 60 files"),
        ({"size_bytes": 100_000}, "more than 100000 bytes"),
        ({"depth": 8}, "nested more than 8 deep"),
    ],
)
def test_limits_of_a_repository(
    origin: tuple[Path, str], fetch: Fetch, monkeypatch: pytest.MonkeyPatch, limit: dict[str, int], problem: str
) -> None:
    """Files, bytes and levels of a repository and its submodules count together."""
    monkeypatch.setattr(git, "LIMITS", replace(LIMITS, **limit))
    folder, base = origin
    part = small_repository(folder / "part", big="x" * 100_000)
    (part / Path(*"abcdefghi")).mkdir(parents=True)
    (part / Path(*"abcdefghi") / "deep").touch()
    commit(part, {f"file{number}": "x" for number in range(20)})
    app = small_repository(folder / "app")
    assert (fetch(f"{base}/app/.git") / "README").exists()
    submodule(app, "part", f"{base}/part/.git", run_git(part, "rev-parse", "HEAD"))
    with pytest.raises(SourceError, match=problem):
        fetch(f"{base}/app/.git")


def test_a_repository_that_grows(
    origin: tuple[Path, str], fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A fetch ends as soon as it exceeds a limit, not when it is complete."""
    monkeypatch.setattr(git, "LIMITS", replace(LIMITS, size_bytes=1_000_000))
    monkeypatch.setattr(git, "WATCH_SECONDS", 0.05)
    folder, _ = origin
    app = small_repository(folder / "app")
    (app / "big").write_bytes(os.urandom(3_000_000))
    commit(app)
    ended = threading.Event()

    class Slow(Quiet):
        def copyfile(self, source: Any, outputfile: Any) -> None:
            with contextlib.suppress(OSError):
                while data := source.read(100_000):
                    outputfile.write(data)
                    if ended.wait(0.05 if len(data) == 100_000 else 0):
                        return

    with served(ThreadingHTTPServer(("127.0.0.1", 0), partial(Slow, directory=str(folder)))) as port:
        with pytest.raises(SourceError, match="more than 1000000 bytes"):
            fetch(f"http://127.0.0.1:{port}/app/.git")
        ended.set()


def test_a_silent_server(fetch: Fetch) -> None:
    """A run that is canceled does not wait for a server that never answers."""
    stop, connections = Cancellation(), []

    def accept() -> None:
        connections.append(silent.accept()[0])
        stop.cancel("canceled")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        thread = threading.Thread(target=accept)
        thread.start()
        with pytest.raises(SourceError, match="git fetch failed"):
            fetch(f"git://127.0.0.1:{silent.getsockname()[1]}/app", stop)
        thread.join()
        connections[0].close()
