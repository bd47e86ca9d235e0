"""The fingerprint of a context: the same on every machine, file system and Python.

It is made of names, kinds, executable bits, link targets and contents. The archive is not hashed, because its
compressed bytes depend on the version of zlib. Windows has no executable bits and sends every file as executable, as
docker does there; a fingerprint tells that from a change of the context.
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
from pulumi_acr_tasks.source.entries import Entry, changed_ns
from pulumi_acr_tasks.source.tree import Tree

_BLOCK = 1 << 20
_STABLE_NS = 2_000_000_000
"""A file that changed within the last two seconds is not cached: it may change again within the same tick."""

_cache: dict[str, tuple[tuple[int, int, int], str]] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Fingerprint:
    """The hashes of a context.

    `hash`: over names, kinds, executable bits, link targets and contents. `contents`: the same with no file executable.
    `uniform`: the same with every file executable, as on a machine without such bits (Windows, or a drive of Windows
    under WSL). `tree`: the short hashes of its files and folders, as many as fit, to show which files have changed.
    """

    hash: str
    contents: str
    uniform: str
    tree: str = field(default="", compare=False)

    def reconciled(self, known: object, contents: object) -> str:
        """Return `known`, the hash in state, if it stands for this context; otherwise this context's own hash.

        `contents` is the hash of the contents in state, None in states of older releases. Two machines agree when their
        contents do and one of the two has no executable bits.
        """
        bits_unknown_here = self.hash == self.uniform and self.contents in (contents, known)
        return known if isinstance(known, str) and (known == self.uniform or bits_unknown_here) else self.hash


class ContextHash:
    """The computation of a fingerprint, one entry after the other in the order of the walk."""

    def __init__(self) -> None:
        # The first line is the version of the format: another format must give another hash.
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
    """Return the fingerprint of a context. Files that have not changed since the last call are not read again.

    Raises SourceError for a file that cannot be read.
    """
    total = ContextHash()
    for entry in members:
        total.add(entry, _content(entry) if entry.kind == "file" else "")
    return total.value()


def hash_file(path: Path) -> str:
    """Return the hash of one file's content, in hexadecimal.

    Raises SourceError when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hash_stream(file)
    except OSError as error:
        raise SourceError(f"{path} in the context cannot be read: {error.strerror}.") from error


def hash_stream(file: IO[bytes]) -> str:
    """Return the hash of the rest of a file, in hexadecimal. Memory does not grow with it."""
    content = hashlib.sha256()
    while block := file.read(_BLOCK):
        content.update(block)
    return content.hexdigest()


def cached(path: Path, purpose: str, compute: Callable[[], str]) -> str:
    """Return `compute()`, cached for the file and the purpose until the file changes.

    Raises SourceError when the file cannot be read, and what `compute` raises.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    return _cached(f"{purpose} {path.absolute()}", (status.st_size, changed_ns(status), status.st_ino), compute)


def _content(entry: Entry) -> str:
    seen = (entry.size, entry.changed_ns, entry.inode)
    return _cached(str(entry.path.absolute()), seen, lambda: hash_file(entry.path))


def _cached(key: str, seen: tuple[int, int, int], compute: Callable[[], str]) -> str:
    """Return the cached value of `key` if the file has the same size, time and inode (`seen`); otherwise compute it."""
    with _lock:
        known = _cache.get(key)
    if known is not None and known[0] == seen:
        return known[1]
    computed = compute()
    if time.time_ns() - seen[1] > _STABLE_NS:
        with _lock:
            _cache[key] = (seen, computed)
    return computed
