"""Every child process ends when the emulator ends, however it ends.

Each child is started through a warden: this very file, run as a program of a few milliseconds that imports nothing but
the standard library. The warden leads a session of its own, holds the read end of a pipe whose only write end is the
emulator's, and starts the child itself. End of file on the pipe means that the emulator is gone, SIGKILL included; the
warden then ends whatever the child has started and goes. There is no moment at which a child exists and nobody watches
it: a warden that finds the pipe closed already starts nothing.

On Linux the warden is also the reaper of its descendants, so a process that left the session (a daemon started by a RUN
line) is still found and ended, and the child is killed by the kernel when somebody kills the warden.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, NoReturn

GRACE_SECONDS = 5.0
"""How long one may wait for processes that were sent SIGKILL before their group is given up."""

_NOT_STARTED = 127
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


class Supervisor:
    """Starts children that cannot outlive this process. Safe to use from several threads."""

    def __init__(self) -> None:
        self._life, self._hold = os.pipe()
        self._lock = threading.Lock()
        self._children: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def start(self, argv: Sequence[str], **popen: Any) -> subprocess.Popen[bytes]:
        """Start `argv` in a session of its own and return the process that stands for it.

        argv: the program (found on PATH) and its arguments. popen: as for subprocess.Popen (stdin, stdout, stderr, env,
        cwd). The exit status is the program's own; 128+n when signal n ended it; 127 when it could not be started.
        Raises RuntimeError after close().
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the supervisor is closed: no process is started any more")
            pass_fds = (self._life, *popen.pop("pass_fds", ()))
            warden = [sys.executable, "-I", "-S", __file__, str(self._life), *argv]
            child = subprocess.Popen(warden, start_new_session=True, pass_fds=pass_fds, **popen)  # noqa: S603 - no shell
            self._children = {known for known in self._children if known.returncode is None}
            self._children.add(child)
            return child

    def end(self, child: subprocess.Popen[bytes]) -> None:
        """End a child and everything that it started, at once. Does nothing when it has ended already."""
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
            os.close(self._hold)  # what a warden waits for
            os.close(self._life)
            children, self._children = self._children, set()
        for child in children:
            _wait_or_kill(child)


def _wait_or_kill(child: subprocess.Popen[bytes]) -> None:
    try:
        child.wait(GRACE_SECONDS + 1)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


# What follows runs in the warden.


def _watch(life: int, argv: Sequence[str]) -> int:
    """Run `argv` until it ends, the emulator is gone or we are told to end; leave nothing behind; return the status."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    ends: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: ends.append(received))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if _gone(life):
        return _NOT_STARTED
    warden = os.getpid()
    child = os.fork()
    if child == 0:
        _become(argv, warden)
    while True:
        readable, _, _ = select.select([life, wake], [], [])
        if wake in readable:
            os.read(wake, 512)
        status = _reap(child)
        if status is not None:
            _end_descendants()
            return status
        if ends or life in readable:
            _end_descendants()
            return 128 + (ends[0] if ends else signal.SIGHUP)


def _become(argv: Sequence[str], warden: int) -> NoReturn:
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != warden:
            os._exit(_NOT_STARTED)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these two, and what is ignored survives exec
            signal.signal(number, signal.SIG_DFL)
        os.execvp(argv[0], list(argv))  # noqa: S606 - a shell is not wanted
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    os._exit(_NOT_STARTED)


def _gone(life: int) -> bool:
    readable, _, _ = select.select([life], [], [], 0)
    return bool(readable)


def _reap(child: int) -> int | None:
    """Collect what has ended; the status of `child` if it is among them. Raises ChildProcessError for no children."""
    found = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            if found is None:
                raise
            return found
        if pid == 0:
            return found
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            found = code if code >= 0 else 128 - code


def _end_descendants() -> None:
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline:
        try:
            _reap(0)
        except ChildProcessError:
            return  # as orphans become our children, no children means no descendants
        for pid in _descendants(os.getpid()):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.002)  # not a guess at how long it takes: the loop asks again
    os.killpg(0, signal.SIGKILL)


def _descendants(root: int) -> list[int]:
    """The live processes below `root`. Empty where there is no /proc (macOS: the process group has to do)."""
    parents: dict[int, int] = {}
    names = os.listdir("/proc") if os.path.isdir("/proc") else []  # noqa: PTH112, PTH208 - no pathlib: start-up
    for name in names:
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123
                state, parent = stat.read().rpartition(b")")[2].split()[:2]
                if state != b"Z":
                    parents[int(name)] = int(parent)
    below = {root}
    grew = True
    while grew:
        more = {pid for pid, parent in parents.items() if parent in below} - below
        below |= more
        grew = bool(more)
    return sorted(below - {root})


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(_watch(int(sys.argv[1]), sys.argv[2:]))
