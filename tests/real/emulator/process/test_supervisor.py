"""Children never outlive the emulator."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acr_tasks_emulator.process import warden
from acr_tasks_emulator.process.supervisor import Supervisor

DAEMON = "setsid sleep 60 & echo started; exec sleep 60"
"""A program that leaves a process in a session of its own."""


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    found = Supervisor()
    yield found
    found.close()


def start(supervisor: Supervisor, script: str) -> tuple[subprocess.Popen[bytes], int]:
    """Return a shell script that has begun, and a descriptor that ends when all its processes have ended."""
    alive, held = os.pipe()
    child = supervisor.start(["sh", "-c", script], stdout=subprocess.PIPE, pass_fds=(held,))
    os.close(held)
    assert child.stdout is not None
    with child.stdout:
        assert child.stdout.readline() == b"started\n"
    return child, alive


def assert_all_gone(alive: int) -> None:
    readable, _, _ = select.select([alive], [], [], 60)
    assert readable, "a process is left"
    assert os.read(alive, 1) == b""
    os.close(alive)


@pytest.mark.parametrize(("script", "status"), [("exit 0", 0), ("exit 42", 42), ("kill -9 $$", 137)])
def test_exit_status(supervisor: Supervisor, script: str, status: int) -> None:
    """The exit status is the program's own, and 128 + n for a signal."""
    assert supervisor.start(["sh", "-c", script]).wait(60) == status


def test_missing_program(supervisor: Supervisor) -> None:
    """A missing program ends with 127 and is named."""
    child = supervisor.start(["no-such-program"], stderr=subprocess.PIPE)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (127, b"no-such-program: No such file or directory\n")


def test_environment_folder_and_output_are_passed_on(supervisor: Supervisor, tmp_path: Path) -> None:
    """Arguments of subprocess.Popen reach the program."""
    child = supervisor.start(
        ["sh", "-c", "echo $WORD; pwd"],
        env={"WORD": "hello", "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
    )
    out, _ = child.communicate(timeout=60)
    assert out.decode().splitlines() == ["hello", str(tmp_path)]


def test_a_pipe_that_closes_ends_the_program(supervisor: Supervisor) -> None:
    """SIGPIPE has its default action in the program, although Python ignores it."""
    child = supervisor.start(["sh", "-c", "yes | head -1; exit 3"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (3, b"")


def test_end(supervisor: Supervisor) -> None:
    """The end of a child is the end of its descendants, even of those outside its session."""
    child, alive = start(supervisor, DAEMON)
    supervisor.end(child)
    assert_all_gone(alive)
    supervisor.end(child)  # once more does nothing


def test_end_is_at_once(supervisor: Supervisor, tmp_path: Path) -> None:
    """No process of an ended child runs on because another one has ended before it."""
    late = tmp_path / "late"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    first, last = f"exec sleep 60 > {pipe}", f"(read line; echo late > {late}) < {pipe}"
    _, alive = child = start(
        supervisor, f"({first}) & for i in $(seq 200); do sleep 60 & done; {last} & echo started; wait"
    )
    supervisor.end(child[0])
    assert_all_gone(alive)
    assert not late.exists()


def test_nothing_survives_the_program(supervisor: Supervisor) -> None:
    """The daemons of a program that has ended are ended."""
    child, alive = start(supervisor, "setsid sleep 60 & echo started; exit 5")
    assert child.wait(60) == 5
    assert_all_gone(alive)


def test_close() -> None:
    """Closing ends all children, and refuses to start others."""
    supervisor = Supervisor()
    alive = [start(supervisor, DAEMON)[1] for _ in range(3)]
    supervisor.close()
    supervisor.close()
    for each in alive:
        assert_all_gone(each)
    with pytest.raises(RuntimeError, match="closed"):
        supervisor.start(["true"])


def test_killed_warden(supervisor: Supervisor) -> None:
    """The program ends when its warden is killed."""
    child, alive = start(supervisor, "echo started; exec sleep 60")
    child.kill()
    assert_all_gone(alive)


def test_killed_parent() -> None:
    """After SIGKILL of the emulator no child is left, daemons included."""
    program = f"""
import signal
from acr_tasks_emulator.process.supervisor import Supervisor
supervisor = Supervisor()
children = [supervisor.start(["sh", "-c", {DAEMON!r}]) for _ in range(3)]
signal.pause()
"""
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    for _ in range(3):
        assert parent.stdout.readline() == b"started\n"
    parent.send_signal(signal.SIGKILL)
    out, _ = parent.communicate(timeout=60)  # the output ends when the last of them has ended
    assert out == b""


def test_warden_without_an_emulator(tmp_path: Path) -> None:
    """A warden whose emulator has ended starts nothing."""
    life, hold = os.pipe()
    os.close(hold)
    made = tmp_path / "made"
    argv = [sys.executable, "-I", "-S", warden.__file__, str(life), "touch", str(made)]
    assert subprocess.run(argv, pass_fds=(life,), timeout=60, check=False).returncode == 127
    os.close(life)
    assert not made.exists()
