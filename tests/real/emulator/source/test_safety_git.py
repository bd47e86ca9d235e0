"""Repositories that want more than to be cloned."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.source import SourceError, git
from acr_tasks_emulator.execution.source.archive import LIMITS
from acr_tasks_emulator.execution.source.fetch import SourceFetcher
from acr_tasks_emulator.execution.source.paths import file_in
from acr_tasks_emulator.process.supervisor import Supervisor

from .test_remote import served

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


def call(folder: Path, *arguments: str, given: bytes = b"") -> str:
    settings = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "protocol.file.allow=always"]
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *settings, *arguments],
        cwd=folder,
        env=environment,
        input=given,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return done.stdout.decode().strip()


def repository(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    call(folder, "init", "-q", "-b", "main")
    (folder / "README").write_text("x")
    return commit(folder, **files)


def commit(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name).write_text(text)
    call(folder, "add", "-A")
    call(folder, "commit", "-q", "-m", "x")
    call(folder, "update-server-info")
    return folder


def submodule(folder: Path, path: str, url: str, head: str, name: str = "x") -> None:
    """Adds a submodule as only .gitmodules and the tree tell of it."""
    with (folder / ".gitmodules").open("a") as file:
        file.write(f'[submodule "{name}"]\n\tpath = {path}\n\turl = {url}\n')
    call(folder, "add", ".gitmodules")
    call(folder, "update-index", "--add", "--cacheinfo", f"160000,{head},{path}")
    call(folder, "commit", "-q", "-m", "x")
    call(folder, "update-server-info")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder of repositories and where it is served."""
    folder = tmp_path / "origin"
    folder.mkdir()
    with served(ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))) as port:
        yield folder, f"http://127.0.0.1:{port}"


Fetch = Callable[..., Path]


@pytest.fixture
def fetch(tmp_path: Path) -> Iterator[Fetch]:
    """Fetches a source into a run's folder, as a run does."""
    supervisor = Supervisor()
    remotes = SourceFetcher(supervisor, OciRegistry(tmp_path, supervisor))

    class NullSink:
        def write(self, data: bytes) -> None: ...

        def complete(self, value: str) -> None: ...

    def fetched(location: str, stop: Cancellation | None = None, **step: Any) -> Path:
        run = tmp_path / f"run{len(list(tmp_path.glob('run*')))}"
        (run / "scratch").mkdir(parents=True)
        (run / "auth.json").write_text("a registry's password")
        job = Job("cf1", "emulator", "127.0.0.1:5555", {"type": "FileTask", **step})
        remotes.fetch(location, run / "source", RunContext(job, RunLog(NullSink()), stop or Cancellation(), run))
        return run / "source"

    yield fetched
    supervisor.close()


@pytest.mark.parametrize(
    "reference",
    [
        *(
            "--upload-pack=touch",
            "-main",
            "main --exec",
            "a..b",
            "main;id",
            "$(id)",
            "main\nid",
            "@{u}",
            "^main",
            "+main",
        ),
        *("main:../..", "main:../../etc", ":..", "main:link", "main:README", "HEAD:a:b"),
    ],
)
def test_references_and_folders(origin: tuple[Path, str], fetch: Fetch, reference: str) -> None:
    """Options are no branches, and folders outside of the repository, or behind a link out of it, are none of it."""
    folder, url = origin
    app = repository(folder / "app")
    (app / "link").symlink_to("/etc")
    commit(app, a="a")
    with pytest.raises(SourceError):
        fetch(f"{url}/app/.git#{reference}")


def test_folders_that_are_there(origin: tuple[Path, str], fetch: Fetch) -> None:
    """A folder of the repository is, also where a link within it leads to it."""
    folder, url = origin
    app = repository(folder / "app")
    (app / "sub").mkdir()
    (app / "sub" / "file").write_text("below")
    (app / "link").symlink_to("sub")
    commit(app)
    for name in ("sub", "./sub/", "link"):
        assert (fetch(f"{url}/app/.git#main:{name}") / "file").read_text() == "below"


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "../auth.json"])
def test_links_out_of_the_source(origin: tuple[Path, str], fetch: Fetch, target: str) -> None:
    """A link of a repository stays what it is, wherever it points; nothing is read through it."""
    folder, url = origin
    app = repository(folder / "app")
    (app / "sub").mkdir()
    (app / "sub" / "leak").symlink_to(target)
    commit(app)
    source = fetch(f"{url}/app/.git#main:sub")
    assert str((source / "leak").readlink()) == target
    with pytest.raises(SourceError, match="outside of the source"):
        file_in(source, "leak")


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc",
            "/etc",
            "ext::touch x",
            "ssh://host/x",
            "git@host:x",
            "fd::0",
            "-oProxyCommand=id",
            "--upload-pack=id",
        ),
        *("ftp://127.0.0.1/x", "../../../x"),
    ],
)
def test_submodules(origin: tuple[Path, str], fetch: Fetch, url: str) -> None:
    """A submodule comes by https, http and git alone."""
    folder, base = origin
    app = repository(folder / "app")
    submodule(app, "part", url, call(app, "rev-parse", "HEAD"))
    with pytest.raises(SourceError):
        fetch(f"{base}/app/.git")


def test_names_of_submodules(origin: tuple[Path, str], fetch: Fetch, tmp_path: Path) -> None:
    """A name with a blank is a name; one that leads out of the checkout is refused, and nothing is written there."""
    folder, base = origin
    part = repository(folder / "part", word="part")
    app = repository(folder / "app")
    submodule(app, "libs/part", f"{base}/part/.git", call(part, "rev-parse", "HEAD"), "a b")
    assert (fetch(f"{base}/app/.git") / "libs" / "part" / "word").read_text() == "part"
    submodule(app, "evil", f"{base}/part/.git", call(part, "rev-parse", "HEAD"), "../../../hooks")
    with pytest.raises(SourceError, match="git submodule failed"):
        fetch(f"{base}/app/.git")
    assert not list(tmp_path.rglob("hooks/HEAD"))


def test_a_server_that_points_elsewhere(origin: tuple[Path, str], fetch: Fetch, tmp_path: Path) -> None:
    """Objects are not fetched from where a server says that they are, nor does a redirect lead away."""
    folder, base = origin
    app = repository(folder / "app")
    asked: list[str] = []

    class Elsewhere(Quiet):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    class Redirecting(Quiet):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"{elsewhere}/page" if "page" in self.path else f"{elsewhere}{self.path}")
            self.end_headers()

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)) as port:
        elsewhere = f"http://127.0.0.1:{port}"
        shutil.rmtree(app / ".git" / "objects" / call(app, "rev-parse", "HEAD")[:2])
        (app / ".git" / "objects" / "info" / "http-alternates").write_text(f"{elsewhere}/objects\n")
        with pytest.raises(SourceError, match="git fetch failed"):
            fetch(f"{base}/app/.git")
        assert asked == []
        with (
            served(ThreadingHTTPServer(("127.0.0.1", 0), Redirecting)) as second,
            pytest.raises(SourceError, match="leads to a page that is not a repository"),
        ):
            fetch(f"http://127.0.0.1:{second}/page.git")
    assert asked == ["/page"]


def test_a_repository_that_has_moved(tmp_path: Path, fetch: Fetch) -> None:
    """Git follows the first question's redirect; the token stays with the first host."""
    repository(tmp_path / "origin" / "app")
    before: list[str | None] = []
    after: list[str | None] = []

    class New(Quiet):
        def do_GET(self) -> None:
            after.append(self.headers.get("Authorization"))
            super().do_GET()

    class Old(Quiet):
        def do_GET(self) -> None:
            before.append(self.headers.get("Authorization"))
            self.send_response(301)
            self.send_header("Location", f"{new}/app/.git{self.path.removeprefix('/old.git')}")
            self.end_headers()

    with (
        served(ThreadingHTTPServer(("127.0.0.1", 0), partial(New, directory=str(tmp_path / "origin")))) as new_port,
        served(ThreadingHTTPServer(("127.0.0.1", 0), Old)) as old_port,
    ):
        new = f"http://127.0.0.1:{new_port}"
        fetch(f"http://x:t0ken@127.0.0.1:{old_port}/old.git")
    assert len(before) == 1
    assert before[0] is not None
    assert after
    assert not any(after)


def test_a_git_bomb(origin: tuple[Path, str], fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit of a kilobyte that names a billion files fails at a limit: of git's memory, or of files."""
    monkeypatch.setattr(git, "MEMORY_KIB", 512 * 1024)
    folder, base = origin
    app = repository(folder / "app")
    blob = call(app, "hash-object", "-w", "--stdin", given=b"boom")
    kind, last = "100644 blob", blob
    for _ in range(9):
        last = call(app, "mktree", given="".join(f"{kind} {last}\tn{n}\n" for n in range(10)).encode())
        kind = "040000 tree"
    call(app, "update-ref", "refs/heads/main", call(app, "commit-tree", "-m", "x", last))
    call(app, "update-server-info")
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
    part = repository(folder / "part", big="x" * 100_000)
    (part / Path(*"abcdefghi")).mkdir(parents=True)
    (part / Path(*"abcdefghi") / "deep").touch()
    commit(part, **{f"file{number}": "x" for number in range(20)})
    app = repository(folder / "app")
    assert (fetch(f"{base}/app/.git") / "README").exists()
    submodule(app, "part", f"{base}/part/.git", call(part, "rev-parse", "HEAD"))
    with pytest.raises(SourceError, match=problem):
        fetch(f"{base}/app/.git")


def test_a_repository_that_grows(
    origin: tuple[Path, str], fetch: Fetch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A fetch is ended when it has brought more than is allowed, and not when it has brought it all."""
    monkeypatch.setattr(git, "LIMITS", replace(LIMITS, size_bytes=1_000_000))
    monkeypatch.setattr(git, "WATCH_SECONDS", 0.05)
    folder, _ = origin
    app = repository(folder / "app")
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


def test_a_server_that_says_nothing(fetch: Fetch) -> None:
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


def test_a_token_is_nobodys_business(fetch: Fetch) -> None:
    """While git asks, the token stands in no command line and in no file of the run."""
    token = "t0ken-0123456789"
    seen: list[str] = []

    class Looking(Quiet):
        def do_GET(self) -> None:
            for process in Path("/proc").glob("[0-9]*/cmdline"):
                with contextlib.suppress(OSError):
                    seen.append(process.read_text(errors="replace"))
            self.send_error(404)

    for location, step in (
        ("http://x:t0ken-0123456789@127.0.0.1", {}),
        ("http://127.0.0.1", {"contextAccessToken": token}),
    ):
        with served(ThreadingHTTPServer(("127.0.0.1", 0), Looking)) as port, pytest.raises(SourceError) as caught:
            fetch(f"{location}:{port}/app.git", **step)
        assert token not in str(caught.value)
    assert any("fetch" in line for line in seen)
    assert not any(token in line for line in seen)


def test_what_git_is_told(
    fetch: Fetch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, origin: tuple[Path, str]
) -> None:
    """The user's own settings, hooks, templates and helpers have no part in it."""
    folder, base = origin
    app = repository(folder / "app", word="x")
    marker = tmp_path / "was-here"
    home = tmp_path / "home"
    (home / "templates" / "hooks").mkdir(parents=True)
    hook = home / "templates" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
    hook.chmod(0o755)
    (home / ".gitconfig").write_text(
        f"[init]\n\ttemplateDir = {home}/templates\n[core]\n\thooksPath = {home}/templates/hooks\n"
        f'[url "http://127.0.0.1:1/"]\n\tinsteadOf = {base}/\n[credential]\n\thelper = "!touch {marker}"\n'
    )
    for name, value in {
        "HOME": str(home),
        "GIT_TEMPLATE_DIR": f"{home}/templates",
        "GIT_CONFIG_PARAMETERS": f"'core.hooksPath={home}/templates/hooks'",
        "GIT_ASKPASS": f"touch {marker}",
        "GIT_SSH_COMMAND": f"touch {marker}",
        "GIT_EXEC_PATH": str(home),
        "GIT_DIR": str(app),
        "GIT_PROXY_COMMAND": f"touch {marker}",
        "ACR_TASKS_EMULATOR_TOKEN": "secret",
    }.items():
        monkeypatch.setenv(name, value)
    assert (fetch(f"{base}/app/.git") / "word").read_text() == "x"
    assert not marker.exists()
