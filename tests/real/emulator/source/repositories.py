"""Hostile repositories and git servers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import Any

Fetch = Callable[..., Path]


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
    """Add a submodule to .gitmodules and the tree alone."""
    with (folder / ".gitmodules").open("a") as file:
        file.write(f'[submodule "{name}"]\n\tpath = {path}\n\turl = {url}\n')
    call(folder, "add", ".gitmodules")
    call(folder, "update-index", "--add", "--cacheinfo", f"160000,{head},{path}")
    call(folder, "commit", "-q", "-m", "x")
    call(folder, "update-server-info")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: Any) -> None: ...
