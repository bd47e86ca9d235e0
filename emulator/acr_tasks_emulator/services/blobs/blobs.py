"""The blob service: uploads and logs behind signed links."""

from __future__ import annotations

import contextlib
import hashlib
import re
import threading
import uuid
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO
from xml.etree import ElementTree

from acr_tasks_emulator.clock import Clock, parse, round_trip
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.blobs.sas import CREATE_WRITE, READ, Signer
from acr_tasks_emulator.store.blobs import Blob, BlobStore
from acr_tasks_emulator.store.database import StorageFullError, full_disk_as_error
from acr_tasks_emulator.switches import Switches

COMPLETE = "Complete"
BINARY = "application/octet-stream"
TEXT = "text/plain; charset=utf-8"
UPLOAD_LIMIT = 4 * 1024**3
"""The most bytes of a blob, whole or in blocks, committed or not. The blob service itself allows more."""
BLOCKS_LIMIT = 50_000
"""The most blocks of a blob, as in the blob service."""


_SOURCE = re.compile(r"source/\d{8}0000/[^/]+\.tar\.gz")


def is_upload(relative_path: str) -> bool:
    """Return whether a relative path has the form of those that `BlobsService.new_source` gives."""
    return _SOURCE.fullmatch(relative_path) is not None


class BlobsService:
    """Names of blobs, signed links to them, and their content. A registry is given by its key in the store."""

    def __init__(self, store: BlobStore, signer: Signer, clock: Clock, switches: Switches) -> None:
        self.store = store
        self.signer = signer
        self._clock = clock
        self._log_missing = timedelta(seconds=switches.log_missing_seconds)

    def new_source(self, registry: str, correlation_id: str) -> tuple[str, str]:
        """Return the relative path of a source upload and the link to write it.

        The path contains the caller's correlation id, as in the service. Two calls with the same id get the same path:
        the later upload replaces the earlier one.
        """
        relative_path = f"source/{self._clock.now():%Y%m%d}0000/{_identifier(correlation_id)}.tar.gz"
        return relative_path, self.signer.link(container_of(registry), relative_path, CREATE_WRITE)

    def find_source(self, registry: str, relative_path: str) -> Blob | None:
        """Return an uploaded source, or None."""
        if not relative_path.startswith("source/") or ".." in relative_path.split("/"):
            return None
        return self.store.find(container_of(registry), relative_path)

    def log_link(self, registry: str, run_id: str) -> str:
        """Return a link to read a run's log, which need not exist yet."""
        return self.signer.link(container_of(registry), log_name(run_id), READ)

    def find_log(self, registry: str, run_id: str) -> Blob | None:
        """Return a run's log; None until an agent has started it."""
        return self.store.find(container_of(registry), log_name(run_id))

    def open_log(self, registry: str, run_id: str) -> Log:
        """Make a run's log, or open the existing one."""
        return Log(self.store, container_of(registry), log_name(run_id), round_trip(self._clock.now()))

    def readable(self, container: str, name: str, query: Mapping[str, str]) -> Blob:
        """Check a signed link and return the blob it reads. Raises ServiceError."""
        self.signer.check(container, name, query, READ)
        blob = self.store.find(container, name)
        if blob is None or self._is_still_missing(name, blob):
            raise errors.BLOB_NOT_FOUND()
        return blob

    def _is_still_missing(self, name: str, blob: Blob) -> bool:
        return name.startswith("logs/") and self._clock.now() < parse(blob.creation_time) + self._log_missing

    def check_writable(self, container: str, name: str, query: Mapping[str, str], create_only: bool) -> None:
        """Refuse a write that the link does not allow, or a `create_only` one over a blob. Raises ServiceError."""
        self.signer.check(container, name, query, CREATE_WRITE)
        if create_only and self.store.find(container, name) is not None:
            raise errors.BLOB_ALREADY_EXISTS()

    def keep_block(self, upload: Path, container: str, name: str, block_id: str) -> None:
        """Keep an upload as one uncommitted block. Raises ServiceError."""
        kept = self.store.block_lengths(container, name)
        if len(kept) >= BLOCKS_LIMIT:
            raise errors.BLOB_BLOCK_COUNT(limit=BLOCKS_LIMIT)
        if sum(kept) + upload.stat().st_size > UPLOAD_LIMIT:
            raise errors.BLOB_TOO_LARGE()
        self.store.keep_block(upload, container, name, block_id)

    def commit_blocks(self, container: str, name: str, content_type: str, xml: bytes) -> Blob:
        """Join the blocks that a Put Block List names. Raises ServiceError."""
        block_ids = _block_ids(xml)
        if len(block_ids) > BLOCKS_LIMIT:
            raise errors.BLOB_BLOCK_LIST_LENGTH(limit=BLOCKS_LIMIT)
        if sum(self.store.block_lengths(container, name, block_ids)) > UPLOAD_LIMIT:  # a block may be listed twice
            raise errors.BLOB_TOO_LARGE()
        blob = self.store.commit_blocks(block_ids, container, name, content_type, self.now())
        if blob is None:
            raise errors.BLOB_BLOCK_LIST()
        return blob

    def now(self) -> str:
        """Return the creation time for a blob made now."""
        return round_trip(self._clock.now())


class Log:
    """A run's log as an append blob: `execution.run_log.LogSink`."""

    def __init__(self, store: BlobStore, container: str, name: str, created: str) -> None:
        self._store = store
        self._container = container
        self._name = name
        self._lock = threading.Lock()
        self._file: BinaryIO = store.create_append_blob(container, name, TEXT, created)

    def write(self, data: bytes) -> None:
        """Append to the log. Drop data after its end, and data for which the disk has no room: the run continues."""
        with self._lock:
            if not self._file.closed:
                with contextlib.suppress(StorageFullError), full_disk_as_error():
                    self._file.write(data)

    def complete(self, value: str) -> None:
        """End the log: its metadata `Complete` tells readers that it has ended. Raises StorageFullError."""
        with self._lock:
            self._file.close()
            self._store.set_metadata(self._container, self._name, {COMPLETE: value})

    def close(self) -> None:
        """Close the file without ending the log, as when a process is killed."""
        self._file.close()


def container_of(registry: str) -> str:
    """Return the name of the container that holds a registry's blobs."""
    name = registry.rpartition("/")[2]
    return f"{name}-{hashlib.sha256(registry.encode()).hexdigest()[:10]}"


def log_name(run_id: str) -> str:
    """Return the name of a run's log blob."""
    return f"logs/{run_id}/rawtext.log"


def _identifier(correlation_id: str) -> str:
    try:
        return str(uuid.UUID(correlation_id))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, correlation_id))


def _block_ids(xml: bytes) -> list[str]:
    # A block list declares no entities; expanding them could fill the memory.
    if b"<!" in xml:
        raise errors.BLOB_XML()
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 - without <! there is neither a DTD nor an entity
    except ElementTree.ParseError:
        raise errors.BLOB_XML() from None
    return [(element.text or "").strip() for element in root]
