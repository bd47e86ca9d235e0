"""The run's source: an uploaded archive, unpacked so that nothing in it reaches outside its folder."""

from __future__ import annotations

import contextlib
import os
import posixpath
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import Path

from acr_tasks_emulator.execution.stop import Stop

NO_SOURCE = "/dev/null"
"""The source location of a task without a context."""


class SourceError(Exception):
    """The source cannot be used; the text is for the run's log."""


@dataclass(frozen=True)
class Limits:
    """How much an archive may unpack to. The service states no limits; these keep a desk alive."""

    size_bytes: int = 16 * 1024**3
    entries: int = 500_000


def names_in(archive: Path, limits: Limits = Limits()) -> set[str]:
    """The names of the archive's entries, without a leading `./`. Raises SourceError when it cannot be read."""
    found: set[str] = set()
    with _reading(archive), tarfile.open(archive, "r:*") as tar:
        for member in tar:
            found.add(posixpath.normpath(member.name))
            if len(found) > limits.entries:
                raise SourceError(f"the source archive has more than {limits.entries} entries")
    return found


def unpack(archive: Path, target: Path, stop: Stop, limits: Limits = Limits()) -> None:
    """Unpack a tar archive, compressed or not, into `target`.

    Raises SourceError for what cannot be read, for entries and links that lead out of the folder, for devices and
    pipes, and for more than the limits allow. Returns early when `stop` is asked.
    """
    target.mkdir(parents=True, exist_ok=True)
    root = target.resolve()
    size = 0
    with _reading(archive), tarfile.open(archive, "r:*") as tar:
        for number, member in enumerate(tar, 1):
            if stop.asked:
                return
            size += member.size if member.isreg() else 0
            if number > limits.entries or size > limits.size_bytes:
                raise SourceError(
                    f"the source archive unpacks to more than {limits.size_bytes} bytes or {limits.entries} entries"
                )
            _unpack_one(tar, member, root)
    check_links(root)


def file_in(root: Path, name: str) -> Path:
    """The file of that name below `root`. Raises SourceError when it is missing, no file, or outside."""
    path = (root / name.removeprefix("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise SourceError(f"{name} is outside of the source")
    if not path.is_file():
        raise SourceError(f"unable to find {name} in the source")
    return path


def folder_in(root: Path, name: str) -> Path:
    """The folder of that name below `root`, itself when the name is empty. Raises SourceError."""
    path = (root / name.strip("/")).resolve()
    if not path.is_relative_to(root.resolve()):
        raise SourceError(f"{name} is outside of the source")
    if not path.is_dir():
        raise SourceError(f"unable to find the folder {name} in the source")
    return path


@contextlib.contextmanager
def _reading(archive: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError("the source archive is not there any more") from error
    except (tarfile.TarError, EOFError, zlib.error, LZMAError, OSError, UnicodeError) as error:
        raise SourceError(f"the source archive cannot be unpacked: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _unpack_one(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path) -> None:
    path = inside(root, member.name)
    if path == root:
        return
    if path.parent.resolve() != path.parent:
        raise SourceError(f"the source archive writes {member.name!r} through a link")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()  # the last entry of a name counts, as everywhere with tar
    if member.isdir():
        path.mkdir(exist_ok=True)
        path.chmod(member.mode & 0o777 | 0o700)
    elif member.isreg():
        content = tar.extractfile(member)
        assert content is not None  # noqa: S101 - a regular file always has content
        with path.open("wb") as file:
            shutil.copyfileobj(content, file, 1024 * 1024)
        path.chmod(member.mode & 0o777)
        os.utime(path, (member.mtime, member.mtime))
    elif member.issym():
        if member.linkname.startswith("/"):
            raise SourceError(
                f"the source archive has a link out of its folder: {member.name!r} to {member.linkname!r}"
            )
        inside(root, posixpath.join(posixpath.dirname(member.name), member.linkname))
        path.symlink_to(member.linkname)
    elif member.islnk():
        other = inside(root, member.linkname)
        if not other.resolve().is_relative_to(root) or not other.is_file():
            raise SourceError(f"the source archive links {member.name!r} to {member.linkname!r}, which is not in it")
        shutil.copy2(other, path)
    else:
        raise SourceError(f"the source archive holds {member.name!r}, which is no file, folder or link")


def inside(root: Path, name: str) -> Path:
    """Return the path of an entry below `root`. Raises SourceError when it would be outside."""
    clean = posixpath.normpath(name)
    if clean.startswith(("/", "../")) or clean == ".." or "\0" in name:
        raise SourceError(f"the source archive has an entry outside of its folder: {name!r}")
    return root / clean


def check_links(root: Path) -> None:
    """Look where each link really ends: links of links can lead out although each of them looks harmless.

    Raises SourceError.
    """
    for folder, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(folder, name)
            if path.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
                raise SourceError(f"the source archive has a link out of its folder: {str(path.relative_to(root))!r}")
