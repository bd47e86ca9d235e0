"""The base images of the Dockerfile in a run's local context, where the pack can read it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from .resource import Resource

_FROM = re.compile(r"^\s*FROM\s+(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<stage>\S+))?\s*$", re.IGNORECASE)
_LARGEST = 1 << 20  # bytes of a Dockerfile that is read


def bases(resource: Resource) -> Iterator[tuple[str, int, str]]:
    """Yield path, line number and image of each FROM; nothing where there is no local context or it cannot be read.

    A context is relative to the program, and a pack is not told where that is: the folder in which `pulumi` was started
    and its subfolders named in Pulumi.yaml's `main` are tried.
    """
    context = resource.top["context"]
    if not context.known() or not context.text() or resource.step_type != "docker":
        return
    file = resource.body["dockerFilePath"]
    name = (file.text() or "Dockerfile") if file.known() else "Dockerfile"
    for folder in _program_folders():
        path = folder / str(context.text()) / name
        if path.is_file():
            yield from ((name, line, image) for line, image in _read(path, path.stat().st_mtime_ns))
            return


def _program_folders() -> Iterator[Path]:
    started = Path(os.environ.get("PWD", "."))
    yield started
    project = started / "Pulumi.yaml"
    if project.is_file():
        main = re.search(r"^main:\s*(\S+)", project.read_text(errors="replace"), re.MULTILINE)
        if main:
            folder = started / main[1].strip("'\"")
            yield folder if folder.is_dir() else folder.parent


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
