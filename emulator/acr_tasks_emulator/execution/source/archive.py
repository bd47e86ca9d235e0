"""Untrusted tar archives, read as a stream with limits on sizes, counts and headers."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.source import SourceError

HEADER_BYTES = 16 * 1024
"""The maximum length of an extended header. tarfile parses each with regular expressions, and many digits in a row
take a second at this length, a minute at eight times that, during which no other thread runs."""

_BUFFER = 1024 * 1024
_HEADERS_ALLOWED = 512 * 1024**2
_HEADERS = {tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE}
_HEADERS |= {tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK}
_OPENERS = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}


@dataclass(frozen=True)
class Limits:
    """The limits of a source. The service states none; these protect this machine.

    size_bytes: of all unpacked files. entries: the number of files, links and folders. depth: of nested folders. ratio:
    of the content's length to the archive's; it holds only beyond `ratio_from` bytes.
    """

    size_bytes: int = 8 * 1024**3
    entries: int = 200_000
    depth: int = 100
    ratio: int = 200
    ratio_from: int = 256 * 1024**2


LIMITS = Limits()


class Meter:
    """A count of the entries and bytes that an archive of `length` bytes unpacks to, checked against the limits."""

    def __init__(self, length: int, limits: Limits) -> None:
        self._length = length
        self._limits = limits
        self._entries = 0
        self._content = 0
        self._stream = 0

    def add_entry(self, size: int) -> None:
        """Count an entry whose header says `size` bytes. Raises SourceError beyond a limit."""
        self._entries += 1
        self._content += size
        if self._entries > self._limits.entries:
            raise SourceError(f"the source archive has more than {self._limits.entries} entries")
        if self._content > self._limits.size_bytes:
            raise SourceError(f"the source archive unpacks to more than {self._limits.size_bytes} bytes")

    def add_bytes(self, size: int) -> None:
        """Count `size` unpacked bytes, headers included. Raises SourceError beyond a limit."""
        self._stream += size
        if self._stream > self._limits.size_bytes + _HEADERS_ALLOWED:
            raise SourceError(f"the source archive unpacks to more than {self._limits.size_bytes} bytes")
        if self._stream > max(self._limits.ratio_from, self._limits.ratio * self._length):
            raise SourceError(f"the source archive unpacks to more than {self._limits.ratio} times its length")


@contextlib.contextmanager
def entries(path: Path, limits: Limits) -> Iterator[tuple[tarfile.TarFile, Iterator[tarfile.TarInfo]]]:
    """Open an archive, compressed or not; yield it and its entries. Read each entry before you take the next.

    Raises SourceError, within the block too, when the archive cannot be read or exceeds a limit.
    """
    meter = None
    try:
        with path.open("rb") as packed:
            start = packed.read(6)
            packed.seek(0)
            meter = Meter(path.stat().st_size, limits)
            opener: Any = next((found for magic, found in _OPENERS.items() if start.startswith(magic)), None)
            with contextlib.ExitStack() as stack:
                plain = stack.enter_context(opener(packed)) if opener else packed
                stream: Any = _Metered(plain, meter)
                tar = stack.enter_context(tarfile.open(fileobj=stream, mode="r|", bufsize=_BUFFER, tarinfo=_Entry))
                yield tar, _each(tar, stream, meter)
    except FileNotFoundError as error:
        raise SourceError("the source archive does not exist any more") from error
    except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError, ValueError, RecursionError) as error:
        raise SourceError(f"the source archive cannot be unpacked: {_reason(error)}") from error


def _each(tar: tarfile.TarFile, stream: _Metered, meter: Meter) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        tar.members.clear()  # type: ignore[attr-defined]  # tarfile keeps each entry in memory otherwise
        meter.add_entry(member.size if member.isreg() else 0)
        yield member
    while stream.read(_BUFFER):  # read to the end, where the checksum is verified
        pass


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # without the path on this machine
    if isinstance(error, RecursionError):
        return "its headers are nested too deeply"
    return (str(error).splitlines() or [type(error).__name__])[0]


class _Metered:
    """A stream of the uncompressed bytes that counts them."""

    def __init__(self, file: io.BufferedIOBase, meter: Meter) -> None:
        self._file = file
        self._meter = meter
        self._began = False

    def read(self, size: int) -> bytes:
        try:
            data = self._file.read1(size)
        except gzip.BadGzipFile as error:
            if not self._began or "CRC" in str(error) or "length" in str(error):
                raise
            data = b""  # trailing bytes after the compressed ones are ignored, as in other readers
        self._began = True
        self._meter.add_bytes(len(data))
        return data


class _Entry(tarfile.TarInfo):
    """An entry with a checked header: tarfile trusts every length, and ends silently at a damaged header."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Entry:
        try:
            return super().frombuf(buf, encoding, errors)
        except (tarfile.InvalidHeaderError, tarfile.TruncatedHeaderError) as error:  # type: ignore[attr-defined]  # undocumented
            raise SourceError(f"the source archive cannot be unpacked: {error}") from error

    def _proc_member(self, tar: tarfile.TarFile) -> tarfile.TarInfo:
        if self.size < 0 or (self.type in _HEADERS and self.size > HEADER_BYTES):
            raise SourceError("the source archive has a header that is too long")
        if self.type == tarfile.GNUTYPE_SPARSE:
            self._refuse()
        found: tarfile.TarInfo = super()._proc_member(tar)  # type: ignore[misc]  # undocumented
        if found.size < 0:
            raise SourceError("the source archive has an entry of a negative length")
        return found

    def _refuse(self, *_: object) -> None:
        # A sparse file claims a large size in a few bytes; tools that pack a context do not write any.
        raise SourceError("the source archive holds a sparse file, which is not supported")

    _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse
