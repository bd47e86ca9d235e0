"""The program that stands between the emulator and each of its children: see supervisor.py.

    python -I -S warden.py LIFE PROGRAM ARGUMENT...

LIFE is the read end of a pipe whose only write end is the emulator's. The warden leads a session of its own, starts the
program, and ends it and whatever it has started when the pipe ends, when a signal says so, or when the program has
ended by itself. It imports little, because it is started for every command.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time

TYPE_CHECKING = False  # the module `typing` is not imported: start-up
if TYPE_CHECKING:
    from collections.abc import Callable

GRACE_SECONDS = 5.0
"""How long to wait for processes that were sent SIGKILL before giving up on them."""

ROUNDS = 100
"""How often to look for processes that start others meanwhile, before those that were found are killed."""

NOT_STARTED = 127
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def watch(life: int, argv: list[str]) -> int:
    """Run `argv` until it ends, the emulator is gone or a signal comes. Leave no process behind; return the status."""
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    ends: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: ends.append(received))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    if select.select([life], [], [], 0)[0]:
        return NOT_STARTED
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
            if not os.path.isdir("/proc"):  # noqa: PTH112 - macOS: nobody tells of others; what it left has no parent of ours
                os.kill(child, signal.SIGKILL)
            _end_descendants()
            return 128 + (ends[0] if ends else signal.SIGHUP)


def _become(argv: list[str], warden: int) -> None:
    """Turn into the program, which the kernel kills when the warden is killed. Does not return."""
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != warden:
            os._exit(NOT_STARTED)
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ):  # Python ignores these two, and what is ignored survives exec
            signal.signal(number, signal.SIG_DFL)
        os.execvp(argv[0], argv)  # noqa: S606 - a shell is not wanted
    except OSError as error:
        os.write(2, f"{argv[0]}: {error.strerror}\n".encode())
    os._exit(NOT_STARTED)


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
        kill_at_once(lambda: descendants({os.getpid()}, live_processes()) - {os.getpid()})
        time.sleep(0.002)  # not a guess at how long it takes: the loop asks again
    os.killpg(0, signal.SIGKILL)


def kill_at_once(find: Callable[[], set[int]]) -> None:
    """Kill the processes that `find` returns, so that none of them sees the end of another one and runs on.

    A shell whose command was killed would start its next command. So all are stopped first, with what they start
    meanwhile.
    """
    stopped: set[int] = set()
    for _ in range(ROUNDS):
        new = find() - stopped
        if not new:
            break
        for pid in new:
            _send(pid, signal.SIGSTOP)
        stopped |= new
    for pid in stopped:
        _send(pid, signal.SIGKILL)


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        return  # it has ended meanwhile, or is another user's


def live_processes() -> dict[int, int]:
    """Return the parent of each live process. Empty where there is no /proc (macOS: the process group has to do)."""
    parents: dict[int, int] = {}
    names = os.listdir("/proc") if os.path.isdir("/proc") else []  # noqa: PTH112, PTH208 - no pathlib: start-up
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as stat:  # noqa: PTH123 - no pathlib: start-up
                state, parent = stat.read().rpartition(b")")[2].split()[:2]
        except OSError:
            continue  # it has ended meanwhile
        if state not in (b"Z", b"X"):
            parents[int(name)] = int(parent)
    return parents


def descendants(roots: set[int], parents: dict[int, int]) -> set[int]:
    """Return these processes and all that they, and those in turn, have started."""
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    sys.exit(watch(int(sys.argv[1]), sys.argv[2:]))
