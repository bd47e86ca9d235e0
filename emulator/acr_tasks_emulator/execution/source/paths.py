"""Paths in an unpacked source, resolved so that no link leads out of it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from acr_tasks_emulator.execution.source import SourceError

_LONGEST, _LONGEST_PART = 1024, 255


def file_in(root: Path, name: str) -> Path:
    """Return the file of that name below `root`. Raises SourceError when it is missing, no file, or outside."""
    path = _resolved(root, name.removeprefix("/"))
    if not path.is_file():
        raise SourceError(f"unable to find {name} in the source")
    return path


def folder_in(root: Path, name: str) -> Path:
    """Return the folder of that name below `root`, itself when the name is empty. Raises SourceError."""
    path = _resolved(root, name.strip("/"))
    if not path.is_dir():
        raise SourceError(f"unable to find the folder {name} in the source")
    return path


def _resolved(root: Path, name: str) -> Path:
    """Resolve a name below `root`. Raises SourceError for a malformed name, and for one that leads out."""
    if "\0" in name or len(name) > _LONGEST or any(len(part.encode()) > _LONGEST_PART for part in name.split("/")):
        raise SourceError(f"{name[:100]!r} is not the name of a file")
    path = Path(os.path.realpath(root / name))  # unlike resolve(), it takes links in a circle
    if not path.is_relative_to(root.resolve()):
        raise SourceError(f"{name} is outside of the source")
    return path


def check_ignore_files(context: Path, dockerfile: Path) -> None:
    """Raise SourceError for an ignore file that is a link out of the context: builders open it by its name."""
    names = (context / ".dockerignore", context / ".containerignore", Path(f"{dockerfile}.dockerignore"))
    root = context.resolve()
    for path in names:
        if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
            raise SourceError(f"{path.name} is a link out of the source")


def check_mounts(context: Path, text: str) -> None:
    """Raise SourceError when `text`, a Dockerfile's instructions, mounts a context with links out of it.

    Needed for builders that open mounted files by their names, on this machine.
    """
    if "--mount" not in re.sub(r"[\\`][ \t]*\r?\n\s*", "", text):
        return
    root = context.resolve()
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                raise SourceError(
                    f"RUN --mount is not carried out beside a link out of the source: {str(path.relative_to(root))!r}"
                )
