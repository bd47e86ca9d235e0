"""The base images of the Dockerfile in a run's local context, where the pack can read it."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from .resource import Resource

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*$", re.IGNORECASE)
_LARGEST = 1 << 20  # bytes of a Dockerfile that is read


def bases(resource: Resource) -> Iterator[tuple[str, int, str]]:
    """Yield path, line number and image of each FROM; nothing without a local context or a Dockerfile to be read."""
    context = resource.top["context"]
    if not context.known() or not context.text() or resource.step_type != "docker":
        return
    file = resource.body["dockerFilePath"]
    name = (file.text() or "Dockerfile") if file.known() else "Dockerfile"
    path = Path(str(context.text()), name)
    if not path.is_absolute():  # it is relative to the program
        program = _program_folder(resource.project)
        if program is None:
            return
        path = program / path
    if path.is_file():
        yield from ((name, line, image) for line, image in _read(path, path.stat().st_mtime_ns))


def _program_folder(name: str) -> Path | None:
    """Return the folder of the program of the project of that name; None where it cannot be found.

    The engine tells a pack the name of the project, but not its folder, and starts the pack in the pack's own folder.
    `$PWD` is where the shell was, which `pulumi -C` and the Automation API leave unchanged. So the folders of the
    processes that started the pack are tried first, and a folder counts only inside the project of that name.
    """
    for started in (*_folders_of_ancestors(), Path(os.environ.get("PWD", "."))):
        for folder in (started, *started.parents):
            project = _project(folder)
            if project.get("name") == name:
                main = folder / str(project.get("main") or ".")
                return main if main.is_dir() else main.parent
            if project:
                break
    return None


def _folders_of_ancestors() -> Iterator[Path]:
    """Yield the working folders of the language host, of the engine, and of what started it; only Linux tells them."""
    process = os.getppid()
    with contextlib.suppress(OSError, ValueError):
        while process > 1:
            yield Path(f"/proc/{process}/cwd").readlink()
            # The name of the program, in brackets, may hold any character.
            process = int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def _project(folder: Path) -> dict[str, Any]:
    """Return the project file of a folder; empty without one that can be read."""
    with contextlib.suppress(OSError, ValueError, yaml.YAMLError):
        project = yaml.safe_load((folder / "Pulumi.yaml").read_text(encoding="utf-8"))
        return project if isinstance(project, dict) else {}
    return {}


@lru_cache(maxsize=256)
def _read(path: Path, _modified: int) -> tuple[tuple[int, str], ...]:
    """Read the images of FROM lines that are no stage of the same file; `scratch` is no image."""
    try:
        with path.open("rb") as stream:
            text = stream.read(_LARGEST).decode(errors="replace")
    except OSError:
        return ()
    stages: set[str] = {"scratch"}
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _FROM.match(line)
        if match:
            if match["image"].lower() not in stages:
                found.append((number, match["image"]))
            if match["stage"]:
                stages.add(match["stage"].lower())
    return tuple(found)
