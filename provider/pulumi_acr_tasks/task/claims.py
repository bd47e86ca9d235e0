"""The claims of a program's resources to tasks, as far as the calls of this command have shown them.

Two resources of one program must not share a task: the second would be lost with the first. The engine tells a
provider nothing of other resources. But it calls `check` for every resource of the program, one at a time, and `diff`,
`read` or a write for every resource that it keeps. Each call is noted here.

Each explicit provider is a process of its own, so the claims also stand in a file of the command, beside the journal.
Where the file cannot be written, each process knows its own resources only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_lock = threading.Lock()
_files: set[Path] = set()


def withdraw() -> None:
    """Remove the files of this command, which ends."""
    with _lock:
        files = list(_files)
        _files.clear()
    for file in files:
        with contextlib.suppress(OSError):
            file.unlink()


@dataclass
class _Notes:
    """The claims of one resource: the task that the program wants for it, that it manages, and that it has read."""

    wants: str = ""
    adopts: bool = False
    manages: str = ""
    reads: str = ""


class Claims:
    """The claims of one stack's resources to tasks. A task is named by `key`, in any case: endpoint and ARM id.

    The processes of one `command` share a file in `folder`; without either the claims are this process's alone.
    Without a URN, which the SDK may hide, nothing is claimed. No method raises.
    """

    def __init__(self, folder: Path | None, command: str) -> None:
        self._lock = threading.Lock()
        self._notes: dict[str, _Notes] = {}
        self._file: Path | None = None
        self._read_until = 0
        if folder is not None and command:
            self._file = folder / f"claims-{hashlib.sha256(command.encode()).hexdigest()[:16]}.jsonl"

    def want(self, urn: str, key: str, *, adopts: bool) -> list[str]:
        """Note that the program declares the task; return the URNs of other resources that declare it too."""
        self._note(urn, wants=key.lower(), adopts=adopts)
        return self._urns(urn, lambda notes: notes.wants == key.lower())

    def declares(self, urn: str) -> bool:
        """Return whether the program declares the resource, as far as it has run."""
        with self._lock:
            self._catch_up()
            return bool(urn and self._notes.get(urn, _Notes()).wants)

    def manage(self, urn: str, key: str) -> None:
        """Note that the resource has the task and keeps it."""
        self._note(urn, manages=key.lower())

    def read(self, urn: str, key: str) -> None:
        """Note that the resource has read the task, as part of a refresh or by its id (`opts.id`)."""
        self._note(urn, reads=key.lower())

    def release(self, urn: str) -> None:
        """Note that the resource has no task any more; the program's declaration stays."""
        self._note(urn, manages="", reads="")

    def manager(self, urn: str, key: str) -> str | None:
        """Return the URN of another resource that manages the task; None without one."""
        return next(iter(self._urns(urn, lambda notes: notes.manages == key.lower())), None)

    def heir(self, urn: str, key: str) -> str | None:
        """Return the URN of another resource that manages, reads or will adopt the task; None without one.

        Without a URN of its own a resource has no heir.
        """

        def needs(notes: _Notes) -> bool:
            return key.lower() in (notes.manages, notes.reads) or (notes.adopts and notes.wants == key.lower())

        return next(iter(self._urns(urn, needs)), None) if urn else None

    def _urns(self, urn: str, fits: Callable[[_Notes], bool]) -> list[str]:
        with self._lock:
            self._catch_up()
            return [other for other, notes in self._notes.items() if other != urn and fits(notes)]

    def _note(self, urn: str, **changes: str | bool) -> None:
        if not urn:
            return
        with self._lock:
            notes = self._notes.setdefault(urn, _Notes())
            changed = {name: value for name, value in changes.items() if getattr(notes, name) != value}
            for name, value in changed.items():
                setattr(notes, name, value)
            if changed:
                self._publish({"urn": urn, **changed})

    def _publish(self, line: dict[str, str | bool]) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._file.open("ab") as stream:  # one write of one line: processes do not mix theirs
                stream.write(json.dumps(line).encode() + b"\n")
            with _lock:
                _files.add(self._file)

    def _catch_up(self) -> None:
        """Read the lines that were added to the file since the last time; this process's own change nothing."""
        if self._file is None:
            return
        with contextlib.suppress(OSError), self._file.open("rb") as stream:
            stream.seek(self._read_until)
            new, end, _ = stream.read().rpartition(b"\n")
            self._read_until += len(new) + len(end)
            for line in new.splitlines():
                # A disk that was full for a moment leaves half a line before the next one.
                with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
                    changes = json.loads(line)
                    notes = self._notes.setdefault(changes.pop("urn"), _Notes())
                    for name, value in changes.items():
                        setattr(notes, name, value)
