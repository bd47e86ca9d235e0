"""Blobs: their content in files, everything else about them in the database."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from acr_tasks_emulator.store.database import Database, full_disk_as_error

CHUNK = 256 * 1024
BLOCKS_KEPT_SECONDS = 7 * 24 * 3600
"""Blocks that no list names are removed after a week, as in the service."""


@dataclass(frozen=True)
class Blob:
    """A blob. `length` is in bytes; `etag` changes with every write of data or metadata."""

    path: Path
    blob_type: str
    content_type: str
    creation_time: str
    length: int
    etag: str
    modified: float
    metadata: dict[str, str] = field(default_factory=dict)


class BlobStore:
    """Files below one folder: whole blobs, blocks of blobs that are not committed, and uploads in progress.

    Containers and names come from the emulator, not from callers; even so no file outside of the folder is touched.
    """

    def __init__(self, folder: Path, database: Database) -> None:
        self._folder = folder.resolve()
        self._database = database
        self._lock = threading.Lock()
        for part in ("whole", "blocks", "uploads"):
            (self._folder / part).mkdir(parents=True, exist_ok=True)
        for leftover in (self._folder / "uploads").iterdir():
            leftover.unlink()
        for blocks in (self._folder / "blocks").iterdir():
            if time.time() - blocks.stat().st_mtime > BLOCKS_KEPT_SECONDS:
                shutil.rmtree(blocks, ignore_errors=True)

    def find(self, container: str, name: str) -> Blob | None:
        """Return a blob, or None."""
        row = self._database.row("SELECT * FROM blob WHERE container = ? AND name = ?", container, name)
        if row is None:
            return None
        path = self._whole(container, name)
        try:
            status = path.stat()
        except FileNotFoundError:
            return None
        mark = f"{row['version']}/{status.st_size}/{status.st_mtime_ns}"
        return Blob(
            path=path,
            blob_type=row["blob_type"],
            content_type=row["content_type"],
            creation_time=row["creation_time"],
            length=status.st_size,
            etag=f'"0x{hashlib.sha256(mark.encode()).hexdigest()[:15].upper()}"',
            modified=status.st_mtime,
            metadata=json.loads(row["metadata"]),
        )

    @contextlib.contextmanager
    def upload(self) -> Iterator[tuple[BinaryIO, Path]]:
        """Open a new file for an upload; it is removed afterwards unless `commit` or `keep_block` took it.

        Raises StorageFullError.
        """
        path = self._folder / "uploads" / secrets.token_hex(16)
        try:
            with full_disk_as_error(), open(path, "xb", opener=_private) as file:
                yield file, path
        finally:
            path.unlink(missing_ok=True)

    def commit(self, upload: Path, container: str, name: str, content_type: str, created: str) -> Blob:
        """Replace the content of a block blob by an upload."""
        target = self._whole(container, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._describe(container, name, "BlockBlob", content_type, created)  # no file: a missing blob
            upload.replace(target)
        shutil.rmtree(self._blocks(container, name), ignore_errors=True)
        return self._known(container, name)

    def keep_block(self, upload: Path, container: str, name: str, block_id: str) -> None:
        """Keep an upload as one uncommitted block."""
        folder = self._blocks(container, name)
        folder.mkdir(parents=True, exist_ok=True)
        upload.replace(folder / _hash(block_id))

    def block_lengths(self, container: str, name: str, block_ids: Iterable[str] | None = None) -> list[int]:
        """Return the lengths of a blob's uncommitted blocks: of all, or of those named, as often as they are named."""
        with contextlib.suppress(FileNotFoundError), os.scandir(self._blocks(container, name)) as folder:
            kept = {entry.name: entry.stat().st_size for entry in folder}
            names = kept if block_ids is None else map(_hash, block_ids)
            return [kept.get(each, 0) for each in names]
        return []

    def commit_blocks(
        self, block_ids: Iterable[str], container: str, name: str, content_type: str, created: str
    ) -> Blob | None:
        """Join blocks into a block blob; return None when one of them is missing."""
        parts = [self._blocks(container, name) / _hash(block_id) for block_id in block_ids]
        with self.upload() as (file, path):
            for part in parts:
                try:
                    with part.open("rb") as source:
                        shutil.copyfileobj(source, file, CHUNK)
                except FileNotFoundError:
                    return None
            file.flush()
            return self.commit(path, container, name, content_type, created)

    def create_append_blob(self, container: str, name: str, content_type: str, created: str) -> BinaryIO:
        """Make an append blob, or open the existing one; return its file for appending, unbuffered."""
        target = self._whole(container, name)
        target.parent.mkdir(parents=True, exist_ok=True)
        with self._lock:
            self._describe(container, name, "AppendBlob", content_type, created)
            return open(target, "ab", buffering=0, opener=_private)

    def set_metadata(self, container: str, name: str, metadata: dict[str, str]) -> None:
        """Replace a blob's metadata; do nothing when the blob is missing."""
        self._database.execute(
            "UPDATE blob SET metadata = ?, version = version + 1 WHERE container = ? AND name = ?",
            json.dumps(metadata),
            container,
            name,
        )

    def delete_container(self, container: str) -> None:
        """Remove every blob of a container; uncommitted blocks stay until `clear`."""
        with self._lock:
            self._database.execute("DELETE FROM blob WHERE container = ?", container)
            shutil.rmtree(self._folder / "whole" / container, ignore_errors=True)

    def prune(self) -> None:
        """Remove the remains of a killed process: files without a blob, and blobs without a file."""
        known = {}
        for row in self._database.rows("SELECT container, name FROM blob"):
            known[self._whole(row["container"], row["name"])] = (row["container"], row["name"])
        there = {path for path in (self._folder / "whole").rglob("*") if path.is_file()}
        for path in there - known.keys():
            path.unlink()
        for path in known.keys() - there:
            self._database.execute("DELETE FROM blob WHERE container = ? AND name = ?", *known[path])

    def clear(self) -> None:
        """Remove every blob and block."""
        self._database.execute("DELETE FROM blob")
        for part in ("whole", "blocks"):
            shutil.rmtree(self._folder / part, ignore_errors=True)
            (self._folder / part).mkdir(exist_ok=True)

    def _describe(self, container: str, name: str, blob_type: str, content_type: str, created: str) -> None:
        self._database.execute(
            "INSERT INTO blob (container, name, blob_type, content_type, metadata, creation_time, version)"
            " VALUES (?, ?, ?, ?, '{}', ?, 1) ON CONFLICT (container, name) DO UPDATE SET"
            " blob_type = excluded.blob_type, content_type = excluded.content_type, metadata = '{}',"
            " version = version + 1",
            container,
            name,
            blob_type,
            content_type,
            created,
        )

    def _known(self, container: str, name: str) -> Blob:
        blob = self.find(container, name)
        if blob is None:
            raise FileNotFoundError(name)
        return blob

    def _whole(self, container: str, name: str) -> Path:
        folder = self._folder / "whole" / container
        path = Path(os.path.normpath(folder / name))
        if folder not in path.parents:
            raise ValueError(f"not the name of a blob: {name}")
        return path

    def _blocks(self, container: str, name: str) -> Path:
        return self._folder / "blocks" / _hash(f"{container}/{name}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner can read, whatever the mask."""
    return os.open(path, flags, 0o600)
