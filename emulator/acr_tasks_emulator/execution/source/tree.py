"""What a commit holds, looked at before anything of it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from acr_tasks_emulator.execution.source.archive import LIMITS, Limits, SourceError

_FEW = 64 * 1024


class TreeMeter:
    """Counts what the commits of a source hold, together."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._entries = 0
        self._size = 0

    def check(self, listing: Iterable[bytes]) -> None:
        """Count a commit, and refuse more files, bytes or folders in folders than the limits allow.

        listing: pieces of what `git ls-tree -r -z --long` prints, which names a folder as often as the commit does: a
        few kilobytes can name billions of files. Raises SourceError as soon as it is known.
        """
        for record in _records(listing):
            about, _, name = record.partition(b"\t")
            length = about.split(b" ")[-1]
            self._entries += 1
            self._size += int(length) if length.isdigit() else 0
            if self._entries > self._limits.entries:
                raise SourceError(f"the repository has more than {self._limits.entries} files")
            if self._size > self._limits.size_bytes:
                raise SourceError(f"the files of the repository have more than {self._limits.size_bytes} bytes")
            if name.count(b"/") >= self._limits.depth:
                raise SourceError(f"the repository has folders that are nested more than {self._limits.depth} deep")


def _records(listing: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in listing:
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
        if len(rest) > _FEW:
            raise SourceError("the repository has a name that is too long")
