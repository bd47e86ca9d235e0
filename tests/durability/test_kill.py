"""SIGKILL under load, repeatedly on one data folder.

ACR_TASKS_KILLS says how often (1); ACR_TASKS_SEED sets the random seed (printed; a new one each time by default).
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from .clients import RUNS_EACH, TASKS_EACH, Acknowledged, Arm, Client, encoded
from .emulator import Emulator, Process, inside, mounts

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

KILLS = int(os.environ.get("ACR_TASKS_KILLS", "1"))
CLIENTS = 4
ANSWERS = 400  # of which the first 200 or so make tasks, runs and sources, and the others change tasks
OPTIONS = ("--agents", "3")
UNDER_WAY = {"Started", "Running"}
ENDS = {"Succeeded", "Failed", "Canceled", "Error", "Timeout"}
PATIENCE = 240.0
INTERNAL_ERROR = "internalerror"
MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"


@dataclass
class Folder:
    """A data folder whose emulator is killed, and everything that its emulators have acknowledged."""

    data: Path
    acknowledged: Acknowledged = field(default_factory=Acknowledged)
    ended: dict[str, dict[str, Any]] = field(default_factory=dict)  # runs as they were shown when they had ended

    def file(self, relative_path: str) -> Path:
        """Return the path of an uploaded source, which no link of the service reads."""
        found = list((self.data / "blobs" / "whole").glob(f"*/{relative_path}"))
        assert found, f"the source {relative_path} is lost"
        return found[0]


@pytest.mark.timeout(600 + 150 * KILLS)
def test_killed_under_load(tmp_path: Path) -> None:
    """Everything acknowledged is stored at the next start, and no process or mount of the killed emulator is left."""
    seed = int(os.environ.get("ACR_TASKS_SEED") or random.SystemRandom().randrange(10**9))
    print(f"\nACR_TASKS_SEED={seed}")
    choice = random.Random(seed)
    folder = Folder(tmp_path / "data")
    emulator = Emulator(folder.data, *OPTIONS)
    try:
        for number in range(KILLS):
            print(f"kill {number + 1}: ", end="", flush=True)
            started = killed(emulator, folder, choice)
            statuses = whole_database(folder.data, tmp_path / "copy")
            emulator = Emulator(folder.data, *OPTIONS)
            none_left(started, folder.data)
            all_there(Arm(emulator.about), folder, statuses)
    finally:
        status = emulator.stop()
    assert status == 0
    assert not inside(folder.data)
    unfinished = ("runs", "scratch", "buildah/tmp", "blobs/uploads")
    assert not [path for name in unfinished for path in (folder.data / name).glob("*")]


def killed(emulator: Emulator, folder: Folder, choice: random.Random) -> set[Process]:
    """Let clients write, and kill the emulator after some answer; return its child processes."""
    clients = [
        Client(number, emulator.about, folder.acknowledged, random.Random(choice.random())) for number in range(CLIENTS)
    ]
    lasting = last(Arm(emulator.about))
    answers, pause, with_wardens = choice.randint(1, ANSWERS), choice.uniform(0, 0.05), choice.random() < 0.5
    began = time.monotonic()
    for client in clients:
        client.start()
    folder.acknowledged.wait_for(answers)
    threading.Event().wait(pause)  # waits for nothing: the kill comes at any time between two answers
    moment = time.monotonic() - began
    started = emulator.kill(with_wardens)
    for client in clients:
        client.join(120)
        assert not client.is_alive()
        assert client.failure is None, client.failure
    known = folder.acknowledged
    wardens = " with its wardens" if with_wardens else ""
    print(
        f"after {answers} answers in {moment:.2f} s{wardens}; {len(started)} processes below it; so far "
        f"{len(known.tasks)} tasks, {len(known.runs)} runs, {len(known.sources)} sources; ",
        end="",
    )
    known.runs.add(lasting)
    assert any("sleep 600" in process.command for process in started)
    if not with_wardens:
        none_left(started, folder.data)  # the wardens end them, without a next start
    return started


def last(arm: Arm) -> str:
    """Schedule a run that lasts, with a daemon; return its id once both have started."""
    with arm.http:
        content = encoded("busybox sh -c 'setsid sleep 600 & echo lasting; sleep 600'")
        request = {"type": "EncodedTaskRunRequest", "platform": {"os": "linux"}, "encodedTaskContent": content}
        run_id = str(arm.ok("POST", "scheduleRun", request)["name"])
        link = arm.ok("POST", f"runs/{run_id}/listLogSasUrl")["logLink"]
        deadline = time.monotonic() + PATIENCE
        while "\r\nlasting\r\n" not in arm.http.get(link).text:
            assert time.monotonic() < deadline, f"{run_id} has not begun"
            threading.Event().wait(0.05)  # a question every 50 ms
    return run_id


def whole_database(data: Path, copy: Path) -> dict[str, str]:
    """Return the status of every run from a copy of the killed emulator's database, which has to be intact."""
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in ("emulator.sqlite", "emulator.sqlite-wal"):
        shutil.copy(data / name, copy)
    connection = sqlite3.connect(copy / "emulator.sqlite")
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(connection.execute("SELECT run_id, status FROM run"))
    finally:
        connection.close()


def none_left(started: set[Process], data: Path) -> None:
    """Check that no process and no mount of the killed emulator is left; poll for at most two minutes."""
    deadline = time.monotonic() + 120
    while left := [process for process in started if process.lives]:
        assert time.monotonic() < deadline, left
        threading.Event().wait(0.01)  # a question every 10 ms
    assert not mounts(data)


def all_there(arm: Arm, folder: Folder, statuses: dict[str, str]) -> None:
    """Check that tasks, sources, runs and pushed images are as acknowledged.

    Runs that were in progress are errors, and queued ones go on.
    """
    known = folder.acknowledged
    with arm.http:
        for name, task in known.tasks.items():
            same_task(arm("GET", f"tasks/{name}"), task, known.asked.get(name, task))
        for name in known.asked.keys() - known.tasks.keys():
            assert arm("GET", f"tasks/{name}").status_code in (200, 404)
        known.asked.clear()
        known.tasks = {name: shown(arm("GET", f"tasks/{name}")) for name in known.tasks}
        for path, content in known.sources.items():
            assert folder.file(path).read_bytes() == content
        for run_id, run in folder.ended.items():
            assert arm.ok("GET", f"runs/{run_id}") == run
        new = known.runs - folder.ended.keys()
        assert new <= statuses.keys()
        began = time.monotonic()
        folder.ended |= {run_id: ended(arm, run_id, statuses[run_id]) for run_id in sorted(new)}
        for run in folder.ended.values():
            for image in run["properties"].get("outputImages", []):
                address = f"/v2/{image['repository']}/manifests/{image['digest']}"
                assert arm.http.head(address, headers={"Accept": MANIFESTS}).status_code == 200, image
    found = [statuses[run_id] for run_id in new]
    counts = ", ".join(f"{found.count(status)} {status}" for status in sorted(set(found)))
    print(f"its runs: {counts or 'none'}; ended {time.monotonic() - began:.1f} s after the start", flush=True)


def same_task(answer: httpx.Response, task: dict[str, Any] | None, asked: dict[str, Any] | None) -> None:
    """Check that a task is as it was acknowledged, or as it was last requested when that request got no answer."""
    found = shown(answer)
    if found != task:
        timeouts = [body and body["properties"]["timeout"] for body in (found, asked)]
        assert timeouts[0] == timeouts[1], (found, task, asked)


def shown(answer: httpx.Response) -> dict[str, Any] | None:
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


def ended(arm: Arm, run_id: str, before: str) -> dict[str, Any]:
    """Return the run when it has ended, as it must from its status when the emulator was killed."""
    deadline = time.monotonic() + PATIENCE
    while True:
        run: dict[str, Any] = arm.ok("GET", f"runs/{run_id}")
        status = run["properties"]["status"]
        if status in ENDS:
            break
        assert before == "Queued", f"{run_id} was {before} and is {status}"
        assert time.monotonic() < deadline, f"{run_id} is still {status}"
        threading.Event().wait(0.05)  # a question every 50 ms
    log = httpx.get(arm.ok("POST", f"runs/{run_id}/listLogSasUrl")["logLink"], trust_env=False)
    assert log.status_code == 200
    complete = log.headers["x-ms-meta-Complete"]
    if before in UNDER_WAY:
        assert status == "Error"
        assert run["properties"]["runErrorMessage"]
        assert run["properties"]["finishTime"]
        assert complete in (INTERNAL_ERROR, "successful")  # the log ends a moment before the run does
    else:
        assert (status, complete) == ("Succeeded", "successful"), log.text
    return run


def test_the_load_is_what_it_says() -> None:
    """The clients write 200 tasks and schedule 20 runs."""
    assert (CLIENTS * TASKS_EACH, CLIENTS * RUNS_EACH) == (200, 20)
