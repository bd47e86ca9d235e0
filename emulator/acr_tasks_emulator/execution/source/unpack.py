"""Unpacking of archives: nothing in one is written outside of its folder."""

from __future__ import annotations

import os
import posixpath
import tarfile
from pathlib import Path
from typing import IO

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.archive import LIMITS, Limits, entries

_CHUNK = 1024 * 1024
_LATEST = 2**33
"""The latest time of change that every file system can keep, in seconds since 1970."""


def unpack(archive: Path, target: Path, cancellation: Cancellation, limits: Limits = LIMITS) -> None:
    """Unpack a tar archive, compressed or not, into `target`.

    Modes are kept without setuid, setgid and sticky bits. Links are kept wherever they point, as the service's agent
    keeps them. Nothing is written through a link; readers of the source use file_in and folder_in. Raises
    SourceError for what cannot be read, for entries outside of the folder, for devices and pipes, and for more than the
    limits allow. Returns early on cancellation.
    """
    target.mkdir(parents=True, exist_ok=True)
    root = target.resolve()
    with entries(archive, limits) as (tar, members):
        for member in members:
            if cancellation.requested:
                return
            _unpack_one(tar, member, root, cancellation, limits)


def _unpack_one(
    tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path, cancellation: Cancellation, limits: Limits
) -> None:
    path = inside(root, member.name, limits)
    if path == root:
        return
    make_parent(path, member.name)
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()  # the last entry of a name counts, as with tar
    if member.isdir():
        path.mkdir(exist_ok=True)
        path.chmod(member.mode & 0o777 | 0o700)
    elif member.isreg():
        content = tar.extractfile(member)
        assert content is not None  # noqa: S101 - a regular file always has content
        _write(content, path, cancellation)
        path.chmod(member.mode & 0o777)
        changed = member.mtime if 0 <= member.mtime < _LATEST else 0
        os.utime(path, (changed, changed))
    elif member.issym():
        if "\0" in member.linkname or "\n" in member.linkname:
            raise SourceError(f"the source archive has a link to a name that is none: {member.linkname!r}")
        path.symlink_to(member.linkname)
    elif member.islnk():
        other = Path(os.path.realpath(inside(root, member.linkname, limits)))
        if not other.is_relative_to(root) or not other.is_file():
            raise SourceError(f"the source archive links {member.name!r} to {member.linkname!r}, which is not in it")
        os.link(other, path)  # a copy would multiply the content of a short archive
    else:
        raise SourceError(f"the source archive holds {member.name!r}, which is no file, folder or link")


def _write(content: IO[bytes], path: Path, cancellation: Cancellation) -> None:
    with path.open("wb") as file:
        while not cancellation.requested and (data := content.read(_CHUNK)):
            file.write(data)


def inside(root: Path, name: str, limits: Limits = LIMITS) -> Path:
    """Return the path of an entry below `root`. Raises SourceError when it would be outside, or is too deep below."""
    clean = posixpath.normpath(name)
    if clean.startswith(("/", "../")) or clean == "..":
        raise SourceError(f"the source archive has an entry outside of its folder: {name!r}")
    if "\0" in name or "\n" in name:
        raise SourceError(f"the source archive has an entry whose name is none: {name!r}")
    if clean.count("/") >= limits.depth:
        raise SourceError(f"the source archive has folders that are nested more than {limits.depth} deep")
    return root / clean


def make_parent(path: Path, name: str) -> None:
    """Make the folder of an entry that is to be written, `path` below a root that is resolved.

    Raises SourceError where a link of the source stands in between: it may lead anywhere.
    """
    if any(folder.is_symlink() for folder in path.parents):
        raise SourceError(f"the source archive writes {name!r} through a link")
    path.parent.mkdir(parents=True, exist_ok=True)
