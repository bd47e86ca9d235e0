"""The archive of a context: a tar.gz that is the same for the same context on every machine."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, TypeVar

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.digest import ContextHash, Fingerprint
from pulumi_acr_tasks.source.entries import Entry

T = TypeVar("T")

_TIME = 946_684_800
"""2000-01-01T00:00:00Z, the time of every file. Not 0: builds make zip files, which cannot hold a time before 1980."""

_LEVEL = 6  # 9 takes three times as long for a percent or two


Progress = Callable[[int], None]
"""A callback with the number of bytes read so far; an exception that it raises ends the packing."""


@contextmanager
def packed(members: Iterable[Entry], progress: Progress = lambda size: None) -> Iterator[tuple[Path, Fingerprint]]:
    """Pack a context into a temporary file for the block; yield its path, and the fingerprint of what was packed.

    Memory does not grow with the context. Raises SourceError for a file that cannot be read or that grows or shrinks
    meanwhile, and for a disk that is full, and what `progress` raises.
    """
    with temporary_archive(lambda file: pack(members, file, progress)) as written:
        yield written


@contextmanager
def temporary_archive(write: Callable[[IO[bytes]], T]) -> Iterator[tuple[Path, T]]:
    """Let `write` fill a temporary file for the block; yield its path, and the result of `write`.

    Raises SourceError for a file that cannot be written.
    """
    with ExitStack() as stack:
        try:
            # An abandoned upload may still have the file open after ^C; Windows then refuses to remove it.
            folder = tempfile.TemporaryDirectory(prefix="acr-tasks-", ignore_cleanup_errors=True)
            path = Path(stack.enter_context(folder)) / "context.tar.gz"
            with path.open("wb") as file:
                result = write(file)
        except OSError as error:
            raise SourceError(
                f"The context cannot be packed into a temporary file: {error.strerror}. TMPDIR names its folder."
            ) from error
        yield path, result


def pack(members: Iterable[Entry], file: IO[bytes], progress: Progress = lambda size: None) -> Fingerprint:
    """Write the tar.gz of `members` to `file` and return the context's fingerprint.

    Owners are 0, times fixed, modes 755 or 644, links kept as links. `progress` is called for each block.
    Raises SourceError for a file that cannot be read or that grows or shrinks meanwhile.
    """
    total, counter = ContextHash(), Counter(progress)
    # The header of a gzip file would have a name and a time of its own.
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_LEVEL, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for entry in members:
            total.add(entry, _add(archive, entry, counter))
    return total.value()


def _add(archive: tarfile.TarFile, entry: Entry, counter: Counter) -> str:
    """Add one entry; return the hash of a file's content as packed, in hexadecimal, empty for folders and links."""
    header = tarfile.TarInfo(entry.name)
    header.mtime = _TIME
    header.mode = 0o755 if entry.executable or entry.kind == "folder" else 0o644
    if entry.kind == "folder":
        header.type = tarfile.DIRTYPE
    elif entry.kind == "link":
        header.type = tarfile.SYMTYPE
        header.linkname = entry.target
        header.mode = 0o777
    if entry.kind != "file":
        archive.addfile(header)
        return ""
    try:
        content = entry.path.open("rb")
    except OSError as error:
        raise _unreadable(entry, error.strerror) from error
    with content:
        header.size = entry.size
        reader = _Hashing(entry, content, counter)
        try:
            archive.addfile(header, reader)
        except OSError as error:
            if error.errno is not None:
                raise  # of the archive, which cannot be written
            raise _unreadable(entry, "it shrank while it was packed") from error
        if content.read(1):
            raise SourceError(f"{entry.path} grew while it was packed: run pulumi up again.")
    return reader.hash.hexdigest()


def _unreadable(entry: Entry, reason: str | None) -> SourceError:
    return SourceError(f"{entry.path} in the context cannot be read: {reason}.")


class Counter:
    """A counter of bytes that calls `progress` with each new sum."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._sum = 0

    def add(self, size: int) -> None:
        """Add `size` bytes."""
        self._sum += size
        self._progress(self._sum)


class _Hashing:
    """A file whose content is hashed and counted as it is read."""

    def __init__(self, entry: Entry, file: IO[bytes], counter: Counter) -> None:
        self._entry, self._file, self._counter = entry, file, counter
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        try:
            block = self._file.read(size)
        except OSError as error:
            raise _unreadable(self._entry, error.strerror) from error
        self.hash.update(block)
        self._counter.add(len(block))
        return block
