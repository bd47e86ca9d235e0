"""Orphans: processes that an earlier emulator of a data folder left, ended at the next start.

Wardens end every child when the emulator is killed (supervisor.py). Orphans stay only when the wardens are killed at
the same moment. The folder records its emulator by process id, start time and boot, and every child has this mark in
its environment. A process in a container has its root directory below the folder instead, and where the machine
allows it, a PID namespace that ends with a marked process. So no other process is ever mistaken for a child, however
often ids are reused.

On Linux only, as it needs /proc.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from acr_tasks_emulator.process import warden

RECORD = "emulator.process"
MARK = "ACR_TASKS_EMULATOR_PROCESS"
"""The variable that names, in the environment of each child, the emulator that started it."""

GRACE_SECONDS = 10.0
_SCRATCH = ("runs", "scratch", "buildah/tmp")
_PROC = Path("/proc")
_ENDED = ("Z", "X")  # its parent has not waited for it yet
_logger = logging.getLogger(__name__)


@contextlib.contextmanager
def end_orphans(data: Path) -> Iterator[bool]:
    """End what is left of the folder's earlier emulators; for as long as the block lasts the record names this one.

    Yields whether one of them was killed, so that it may have left something.
    """
    data = data.resolve()
    record = data / RECORD
    earlier = _read(record)
    killed = {name for name in earlier if not _lives(name)}
    done = killed if killed and _end(killed, data) else set()
    _write(record, [*sorted(earlier - done), this_process()])
    try:
        yield bool(killed)
    finally:
        _write(record, sorted(_read(record) - {this_process()}))


def this_process() -> str:
    """Return what no other process is ever called: process id, start time in ticks since the boot, and the boot."""
    return _name(os.getpid())


def _name(pid: int) -> str:
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{pid}-{_stat(pid)[19]}-{boot}"
    except OSError:
        return f"{pid}"


def _lives(name: str) -> bool:
    pid = name.partition("-")[0]
    try:
        return _stat(pid)[0] not in _ENDED and _name(int(pid)) == name
    except OSError:
        return False


def _stat(pid: int | str) -> list[str]:
    """State, parent and the other fields of proc_pid_stat(5) from the third on."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _read(record: Path) -> set[str]:
    try:
        return set(record.read_text().split())
    except FileNotFoundError:
        return set()


def _write(record: Path, names: list[str]) -> None:
    if not names:
        record.unlink(missing_ok=True)
        return
    written = record.with_suffix(".new")
    written.write_text("\n".join(names) + "\n")
    written.replace(record)


def _end(killed: set[str], data: Path) -> bool:
    """Kill the processes, whose mounts end with them. Return whether none is left; else the next start tries again."""
    deadline = time.monotonic() + GRACE_SECONDS
    while left := _left(killed, data):
        if time.monotonic() > deadline:
            _logger.warning("processes of an earlier emulator do not end: %s", ", ".join(map(str, sorted(left))))
            return False
        warden.kill_at_once(lambda: _left(killed, data))
        time.sleep(0.005)  # not a guess at how long it takes: the loop asks again
    for folder in _SCRATCH:
        _remove(data / folder)
    return True


def _left(killed: set[str], data: Path) -> set[int]:
    """Return the live processes that these emulators started, and all that those started."""
    marks = {f"{MARK}={name}".encode() for name in killed}
    parents = warden.live_processes()
    found: set[int] = set()
    for pid in parents:
        with contextlib.suppress(OSError):  # it has ended meanwhile, or is another user's
            folder = _PROC / str(pid)
            variables = set((folder / "environ").read_bytes().split(b"\0"))
            if _is_below(str((folder / "root").readlink()), data) or marks & variables:
                found.add(pid)
    return warden.descendants(found, parents) - {os.getpid()}


def _remove(folder: Path) -> None:
    """Remove a folder, also where a builder forbade itself to look in; other users' files stay."""
    for parent, names, _ in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            with contextlib.suppress(OSError):
                if not path.is_symlink():
                    path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _is_below(path: str, folder: Path) -> bool:
    return path.startswith(f"{folder}/")
