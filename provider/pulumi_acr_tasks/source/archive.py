"""The archive of a context: a tar.gz that depends on nothing but the context."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.digest import ContextHash
from pulumi_acr_tasks.source.entries import Entry

_TIME = 946_684_800
"""2000-01-01T00:00:00Z, the time of every file. Not 0: zip files, which builds make of their sources, know nothing
before 1980."""

_LEVEL = 6  # 9 takes three times as long for a percent or two


@contextmanager
def packed(members: Iterable[Entry]) -> Iterator[tuple[Path, str]]:
    """Pack a context into a temporary file, gone at the end of the block: its path, and the context's hash as it was
    packed.

    Memory does not grow with the context. Raises SourceError for a file that cannot be read or that grows or shrinks
    meanwhile.
    """
    with tempfile.TemporaryDirectory(prefix="acr-tasks-") as folder:
        path = Path(folder) / "context.tar.gz"
        with path.open("wb") as file:
            digest = pack(members, file)
        yield path, digest


def pack(members: Iterable[Entry], file: IO[bytes]) -> str:
    """Write the tar.gz of `members` to `file` and return the context's hash.

    Owners are 0, times fixed, modes 755 or 644, links kept as links.
    Raises SourceError for a file that cannot be read or that grows or shrinks meanwhile.
    """
    total = ContextHash()
    # The header of a gzip file has a name and a time of its own: both left out.
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=_LEVEL, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w|", format=tarfile.PAX_FORMAT) as archive,
    ):
        for entry in members:
            total.add(entry, _add(archive, entry))
    return total.value()


def _add(archive: tarfile.TarFile, entry: Entry) -> str:
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
            reader = _Hashing(content)
            archive.addfile(header, reader)
            if content.read(1):
                raise SourceError(f"{entry.path} grew while it was packed: run pulumi up again.")
    except OSError as error:
        # tarfile reports a file that ends too soon as an OSError without a number.
        reason = error.strerror or "it shrank while it was packed"
        raise SourceError(f"{entry.path} in the context cannot be read: {reason}.") from error
    return reader.hash.hexdigest()


class _Hashing:
    """A file that hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        block = self._file.read(size)
        self.hash.update(block)
        return block
