"""The archive of a context: a tar.gz that depends on nothing but the context."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.digest import ContextHash, Fingerprint
from pulumi_acr_tasks.source.entries import Entry

_TIME = 946_684_800
"""2000-01-01T00:00:00Z, the time of every file. Not 0: zip files, which builds make of their sources, know nothing
before 1980."""

_LEVEL = 6  # 9 takes three times as long for a percent or two


Watch = Callable[[int], None]
"""Is told now and then how many bytes have been read; what it raises ends the packing."""


@contextmanager
def packed(members: Iterable[Entry], watch: Watch = lambda size: None) -> Iterator[tuple[Path, Fingerprint]]:
    """Pack a context into a temporary file, gone at the end of the block: its path, and the context's fingerprint as it
    was packed.

    Memory does not grow with the context. Raises SourceError for a file that cannot be read or that grows or shrinks
    meanwhile, and what `watch` raises.
    """
    # An upload that was left at ^C may still have the file open, which Windows does not like.
    with tempfile.TemporaryDirectory(prefix="acr-tasks-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "context.tar.gz"
        with path.open("wb") as file:
            digest = pack(members, file, watch)
        yield path, digest


def pack(members: Iterable[Entry], file: IO[bytes], watch: Watch = lambda size: None) -> Fingerprint:
    """Write the tar.gz of `members` to `file` and return the context's fingerprint.

    Owners are 0, times fixed, modes 755 or 644, links kept as links. `watch` is told of each block.
    Raises SourceError for a file that cannot be read or that grows or shrinks meanwhile.
    """
    total, counter = ContextHash(), Counter(watch)
    # The header of a gzip file has a name and a time of its own: both left out.
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_LEVEL, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for entry in members:
            total.add(entry, _add(archive, entry, counter))
    return total.value()


def _add(archive: tarfile.TarFile, entry: Entry, counter: Counter) -> str:
    """Add one entry; the hash of a file's content as it went in, in hexadecimal, and nothing for the others."""
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
        with entry.path.open("rb") as content:
            header.size = entry.size
            reader = _Hashing(content, counter)
            archive.addfile(header, reader)
            if content.read(1):
                raise SourceError(f"{entry.path} grew while it was packed: run pulumi up again.")
    except OSError as error:
        # tarfile reports a file that ends too soon as an OSError without a number.
        reason = error.strerror or "it shrank while it was packed"
        raise SourceError(f"{entry.path} in the context cannot be read: {reason}.") from error
    return reader.hash.hexdigest()


class Counter:
    """Counts bytes, and tells `watch` the sum each time."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._sum = 0

    def add(self, size: int) -> None:
        self._sum += size
        self._watch(self._sum)


class _Hashing:
    """A file that hashes and counts what is read from it."""

    def __init__(self, file: IO[bytes], counter: Counter) -> None:
        self._file, self._counter = file, counter
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.hash.update(block)
        self._counter.add(len(block))
        return block
