"""An archive as the local context of a run: uploaded as it is, fingerprinted by its members."""

from __future__ import annotations

import gzip
import os
import posixpath
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.archive import Counter, Progress, temporary_archive
from pulumi_acr_tasks.source.context import FILES, inner_name, names_as_sent
from pulumi_acr_tasks.source.digest import ContextHash, Fingerprint, cached, hash_stream
from pulumi_acr_tasks.source.entries import Entry

if TYPE_CHECKING:
    from typing_extensions import Self

SUFFIXES = (".tar", ".tar.gz", ".tgz")

_GZIP = b"\x1f\x8b"


def is_tarball(path: Path) -> bool:
    """Return whether a path has the name of an archive and is not a folder."""
    return path.name.lower().endswith(SUFFIXES) and not path.is_dir()


@dataclass(frozen=True)
class Tarball:
    """An archive file that is uploaded for a run. `request`: the request as ARM spells it."""

    path: Path
    request: dict[str, Any]

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield each mistake: the member of the request, empty for the archive itself, and a sentence."""
        if not self.path.is_file():
            yield "", f"the archive {self.path} does not exist (relative to {Path.cwd()})"
            return
        try:
            names = {entry.name for entry, _ in self._members() if entry.kind != "folder"}
        except SourceError as error:
            yield "", str(error)
            return
        for member in FILES:
            name = self.request.get(member)
            if isinstance(name, str) and inner_name(name) not in names:
                yield member, f"there is no file {name!r} in the archive {self.path}"

    def fingerprint(self) -> Fingerprint:
        """Return the fingerprint of the archive's members, which is that of the folder that it was made of.

        Raises SourceError for a file that is not an archive, or has a member outside the context.
        """
        return Fingerprint(*cached(self.path, "archive", self._hashes).split("\0"))

    def missed_by_classic_builder(self) -> list[str]:
        """Return no files: ignore rules do not apply to an archive."""
        return []

    def request_changes(self) -> dict[str, Any]:
        """Return the members of the request that change on sending: names with backslashes."""
        return names_as_sent(self.request)

    @contextmanager
    def archive(
        self, expected: str, contents: str | None = None, progress: Progress = lambda size: None
    ) -> Iterator[Path]:
        """Yield the path of the file to upload, compressed if it is not yet.

        `expected` and `contents` are the hashes in state. Raises SourceError when the archive has changed since.
        """
        if self.fingerprint().reconciled(expected, contents) != expected:
            raise SourceError(f"The archive {self.path} has changed since this update began: run pulumi up again.")
        if _is_compressed(self.path):
            yield self.path
            return
        counter = Counter(progress)

        def compress(file: IO[bytes]) -> None:
            with self.path.open("rb") as plain, gzip.open(file, "wb", compresslevel=6) as target:
                while block := plain.read(1 << 20):
                    target.write(block)
                    counter.add(len(block))

        with temporary_archive(compress) as (path, _):
            yield path

    def _hashes(self) -> str:
        # The order of the members does not count; of members with the same name, unpacking leaves the last one.
        last = {entry.name: (entry, content) for entry, content in self._members(contents=True)}
        total = ContextHash()
        for name in sorted(last, key=lambda name: [os.fsencode(part) for part in name.split("/")]):
            total.add(*last[name])
        found = total.value()
        return "\0".join((found.hash, found.contents, found.uniform, found.tree))

    def _members(self, *, contents: bool = False) -> Iterator[tuple[Entry, str]]:
        """Yield the members in the archive's order, with the hashes of their contents if `contents` is true."""
        try:
            opened = gzip.open if _is_compressed(self.path) else open
            with opened(self.path, "rb") as file, tarfile.open(fileobj=file, mode="r:", tarinfo=_Member) as archive:
                before = -1
                for member in archive:
                    if member.size < 0 or member.offset <= before:
                        raise tarfile.ReadError("a size is negative")
                    before = member.offset
                    entry = _entry(member, self.path)
                    if entry is None:
                        continue
                    content = archive.extractfile(member) if contents and entry.kind == "file" else None
                    yield entry, hash_stream(content) if content is not None else ""
                while file.read(1 << 20):  # the checksum stands at the end of the compression
                    pass
        except (tarfile.TarError, OSError, EOFError, zlib.error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise self._unreadable(reason) from error
        except (ValueError, OverflowError, RecursionError) as error:  # from extended headers, which tarfile trusts
            raise self._unreadable("a header is damaged") from error

    def _unreadable(self, reason: str) -> SourceError:
        return SourceError(f"{self.path} cannot be read as an archive ({', '.join(SUFFIXES)}): {reason}.")


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_GZIP)) == _GZIP


class _Member(tarfile.TarInfo):
    """A member whose damaged header is an error; `tarfile` takes it for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if buf.strip(tarfile.NUL):
                raise tarfile.ReadError(str(error)) from error
            raise


def _entry(member: tarfile.TarInfo, archive: Path) -> Entry | None:
    """Return the entry of one member; None for the root itself.

    Raises SourceError for a member outside the context, and for pipes and devices.
    """
    name = posixpath.normpath(member.name)
    if name == ".":
        return None
    if name.startswith(("../", "/")) or name == "..":
        raise SourceError(f"The archive {archive} has a member outside of the context: {member.name}.")
    if member.isdir():
        return Entry(name, archive, "folder")
    if member.issym() or member.islnk():
        target = member.linkname
        return Entry(name, archive, "link", target=target if member.issym() else f"={posixpath.normpath(target)}")
    if not member.isfile():
        raise SourceError(f"The archive {archive} has {member.name}, a pipe or a device, which cannot be sent.")
    return Entry(name, archive, "file", executable=bool(member.mode & 0o100), size=member.size)
