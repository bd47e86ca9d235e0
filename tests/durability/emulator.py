"""An emulator as a process of its own, its child processes, and how to kill them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One process, identified by its id and its start time, because ids are reused."""

    pid: int
    start_time: str
    command: str

    @property
    def lives(self) -> bool:
        found = stat(self.pid)
        return found is not None and found[19] == self.start_time


def stat(pid: int | str) -> list[str] | None:
    """Return state, parent and the other fields of proc_pid_stat(5); None for a process that has ended."""
    try:
        found = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return None if found[0] in "ZX" else found


class Emulator:
    """A process of `serve` on a data folder. `about`: its ready line."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        paths = os.pathsep.join(path for path in sys.path if path)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "acr_tasks_emulator", "serve", "--data", str(data), *options],
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": paths},
            text=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            self._close()
            raise AssertionError(f"the emulator ended with status {self.process.wait(60)}")
        self.about: dict[str, Any] = json.loads(line)

    def started(self) -> set[Process]:
        """Return every process below the emulator's."""
        known = {int(folder.name): stat(folder.name) for folder in PROC.iterdir() if folder.name.isdigit()}
        below = {self.process.pid}
        while more := {pid for pid, found in known.items() if found and int(found[1]) in below} - below:
            below |= more
        found = ((pid, known[pid]) for pid in below - {self.process.pid})
        return {Process(pid, fields[19], command(pid)) for pid, fields in found if fields}

    def kill(self, with_wardens: bool) -> set[Process]:
        """Kill the emulator, with `with_wardens` its wardens at the same moment; return the processes below it."""
        self.process.send_signal(signal.SIGSTOP)  # from here on it starts nothing
        started = self.started()
        wardens = [each.pid for each in started if "warden.py" in each.command] if with_wardens else []
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in (*wardens, self.process.pid):
                send(pid, number)
        self.process.wait(60)
        self._close()
        return started

    def stop(self) -> int:
        """End the emulator as ^C does; return its exit status."""
        self.process.terminate()
        status = self.process.wait(60)
        self._close()
        return status

    def _close(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()


def send(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def command(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")[:200]
    except OSError:
        return ""


def inside(data: Path) -> list[str]:
    """Return the processes whose command, root or current directory is in a data folder."""
    found = []
    for folder in PROC.iterdir():
        if not folder.name.isdigit() or int(folder.name) == os.getpid() or stat(folder.name) is None:
            continue
        try:
            texts = [command(int(folder.name)), *(str((folder / name).readlink()) for name in ("root", "cwd"))]
        except OSError:
            continue  # it has ended meanwhile
        if any(str(data) in text for text in texts):
            found.append(f"{folder.name}: {' '.join(texts)}")
    return found


def mounts(data: Path) -> list[str]:
    """Return the mounts below a data folder."""
    return [line for line in (PROC / "self/mountinfo").read_text().splitlines() if str(data) in line]
