"""Child processes that end with the emulator, even when it is killed.

Each child is started by a warden (warden.py), a small program with a session of its own. It holds the read end of a
pipe whose only write end is the emulator's. End of file means that the emulator is gone; the warden then ends the child
with all its descendants. A warden that finds the pipe closed starts nothing, so every child is always watched.

On Linux the warden is the reaper of its descendants, so it finds a process that left the session, such as a daemon of a
RUN line. The kernel kills the child when the warden is killed. Processes that outlive emulator and warden are ended at
the next start (orphans.py).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any

from acr_tasks_emulator.process import orphans, warden


class Supervisor:
    """A starter of child processes that end with this process. Thread-safe."""

    def __init__(self) -> None:
        self._life, self._hold = os.pipe()
        self._lock = threading.Lock()
        self._mark = orphans.this_process()
        self._children: set[subprocess.Popen[bytes]] = set()
        self._cleanups: list[subprocess.Popen[bytes]] = []
        self._closed = False

    def start(self, argv: Sequence[str], **popen: Any) -> subprocess.Popen[bytes]:
        """Start `argv` in a session of its own, and return the process of its warden.

        argv: the program (found on PATH) and its arguments. popen: as for subprocess.Popen (stdin, stdout, stderr, env,
        cwd). The exit status is the program's own; 128+n when signal n ended it; 127 when it could not be started.
        Raises RuntimeError after close().
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the supervisor is closed: no process is started any more")
            pass_fds = (self._life, *popen.pop("pass_fds", ()))
            given = popen.pop("env", None)
            popen["env"] = {**(os.environ if given is None else given), orphans.MARK: self._mark}
            program = [sys.executable, "-I", "-S", warden.__file__, str(self._life), *argv]
            child = subprocess.Popen(program, start_new_session=True, pass_fds=pass_fds, **popen)  # noqa: S603 - no shell
            self._children = {known for known in self._children if known.returncode is None}
            self._children.add(child)
            return child

    def start_cleanup(self, argv: Sequence[str], **popen: Any) -> None:
        """Start a program that cleans up after the end of this process, and then ends by itself.

        argv: the argument `LIFE` becomes the read end of the pipe that closes with this process. close() waits for the
        program.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the supervisor is closed: no process is started any more")
            program = [str(self._life) if item == "LIFE" else item for item in argv]
            self._cleanups.append(subprocess.Popen(program, start_new_session=True, pass_fds=(self._life,), **popen))  # noqa: S603 - no shell

    def end(self, child: subprocess.Popen[bytes]) -> None:
        """End a child and all its descendants at once. Do nothing when it has ended already."""
        if child.poll() is not None:
            return
        child.send_signal(signal.SIGTERM)
        _wait_or_kill(child)

    def close(self) -> None:
        """End every child. Idempotent."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            os.close(self._hold)  # every warden waits for this end of file
            os.close(self._life)
            children, self._children = self._children, set()
        for child in children:
            _wait_or_kill(child)
        for cleanup in self._cleanups:
            cleanup.wait()


def _wait_or_kill(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(warden.GRACE_SECONDS + 1)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
