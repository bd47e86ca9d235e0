"""Start of the embedded emulator, with stand-ins for its program."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulumi_acr_tasks import embedded
from pulumi_acr_tasks.arm.clock import deadline
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, EmulatorError

READY = '{"endpoint": "http://127.0.0.1:1", "loginServer": "127.0.0.1:1", "dashboard": "http://127.0.0.1:1/", "pid": 7}'


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a program of that name beside this Python; a test writes what it does."""
    path = tmp_path / "bin" / "acr-tasks-emulator"
    path.parent.mkdir()
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    return path


def script(program: Path, text: str) -> None:
    program.write_text(f"#!/bin/sh\n{text}\n")
    program.chmod(0o755)


def test_the_endpoint_is_read_from_the_emulator(program: Path, tmp_path: Path) -> None:
    """The line of JSON is read among other output; the command line is the documented one."""
    script(program, f"echo \"$@\" > '{tmp_path}/args'; echo starting; echo '{READY}'")
    emulator = embedded.start(tmp_path / "data")
    assert (emulator.endpoint, emulator.pid, emulator.registries) == ("http://127.0.0.1:1", 7, [])
    assert (tmp_path / "args").read_text().split() == [
        "serve",
        "--detach",
        "--data",
        str(tmp_path / "data"),
        "--idle-exit",
        "900",
    ]


def test_a_data_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    """It has the folder, and the key that names another one."""
    (tmp_path / "file").touch()
    with pytest.raises(EmulatorError, match=r"no folder for its data: .*file/data.*acr-tasks:embeddedData"):
        embedded.start(tmp_path / "file" / "data")


def test_a_failure_shows_its_last_lines(program: Path, tmp_path: Path) -> None:
    """The sentence has the exit status and at most eight lines."""
    script(program, "for i in 1 2 3 4 5 6 7 8 9 10; do echo line $i >&2; done; exit 3")
    with pytest.raises(EmulatorError) as failed:
        embedded.start(tmp_path / "data")
    lines = str(failed.value).splitlines()
    assert lines[0] == f"The embedded emulator did not start on {tmp_path / 'data'} (exit status 3)."
    assert lines[1:] == [f"  line {number}" for number in range(3, 11)]


def test_an_emulator_without_an_endpoint_is_refused(program: Path, tmp_path: Path) -> None:
    """Its version may be incompatible."""
    script(program, "echo ready")
    with pytest.raises(EmulatorError, match="did not say where it is"):
        embedded.start(tmp_path / "data")


def test_an_emulator_that_does_not_start_is_given_up(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error has its output."""
    monkeypatch.setattr(embedded, "_START_TIMEOUT", 2.0)
    script(program, "echo thinking >&2; exec sleep 60")
    with pytest.raises(EmulatorError, match=r"did not start within .* s on .*\n  thinking"):
        embedded.start(tmp_path / "data")


def test_a_missing_emulator_names_what_to_install(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Python without the module is recognized too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "bin" / "python").write_text(
        "#!/bin/sh\necho 'python: No module named acr_tasks_emulator' >&2; exit 1\n"
    )
    (tmp_path / "bin" / "python").chmod(0o755)
    with pytest.raises(EmulatorError, match=r'pip install "pulumi-acr-tasks\[emulator\]"'):
        embedded.start(tmp_path / "data")


def test_a_program_on_the_path_is_found(program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is used if no program stands beside this Python."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    script(elsewhere / "acr-tasks-emulator", "exit 0")
    monkeypatch.setenv("PATH", str(elsewhere))
    assert embedded.executable() == [str(elsewhere / "acr-tasks-emulator")]


def test_a_cancellation_and_a_deadline_end_the_start(program: Path, tmp_path: Path) -> None:
    """The program that starts the emulator ends too."""
    started, stop = tmp_path / "started", threading.Event()
    os.mkfifo(started)
    script(program, f"echo $$ > '{started}'; exec sleep 600")

    def cancel_once_started() -> int:
        pid = int(started.read_text())
        stop.set()
        return pid

    with ThreadPoolExecutor(1) as pool:
        pid = pool.submit(cancel_once_started)
        with pytest.raises(CanceledError, match="while the embedded emulator started"):
            embedded.start(tmp_path / "data", stop)
    with pytest.raises(ProcessLookupError):
        os.kill(pid.result(), 0)
    with pytest.raises(DeadlineError), deadline(0.1):
        embedded.start(tmp_path / "data", threading.Event())


def revival(program: Path, tmp_path: Path, warn: Callable[[str], None]) -> embedded.Restart:
    script(program, f"echo '{READY}'")
    emulator = embedded.start(tmp_path / "data")
    return embedded.Restart(emulator, tmp_path / "data", threading.Event(), warn)


def test_a_dead_emulator_is_restarted_with_a_warning(program: Path, tmp_path: Path) -> None:
    """It is restarted at most three times; a running one is found without a message."""
    told: list[str] = []
    revive = revival(program, tmp_path, told.append)
    assert revive()
    assert told == []
    results = []
    for pid in (8, 9, 10, 11):
        script(program, f"echo '{READY.replace(': 7', f': {pid}')}'")
        results.append(revive())
    assert results == [True, True, True, False]
    assert len(told) == 3
    assert "had died and was started again" in told[0]


def test_a_restart_goes_on_after_the_deadline_of_its_request(program: Path, tmp_path: Path) -> None:
    """The warning comes when the emulator is ready, whichever request found it dead."""
    warned = queue.Queue[str]()
    revive = revival(program, tmp_path, warned.put)
    go_on = tmp_path / "go-on"
    os.mkfifo(go_on)
    script(program, f"read -r line < '{go_on}'; echo '{READY.replace(': 7', ': 8')}'")
    with pytest.raises(DeadlineError, match="restart the embedded emulator"), deadline(0.2):
        revive()
    assert warned.empty()
    go_on.write_text("on\n")
    assert "had died and was started again" in warned.get(timeout=30)
    script(program, f"echo '{READY.replace(': 7', ': 8')}'")
    assert revive()
    assert warned.empty()


def test_an_emulator_that_restarts_on_another_port_is_an_error(program: Path, tmp_path: Path) -> None:
    """Its port stands in state and in image names."""
    revive = revival(program, tmp_path, lambda _: None)
    script(program, f"echo '{READY.replace('127.0.0.1:1', '127.0.0.1:2')}'")
    with pytest.raises(EmulatorError, match=r"its port is taken: it is at http://127.0.0.1:2 now"):
        revive()
