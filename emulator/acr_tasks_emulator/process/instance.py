"""The owner of a data folder: the emulator that serves it, and its address.

A live emulator holds a lock on `emulator.lock` for as long as it lives, and has written its process id into it. When an
emulator of the command line is ready it writes `emulator.json`: its ready line, the data of its health check, and its
options. Before it ends it removes that file. An emulator inside of another program has the lock alone.

Imports little: every deployment on an embedded emulator begins here.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from acr_tasks_emulator.errors import SettingsError

LOCK = "emulator.lock"
READY = "emulator.json"

About = dict[str, Any]


def make_data_folder(folder: Path) -> None:
    """Make a folder that only its owner can read. Raises SettingsError when it cannot be written."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        probe = folder / ".probe"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise SettingsError(f"The data folder {folder} cannot be used: {error.strerror}.") from error


@contextlib.contextmanager
def owned(data: Path, of_program: bool = False) -> Iterator[None]:
    """Hold the lock of a data folder until the block ends. Raises SettingsError when a live emulator has it.

    of_program: the emulator is a part of another program, which `stop` does not end.
    """
    file = _try_lock(data / LOCK)
    if file is None:
        raise SettingsError(f"The data folder {data} belongs to an emulator that runs already ({owner_text(data)}).")
    with file:
        (data / READY).unlink(missing_ok=True)  # of an earlier emulator that was killed
        file.truncate(0)
        file.write(f"{'in process ' if of_program else ''}{os.getpid()}\n")
        file.flush()
        yield


@contextlib.contextmanager
def announced(data: Path, about: About, check: dict[str, Any], options: dict[str, Any] | None = None) -> Iterator[None]:
    """Write `emulator.json`, by which other processes find this emulator, for the time of the block.

    check: `Address.check`, the data of the health check. options: as `running_options.recorded` returns them.
    """
    ready = data / READY
    written = data / f"{READY}.new"
    written.write_text(json.dumps({"about": about, "check": check, "options": options or {}}))
    written.replace(ready)
    try:
        yield
    finally:
        ready.unlink(missing_ok=True)


def find(data: Path) -> About | None:
    """Return the ready line of the live emulator of a folder; None when no emulator is ready."""
    found = announcement(data)
    return None if found is None else found["about"]


def announcement(data: Path) -> dict[str, Any] | None:
    """Return what the live emulator of a folder has announced: `about`, `check` and `options`; None without one.

    An emulator of an older release has no options.
    """
    if not (data / LOCK).exists() or is_free(data):
        return None
    try:
        found = json.loads((data / READY).read_text())
        return {"about": found["about"], "check": found["check"], "options": found.get("options") or {}}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def print_line(about: About) -> None:
    """Print the ready line as one line of JSON."""
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()


def _try_lock(path: Path) -> IO[str] | None:
    """Return the locked file, or None when another process has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_free(data: Path) -> bool:
    """Return whether a folder has no live emulator."""
    file = _try_lock(data / LOCK)
    if file is None:
        return False
    file.close()
    return True


def owner_pid(data: Path) -> int | None:
    """Return the process id of a folder's emulator; None while it starts, and for one inside of another program."""
    text = _owner(data)
    return int(text) if text.isdigit() else None


def owner_text(data: Path) -> str:
    """Return the process that holds a folder, for an error message."""
    text = _owner(data)
    return f"process {text}" if text.isdigit() else text or "it is starting"


def _owner(data: Path) -> str:
    try:
        return (data / LOCK).read_text().strip()
    except (OSError, ValueError):
        return ""
