"""Processes and mounts of a killed emulator, which the next start ends."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.buildah.image_store import Store
from acr_tasks_emulator.process import orphans
from acr_tasks_emulator.process.supervisor import Supervisor

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

EMULATOR = """
import signal, sys
from pathlib import Path
from acr_tasks_emulator.execution.buildah.image_store import Store
from acr_tasks_emulator.process import orphans
from acr_tasks_emulator.process.supervisor import Supervisor
data = Path(sys.argv[1])
with orphans.end_orphans(data):
    supervisor = Supervisor()
    START
    print(child.pid, flush=True)
    signal.pause()
"""
PROGRAM = 'child = supervisor.start(["sh", "-c", "setsid sleep 60 & echo started; exec sleep 60"])'
BUILDAH = """
    store = Store(data / "buildah", supervisor)
    child = supervisor.start(store.argv([]), env=store.environment())
"""
CONTAINER = """#!/bin/sh
set -e
cd "$HOME"
mkdir root
mount -t tmpfs none root
cp "$(command -v busybox)" root/busybox
mkfifo root/ready
env -i "$(command -v chroot)" root /busybox setsid /busybox sh -c 'echo > /ready; exec /busybox sleep 60' &
read ready < root/ready
umount -l root
echo started
exec sleep 60
"""
"""A buildah that leaves a daemon of a container: no variable and no root tells any more whose it is."""


def killed_emulator(data: Path, start: str = PROGRAM) -> subprocess.Popen[str]:
    """Return an emulator that was killed together with its warden, and whose children hold its output open."""
    code = f"import sys; sys.path[:] = {sys.path!r}\n{EMULATOR.replace('START', start)}"
    emulator = subprocess.Popen([sys.executable, "-c", code, str(data)], stdout=subprocess.PIPE, text=True)
    assert emulator.stdout is not None
    warden = int(next(line for line in (emulator.stdout.readline(), emulator.stdout.readline()) if line[0].isdigit()))
    for number in (signal.SIGSTOP, signal.SIGKILL):  # while they are stopped, none sees the other's end
        for pid in (warden, emulator.pid):
            os.kill(pid, number)
    emulator.wait(60)
    return emulator


def has_children(emulator: subprocess.Popen[str], patience: float) -> bool:
    """Return whether a process still holds the output of an emulator; poll for at most `patience` seconds."""
    return not select.select([emulator.stdout], [], [], patience)[0]


def test_the_next_start_ends_the_processes_of_a_killed_emulator(tmp_path: Path) -> None:
    """The next emulator of the folder ends an unwatched daemon; one of another folder does not."""
    data, other = tmp_path / "data", tmp_path / "other"
    for folder in (data, other, data / "runs" / "cf1"):
        folder.mkdir(parents=True)
    (data / "runs" / "cf1" / "closed").mkdir(mode=0)
    (data / "runs" / "cf1" / "closed-link").symlink_to(other)
    mode = other.stat().st_mode
    with killed_emulator(data) as emulator:
        with orphans.end_orphans(other):
            assert has_children(emulator, 0.5)
        with orphans.end_orphans(data):
            assert not has_children(emulator, 10)
            assert orphans.this_process() in (data / orphans.RECORD).read_text()
            assert not (data / "runs").exists()
    assert other.stat().st_mode == mode
    assert not (data / orphans.RECORD).exists()


def test_a_containers_daemon_ends_although_its_root_was_unmounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that has lost the emulator's variables and the folder ends at the next start at the latest."""
    if shutil.which("busybox") is None or os.geteuid() != 0:
        pytest.skip("needs busybox, and root to mount")
    buildah = tmp_path / "bin" / "buildah"
    buildah.parent.mkdir()
    buildah.write_text(CONTAINER)
    buildah.chmod(0o755)
    monkeypatch.setenv("PATH", f"{buildah.parent}:{os.environ['PATH']}")
    data = tmp_path / "data"
    data.mkdir()
    with killed_emulator(data, BUILDAH) as emulator, orphans.end_orphans(data):
        assert not has_children(emulator, 10)


def test_a_copied_folder_ends_no_process(tmp_path: Path) -> None:
    """A start on a copy of a live emulator's folder ends none of its processes."""
    (tmp_path / "runs").mkdir()
    (tmp_path / orphans.RECORD).write_text(f"{orphans.this_process()}\n")
    environment = {**os.environ, orphans.MARK: orphans.this_process()}
    with subprocess.Popen(["sleep", "60"], env=environment) as child, orphans.end_orphans(tmp_path):
        assert child.poll() is None
        assert (tmp_path / "runs").exists()
        child.kill()


def test_a_reused_process_id_is_not_ended(tmp_path: Path) -> None:
    """A process that has the recorded id and began at another time stays."""
    with subprocess.Popen(["sleep", "60"]) as stranger:
        boot = orphans.this_process().partition("-")[2].partition("-")[2]
        (tmp_path / orphans.RECORD).write_text(f"{stranger.pid}-1-{boot}\n")
        with orphans.end_orphans(tmp_path):
            assert stranger.poll() is None
            assert (tmp_path / orphans.RECORD).read_text() == f"{orphans.this_process()}\n"
        stranger.kill()


def test_a_machine_without_pid_namespaces_builds_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Buildah runs without a PID namespace where the machine refuses one. Root has a mount namespace all the same."""
    unshare = tmp_path / "bin" / "unshare"
    unshare.parent.mkdir()
    unshare.write_text('#!/bin/sh\ncase "$*" in *--pid*) exit 1;; esac\n')
    unshare.chmod(0o755)
    monkeypatch.setenv("PATH", f"{unshare.parent}:{os.environ['PATH']}")
    supervisor = Supervisor()
    argv = Store(tmp_path / "buildah", supervisor).argv(["images"])
    supervisor.close()
    assert "--pid" not in argv
    assert ("--mount" in argv) == (os.geteuid() == 0)
