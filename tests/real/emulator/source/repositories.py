"""Git repositories of tests, and the servers that serve them."""

from __future__ import annotations

import contextlib
import os
import socketserver
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from types import MappingProxyType
from typing import Any

Fetch = Callable[..., Path]


def run_git(folder: Path, *arguments: str, given: bytes = b"") -> str:
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


def repository(folder: Path, files: dict[str, str]) -> str:
    """Make a repository with one commit on main; return the commit."""
    folder.mkdir(parents=True)
    run_git(folder, "init", "-q", "-b", "main")
    return commit(folder, files)


def commit(folder: Path, files: Mapping[str, str] = MappingProxyType({})) -> str:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    run_git(folder, "add", "-A")
    run_git(folder, "commit", "-q", "-m", "x")
    run_git(folder, "update-server-info")
    return run_git(folder, "rev-parse", "HEAD")


def small_repository(folder: Path, **files: str) -> Path:
    """Make a repository with a README and these files; return its folder."""
    repository(folder, {"README": "x", **files})
    return folder


def submodule(folder: Path, path: str, url: str, head: str, name: str = "x") -> None:
    """Add a submodule to .gitmodules and the tree alone."""
    with (folder / ".gitmodules").open("a") as file:
        file.write(f'[submodule "{name}"]\n\tpath = {path}\n\turl = {url}\n')
    run_git(folder, "add", ".gitmodules")
    run_git(folder, "update-index", "--add", "--cacheinfo", f"160000,{head},{path}")
    run_git(folder, "commit", "-q", "-m", "x")
    run_git(folder, "update-server-info")


@contextlib.contextmanager
def served(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Files(SimpleHTTPRequestHandler):
    """A server of files that records the sign-in, and redirects from /to/."""

    def __init__(self, *args: Any, seen: list[str], leads: str, folder: Path) -> None:
        self.seen, self.leads = seen, leads
        super().__init__(*args, directory=str(folder))

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers.get('Authorization', '')}")
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.leads)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *args: Any) -> None: ...


class GitDaemon(socketserver.StreamRequestHandler):
    """git's own server, one process a connection."""

    base: Path

    def handle(self) -> None:
        command = ["git", "daemon", "--inetd", "--export-all", f"--base-path={self.base}", str(self.base)]
        environment = {**os.environ, "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory"}
        environment["GIT_CONFIG_VALUE_0"] = "*"
        subprocess.run(command, stdin=self.connection, stdout=self.connection, env=environment, timeout=60, check=False)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...
