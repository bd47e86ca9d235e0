"""The journal of requests that the engine has not recorded yet, so that after a killed `up` nothing is made twice.

A request that makes a task or a run is recorded before it is sent. When `up` is killed, or the answer is lost, the
engine's state has no trace of it. The next create of the same URN finds the entry, and knows that the task or run
belongs to it.

An entry is removed when:

* `create` has returned (`returned`) and the engine then sends Cancel (`hand_over`): the engine has the result in its
  state. Cancel ends every command that is not killed, also after a failure or ^C.
* `diff`, `read`, `update` or `delete` of the URN is called with that id (`confirm`): the engine has the id only from
  its state. This covers an engine that was killed after it had written its checkpoint.
* The request was refused, or cannot have been sent (`end`): nothing was made.
* Seven days have passed.

An entry stays when the command was killed, or when no answer says whether the request was carried out. The next
`create` of that URN then finds it.

One small file for each URN, backend and organization, below Pulumi's home, readable by its owner only. No secret is in
it, and no hash of one: callers mask what they hash.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

TASK, RUN = "task", "run"

MAX_AGE = 7 * 24 * 3600.0  # seconds: longer than a weekend, shorter than the service's memory of runs (30 days)

_lock = threading.Lock()
_returned: set[Path] = set()
_opened: set[Path] = set()
_warned: set[Path] = set()


@dataclass(frozen=True)
class Entry:
    """One request to the service: `kind` is task or run, `urn` the resource, `endpoint` where it lives.

    `resource_id` is the ARM id; for a run without an id yet, that of its registry. `content_hash` is request_hash() of
    the request without its secrets. `time` is in seconds since 1970. A scheduled run has `run_id` and `create_time`, as
    the service spells them: a registry made anew counts its runs from the beginning. `sent` is the service's own time
    (RFC 3339) when the request was sent, empty where it was not known. `told` has the ids of runs, separated by blanks,
    that a message has named as possibly this request's.
    """

    kind: str
    urn: str
    endpoint: str
    resource_id: str
    content_hash: str = ""
    time: float = 0.0
    run_id: str = ""
    create_time: str = ""
    sent: str = ""
    told: str = ""


def request_hash(request: Any) -> str:
    """Return the hash of a plain value, independent of the order of its members: 64 hexadecimal digits."""
    return hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).hexdigest()


def hand_over() -> None:
    """Remove the entries of this process whose creates have returned: the engine has recorded them."""
    with _lock:
        files = list(_returned)
        _returned.clear()
    for file in files:
        Journal._remove(file)


def _on_any_host(urn: str) -> str:
    """Return a resource's URN as the dynamic host has it: a stack moves between the hosts by an alias of the type."""
    return urn.replace("acr-tasks:index:", "pulumi-python:dynamic/acr-tasks:")


class Journal:
    """The journal of a stack, opened for one of its resources. Threads and processes may share it; no method raises."""

    def __init__(
        self,
        folder: Path | None,
        backend: str,
        warn: Callable[[str], None],
        now: Callable[[], float],
        organization: str = "",
        urn: str = "",
    ) -> None:
        self._urn = urn
        self._folder, self._backend, self._warn, self._now = folder, backend, warn, now
        self._organization = quote(organization, safe="")

    @classmethod
    def open(
        cls,
        home: Path,
        urn: str | None,
        *,
        backend: str = "",
        organization: str = "",
        warn: Callable[[str], None] = lambda _: None,
        now: Callable[[], float] = time.time,
    ) -> Journal:
        """Open the journal of the stack and the resource of `urn`, below `home` (PULUMI_HOME, or ~/.pulumi).

        `backend` and `organization` tell apart states that have the same URN. The journal stays empty without a URN,
        which the SDK may hide, and where the folder cannot be written; then `warn` is called, once in a process.
        """
        parts = (urn or "").split("::", 2)
        if len(parts) != 3 or not parts[0].startswith("urn:pulumi:"):
            return cls(None, backend, warn, now)
        stack, project = parts[0].removeprefix("urn:pulumi:"), parts[1]
        folder = home / "acr-tasks-journal" / quote(project, safe="") / quote(stack, safe="")
        journal = cls(folder, backend, warn, now, organization, urn or "")
        with _lock:
            first = folder not in _opened
            _opened.add(folder)
        if first:
            journal._forget_old()
        return journal

    @property
    def folder(self) -> Path | None:
        """The stack's folder; None for a journal that stays empty."""
        return self._folder

    def begin(
        self,
        kind: str,
        *,
        endpoint: str,
        resource_id: str,
        content_hash: str = "",
        run_id: str = "",
        create_time: str = "",
        sent: str = "",
    ) -> Entry:
        """Record a request of the resource that is about to be sent, in place of any earlier entry."""
        with _lock:
            _returned.discard(self._file(self._urn) or Path())
        entry = Entry(kind, self._urn, endpoint, resource_id, content_hash, self._now(), run_id, create_time, sent)
        self._write(entry)
        return entry

    def amend(self, entry: Entry, **members: str) -> Entry:
        """Write an entry again with these members changed, such as those of the service's answer."""
        amended = replace(entry, **members)  # type: ignore[arg-type]  # every changed member is text
        self._write(amended)
        return amended

    def find(self, kind: str, *, endpoint: str, resource_id: str = "", content_hash: str = "") -> Entry | None:
        """Return the resource's entry at that endpoint, with that id and hash where they are given; else None."""
        entry = self._read(self._file(self._urn))
        if entry is None or entry.kind != kind or self._now() - entry.time > MAX_AGE:
            return None
        if _on_any_host(entry.urn) != _on_any_host(self._urn):
            return None
        if entry.endpoint.lower() != endpoint.lower():
            return None
        if resource_id and entry.resource_id.lower() != resource_id.lower():
            return None
        return None if content_hash and entry.content_hash != content_hash else entry

    def age(self, entry: Entry) -> float:
        """Return how many seconds ago an entry was begun, by this machine's clock."""
        return max(0.0, self._now() - entry.time)

    def end(self, entry: Entry) -> None:
        """Remove an entry."""
        self._remove(self._file(entry.urn))

    def remaining(self, kind: str) -> list[Entry]:
        """Return the stack's entries of a kind; those of all organizations if the stack's is not known."""
        folder = self._folder or Path()
        with contextlib.suppress(OSError):
            files = [] if self._folder is None else sorted((folder / self._organization).rglob("*.json"))
            found = [(file, entry) for file in files if (entry := self._read(file)) is not None]
            return [
                entry
                for file, entry in found
                if entry.kind == kind and self._now() - entry.time <= MAX_AGE and file.name == self._name(entry.urn)
            ]
        return []

    def returned(self) -> None:
        """Note that the resource's create has returned; its entry goes when the command ends (`hand_over`)."""
        file = self._file(self._urn)
        if file is not None:
            with _lock:
                _returned.add(file)

    def confirm(self, resource_id: str) -> None:
        """Remove the resource's entry if it has this id, which the engine has in its state."""
        file = self._file(self._urn)
        entry = self._read(file)
        if entry is not None and entry.resource_id.lower() == resource_id.lower():
            self._remove(file)

    def _file(self, urn: str) -> Path | None:
        if self._folder is None or not urn:
            return None
        return self._folder / self._organization / self._name(urn)

    def _name(self, urn: str) -> str:
        return f"{hashlib.sha256(f'{self._backend} {_on_any_host(urn)}'.encode()).hexdigest()[:32]}.json"

    @staticmethod
    def _read(file: Path | None) -> Entry | None:
        if file is None:
            return None
        try:
            entry = Entry(**json.loads(file.read_bytes()))
        except (OSError, ValueError, TypeError):
            # No file; or half a file, from a machine that lost its power; or a file of a later version.
            return None
        kinds = {"time": (int, float)}
        fits = all(isinstance(value, kinds.get(name, str)) for name, value in asdict(entry).items())
        return entry if fits else None

    def _write(self, entry: Entry) -> None:
        file = self._file(entry.urn)
        if file is None:
            return
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # An atomic write: a reader sees the whole file. mkstemp's mode is 0600. No fsync: a killed process loses
            # nothing that it has written.
            descriptor, temporary = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=file.parent)
            try:
                with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                    json.dump(asdict(entry), stream)
                Path(temporary).replace(file)
            except BaseException:
                self._remove(Path(temporary))
                raise
        except OSError as error:
            self._cannot_write(file.parent, error)

    @staticmethod
    def _remove(file: Path | None) -> None:
        if file is not None:
            # No such file, or no permission to remove it: then it ages out.
            with contextlib.suppress(OSError):
                file.unlink()

    def _cannot_write(self, folder: Path, error: OSError) -> None:
        with _lock:
            again = folder in _warned
            _warned.add(folder)
        if not again:
            self._warn(
                f"the journal of requests cannot be written ({error.strerror}: {folder}); "
                "if this `up` is killed, the next one will not recognise the tasks and runs that it made"
            )

    def _forget_old(self) -> None:
        with contextlib.suppress(OSError):
            # Also the temporary file of a process that was killed while it wrote.
            for file in [] if self._folder is None else list(self._folder.rglob("*")):
                if file.is_file() and self._now() - file.stat().st_mtime > MAX_AGE:
                    self._remove(file)
