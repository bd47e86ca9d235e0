"""The hash of a context: the same on every machine, file system and Python.

It is taken over names, kinds, executable bits, link targets and contents, never over the archive, whose compressed
bytes depend on the zlib at hand. A machine without executable bits (Windows) sends every file as executable, as docker
does there; a fingerprint tells that from a change of the context.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.entries import Entry
from pulumi_acr_tasks.source.tree import Tree

_BLOCK = 1 << 20
_SETTLED_NS = 2_000_000_000
"""A file that changed within the last two seconds may change again without its time showing it; it is not
remembered."""

_remembered: dict[str, tuple[tuple[int, int, int], str]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Fingerprint:
    """What a context is known by.

    `hash`: over names, kinds, executable bits, link targets and contents. `contents`: the same with no file executable.
    `uniform`: the same with every file executable, as a machine has it that keeps no such bits (Windows, or a drive of
    Windows under WSL). `tree`: which files it has, as far as there is room, to tell what a change is in.
    """

    hash: str
    contents: str
    uniform: str
    tree: str = field(default="", compare=False)

    def reconciled(self, known: object, contents: object) -> str:
        """Return `known`, the hash in state, where it stands for this very context; else this context's own.

        `contents` is what state has beside it, None in states of older releases. Two machines agree when their contents
        do and one of the two keeps no executable bits.
        """
        bits_unknown_here = self.hash == self.uniform and self.contents in (contents, known)
        return known if isinstance(known, str) and (known == self.uniform or bits_unknown_here) else self.hash


class ContextHash:
    """Takes the fingerprint of a context, one entry after the other in the order of the walk."""

    def __init__(self) -> None:
        # The first line names the format: another one must give another hash.
        self._hash, self._contents, self._uniform = (hashlib.sha256(b"context 1\n") for _ in range(3))
        self._tree = Tree()

    def add(self, entry: Entry, content: str = "") -> None:
        """Add one entry; `content` is the hash of a file's content, in hexadecimal."""
        is_file = entry.kind == "file"
        kinds = (
            (self._hash, "executable" if entry.executable else entry.kind),
            (self._contents, entry.kind),
            (self._uniform, "executable" if is_file else entry.kind),
        )
        fields = b"".join(os.fsencode(field) + b"\0" for field in (entry.name, entry.target, content))
        for digest, kind in kinds:
            digest.update(kind.encode() + b"\0" + fields)
        self._tree.add(entry, content)

    def value(self) -> Fingerprint:
        """Return the fingerprint; each hash is `sha256:` and 64 hexadecimal digits."""
        digests = (self._hash, self._contents, self._uniform)
        hash_, contents, uniform = ("sha256:" + digest.hexdigest() for digest in digests)
        return Fingerprint(hash_, contents, uniform, self._tree.text())


def hash_context(members: Iterable[Entry]) -> Fingerprint:
    """Return the fingerprint of a context; the contents of files that have not changed since the last call are not read
    again.

    Raises SourceError for a file that cannot be read.
    """
    total = ContextHash()
    for entry in members:
        total.add(entry, _content(entry) if entry.kind == "file" else "")
    return total.value()


def hash_file(path: Path) -> str:
    """The hash of one file's content, in hexadecimal.

    Raises SourceError when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hash_stream(file)
    except OSError as error:
        raise SourceError(f"{path} in the context cannot be read: {error.strerror}.") from error


def hash_stream(file: IO[bytes]) -> str:
    """The hash of what is left to read, in hexadecimal; memory does not grow with it."""
    content = hashlib.sha256()
    while block := file.read(_BLOCK):
        content.update(block)
    return content.hexdigest()


def remembered(path: Path, purpose: str, compute: Callable[[], str]) -> str:
    """What `compute` makes of a file for that purpose, computed again only when the file has changed.

    Raises SourceError when it cannot be read, and whatever `compute` raises.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    return _remembered_or(f"{purpose} {path.absolute()}", (status.st_size, status.st_mtime_ns, status.st_ino), compute)


def _content(entry: Entry) -> str:
    seen = (entry.size, entry.mtime_ns, entry.inode)
    return _remembered_or(str(entry.path.absolute()), seen, lambda: hash_file(entry.path))


def _remembered_or(key: str, seen: tuple[int, int, int], compute: Callable[[], str]) -> str:
    """What is remembered under `key` for a file that was `seen` (size, time, inode) as it is now, else computed."""
    with _lock:
        known = _remembered.get(key)
    if known is not None and known[0] == seen:
        return known[1]
    computed = compute()
    if time.time_ns() - seen[1] > _SETTLED_NS:
        with _lock:
            _remembered[key] = (seen, computed)
    return computed
