"""An unavailable service: every run ends once, and a failed one with a sentence.

The provider's own code runs on an emulator with faults, without the engine, which has no part in it.
"""

from __future__ import annotations

import random
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

import acr_tasks_emulator
from pulumi_acr_tasks import engine, errors
from pulumi_acr_tasks.run import crud as run
from pulumi_acr_tasks.run.check import check
from pulumi_acr_tasks.run.wait.wait import Call
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings

# A provider's process ends with its command, and closes no connection before.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

URN = "urn:pulumi:dev::faults::pulumi-python:dynamic/acr-tasks:Run::run-"


class Console:
    """A console that remembers its messages."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.warnings: list[str] = []

    def status(self, text: str) -> None:
        self.statuses.append(text)

    info = status

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@dataclass
class World:
    """An emulator, and runs that are made there at the same time."""

    endpoint: str
    registry: str
    context: Path
    consoles: list[Console] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    # Without `verify`, each request would load the certificates, which takes longer than the request.
    def schedule(self, **request: Any) -> str:
        """Schedule a run as another caller; return its id."""
        body = {"type": "EncodedTaskRunRequest", "platform": {"os": "linux"}, **request}
        url = f"{self.endpoint}{self.registry}/scheduleRun"
        answer = httpx.post(url, verify=False, params={"api-version": "2019-04-01"}, json=body).raise_for_status()
        return str(answer.json()["name"])

    def met(self, method: str, path: str) -> None:
        """Wait until the service has had that request."""
        until = time.monotonic() + 120
        while not any(
            each["method"] == method and each["path"].endswith(path)
            for each in httpx.get(f"{self.endpoint}/_emulator/requests", verify=False)
            .raise_for_status()
            .json()["value"]
        ):
            assert time.monotonic() < until, f"{method} {path} was never asked"
            time.sleep(0.05)  # between two looks

    def fault(self, *rules: dict[str, Any]) -> None:
        httpx.put(f"{self.endpoint}/_emulator/faults", verify=False, json=list(rules)).raise_for_status()

    def unmet(self) -> list[dict[str, Any]]:
        """Return the rules of faults that no request has met."""
        told = httpx.get(f"{self.endpoint}/_emulator/faults", verify=False).raise_for_status().json()
        return [each for each in told["value"] if "times" in each and each["left"] == each["times"]]

    def runs(self) -> list[dict[str, Any]]:
        httpx.delete(f"{self.endpoint}/_emulator/faults", verify=False).raise_for_status()
        url = f"{self.endpoint}{self.registry}/runs"
        told = httpx.get(url, verify=False, params={"api-version": "2019-04-01"}).raise_for_status().json()
        return [each["properties"] for each in told["value"]]

    def make(self, count: int = 1, timeout: float = 0.0, *, images: bool = False, **inputs: Any) -> list[str]:
        """Make so many runs at once, with `images` each of an image of its own: how each ended, in a word.

        Each call is an update of its own: its service knows nothing of those before, other than by the journal.
        """
        part = self.registry.split("/")
        config = {
            "endpoint": self.endpoint,
            "subscriptionId": part[2],
            "resourceGroupName": part[4],
            "registryName": part[8],
        }
        service = Service(Settings.load(config.get, {}))
        _services.append(service)

        def one(number: int) -> str:
            console = Console()
            self.consoles.append(console)
            wanted = {"logs": "stream", **BUILD, "context": str(self.context), **inputs}
            if images:
                wanted["runRequest"] = {**wanted["runRequest"], "imageNames": [f"app-{number}:v1"]}
            given, problems = check({k: v for k, v in wanted.items() if v is not None}, service.settings)
            assert problems == []
            call = Call(console, threading.Event(), timeout)  # type: ignore[arg-type]
            try:
                with engine.serving(engine.Request(f"{URN}{number}")):
                    made = run.create(service, given, call)[1]
                self.made.append(made)
                return str(made["status"])
            except errors.AcrTasksError as error:
                self.errors.append(str(error))
                return type(error).__name__

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))


BUILD: dict[str, Any] = {
    "runRequest": {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": {"os": "Linux"}}
}


# A service lives as long as its process, and so do its connections: closing them early would be a warning.
_services: list[Service] = []


@pytest.fixture
def new_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM busybox\nRUN true\n")
    started: list[Any] = []

    def make(**options: Any) -> World:
        serving = acr_tasks_emulator.serve(**{"executor": "simulated", "agents": 8, **options})
        emulator = serving.__enter__()
        started.append(serving)
        return World(emulator.endpoint, emulator.registries[0], context)

    yield make
    for serving in started:
        serving.__exit__(None, None, None)


def rule(method: str, path: str, **effect: Any) -> dict[str, Any]:
    return {"match": {"method": method, "path": path}, **effect}


BUSY = {"status": 429, "headers": {"Retry-After": "0"}, "body": {"error": {"code": "TooManyRequests"}}}
ILL = {"status": 500, "body": {"error": {"code": "InternalServerError", "message": "ill"}}}
REFUSED = {"status": 400, "body": {"error": {"code": "InvalidInputValue", "message": "no such filter"}}}
RUNNING = {"status": 200, "body": {"name": "x", "properties": {"status": "Running"}}}
POST, RUN, RUNS = "/scheduleRun$", "/runs/[^/]+$", "/runs$"

# What is wrong, how many runs are made at once, how each of them ends, and how many runs the service then has.
TABLE: dict[str, tuple[list[dict[str, Any]], int, str, int]] = {
    "upload cut": ([rule("PUT", "tar.gz", drop="before", times=2)], 1, "Succeeded", 1),
    "upload done, answer lost": ([rule("PUT", "tar.gz", drop="after", times=1)], 1, "Succeeded", 1),
    "upload link expired": ([rule("PUT", "tar.gz", status=403, times=1)], 1, "Succeeded", 1),
    "upload refused": ([rule("PUT", "tar.gz", status=403)], 1, "SourceError", 0),
    # Nothing tells whose run it is: the simulated executor reports no images.
    "answer of scheduleRun lost": ([rule("POST", POST, drop="after", times=1)], 1, "TransportError", 1),
    "scheduleRun lost on its way": ([rule("POST", POST, drop="before", times=1)], 1, "TransportError", 0),
    "gateway gives up": ([rule("POST", POST, status=502, times=1)], 1, "TransportError", 0),
    "scheduleRun refused": ([rule("POST", POST, **REFUSED)], 1, "InvalidRequestError", 0),
    "429 for scheduleRun": ([rule("POST", POST, times=3, **BUSY)], 1, "Succeeded", 1),
    "429 storm": ([rule("GET", "/runs", times=9, **BUSY)], 3, "Succeeded", 3),
    "500 while polling": ([rule("GET", "/runs", times=4, **ILL)], 1, "Succeeded", 1),
    "connection lost while polling": ([rule("GET", "/runs", times=3, drop="before")], 3, "Succeeded", 3),
    "log complete before the status": ([rule("GET", RUN, times=3, **RUNNING)], 1, "Succeeded", 1),
    "filter refused": ([rule("GET", RUNS, **REFUSED)], 3, "Succeeded", 3),
    "list says nothing": ([rule("GET", RUNS, status=200, body={"value": []})], 3, "Succeeded", 3),
    "list is no list": ([rule("GET", RUNS, status=200, body="<html>")], 3, "Succeeded", 3),
    "list forbidden": ([rule("GET", RUNS, status=403, body={"error": {"code": "No"}})], 3, "Succeeded", 3),
    "HTML while polling": ([rule("GET", RUN, status=200, body="<html>", times=3)], 1, "Succeeded", 1),
    "a list while polling": ([rule("GET", RUN, status=200, body=[], times=2)], 1, "Succeeded", 1),
    "nothing while polling": ([rule("GET", RUN, status=200, body={}, times=2)], 1, "Succeeded", 1),
    "HTML and null in place of lists": ([rule("GET", "/runs", status=200, body=None, times=4)], 3, "Succeeded", 3),
    "log link empty": ([rule("POST", "/listLogSasUrl$", status=200, body={"logLink": ""}, times=2)], 1, "Succeeded", 1),
    "log link missing": ([rule("POST", "/listLogSasUrl$", status=200, body={}, times=2)], 1, "Succeeded", 1),
    "log link refused": ([rule("POST", "/listLogSasUrl$", status=403)], 1, "Succeeded", 1),
    "log forbidden": ([rule("HEAD", "log", status=403)], 1, "Succeeded", 1),
    "log reset": ([rule("GET", r"\.log", status=416, times=1)], 1, "Succeeded", 1),
    "log busy": ([rule("HEAD", "log", status=503, times=3)], 1, "Succeeded", 1),
}


@pytest.mark.parametrize("trouble", TABLE)
def test_every_run_ends_and_none_is_made_twice(trouble: str, new_world: Callable[..., World]) -> None:
    """Each ends as expected, every fault was met, and the service has exactly the requested runs."""
    rules, count, ending, left = TABLE[trouble]
    world = new_world()
    world.fault(*rules)
    assert world.make(count) == [ending] * count
    assert world.unmet() == []
    assert len(world.runs()) == left


def test_an_upload_that_is_cut_in_the_middle_goes_on(new_world: Callable[..., World]) -> None:
    """The connection breaks in the second of three blocks, which is then sent again."""
    world = new_world()
    (world.context / "large").write_bytes(random.Random(1).randbytes(20 << 20))
    world.fault(rule("PUT", "tar.gz", delayMs=1, times=1), rule("PUT", "tar.gz", drop="before", times=1))
    assert world.make() == ["Succeeded"]
    assert world.unmet() == []
    assert len(world.runs()) == 1
    assert any(line.startswith("uploading 20 of") for line in world.consoles[0].statuses), world.consoles[0].statuses


def test_a_run_whose_status_is_never_final_is_given_up_and_canceled(new_world: Callable[..., World]) -> None:
    """The resource's custom timeout ends the wait."""
    world = new_world(switches={"agent-delay": "600"})
    world.fault(rule("GET", RUN, **RUNNING))
    assert world.make(runRequest=ENCODED, context=None, timeout=3.0) == ["RunDeadlineError"]
    assert [run["status"] for run in world.runs()] == ["Canceled"]


NO_CONTEXT = {"status": "Failed", "runErrorMessage": "failed to download context: blob not found"}


@pytest.mark.parametrize(("times", "ending"), [(1, "Succeeded"), (2, "RunFailedError")])
def test_a_run_that_lacked_its_uploaded_context_is_scheduled_once_more(
    times: int, ending: str, new_world: Callable[..., World]
) -> None:
    """The storage may need a moment; the context is not uploaded again."""
    world = new_world()
    world.fault(rule("GET", RUN, status=200, body={"name": "x", "properties": NO_CONTEXT}, times=times))
    assert world.make() == [ending]
    assert "another run is scheduled, once" in world.consoles[0].warnings[0]
    assert len(world.runs()) == 2


def test_a_run_of_a_foreign_context_is_not_scheduled_again(new_world: Callable[..., World]) -> None:
    """An address that cannot be fetched stays unreachable."""
    world = new_world()
    world.fault(rule("GET", RUN, status=200, body={"name": "x", "properties": NO_CONTEXT}, times=1))
    assert world.make(context="https://example.com/a.git") == ["RunFailedError"]
    assert len(world.runs()) == 1


needs_builder = pytest.mark.skipif(shutil.which("buildah") is None, reason="only images prove whose run it is")
LISTED = "The run may have been started all the same"


@needs_builder
def test_lost_answers_are_found_by_the_images(new_world: Callable[..., World]) -> None:
    """Three requests lose their answers at once, and each finds its own run once its image is built."""
    world = new_world(executor="buildah")
    world.fault(rule("POST", POST, drop="after", times=3))
    assert world.make(3, images=True) == ["Succeeded"] * 3, world.errors
    assert sorted(made["imageRefs"][0].partition("@")[0].rpartition("/")[2] for made in world.made) == [
        "app-0",
        "app-1",
        "app-2",
    ]
    assert len({made["runId"] for made in world.made}) == len(world.runs()) == 3


STEPS = "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggZWNobyBoaQo="
ENCODED = {"type": "EncodedTaskRunRequest", "encodedTaskContent": STEPS, "platform": {"os": "linux"}}


@pytest.mark.parametrize("wait", [True, False])
def test_the_run_of_another_caller_is_never_claimed(wait: bool, new_world: Callable[..., World]) -> None:
    """Our request is lost, and another caller schedules the same one meanwhile."""
    world = new_world()
    world.fault(rule("POST", POST, delayMs=5000, drop="before", times=1))
    with ThreadPoolExecutor(1) as pool:
        ours = pool.submit(world.make, runRequest=ENCODED, context=None, wait=wait)
        world.met("POST", "/scheduleRun")
        stranger = world.schedule(encodedTaskContent=STEPS)
        assert ours.result(60) == ["TransportError"]
    assert f"{LISTED}: it may be one of {stranger} (" in world.errors[0]
    assert "correlation id" in world.errors[0]
    assert len(world.runs()) == 1


@needs_builder
def test_a_list_that_fails_is_read_by_the_next_update(new_world: Callable[..., World]) -> None:
    """Two answers are lost and the list fails: the next update resumes both runs, and starts none."""
    world = new_world(executor="buildah")
    world.fault(rule("POST", POST, drop="after", times=2), rule("GET", RUNS, **ILL))
    assert world.make(2, images=True) == ["TransportError"] * 2
    assert all(f"{LISTED}, and the runs cannot be looked at: list runs of" in error for error in world.errors)
    first = {run["runId"] for run in world.runs()}
    assert len(first) == 2
    assert world.make(2, images=True) == ["Succeeded"] * 2, world.errors
    assert {made["runId"] for made in world.made} == {run["runId"] for run in world.runs()} == first


def test_unproved_candidates_are_shown_to_the_user_once(new_world: Callable[..., World]) -> None:
    """Two equal requests without images lose their answers: no run is started before the user knows."""
    world = new_world()
    world.fault(rule("POST", POST, drop="after", delayMs=300), rule("GET", RUNS, **ILL))
    assert world.make(2, runRequest=ENCODED, context=None) == ["TransportError"] * 2
    assert len(world.runs()) == 2
    assert world.make(2, runRequest=ENCODED, context=None) == ["TransportError"] * 2
    assert "Nothing was started now." in world.errors[-1]
    assert len(world.runs()) == 2
    assert world.make(2, runRequest=ENCODED, context=None) == ["Succeeded"] * 2
    assert len(world.runs()) == 4


def test_a_log_that_cannot_be_read_is_one_warning(new_world: Callable[..., World]) -> None:
    """The run and `up` go on."""
    world = new_world()
    world.fault(rule("HEAD", "log", status=403))
    assert world.make() == ["Succeeded"]
    assert [warning.partition(":")[0] for warning in world.consoles[0].warnings] == ["The log cannot be shown"]


def test_a_log_that_comes_late_is_shown_whole(new_world: Callable[..., World]) -> None:
    """The log answers 404 at first."""
    world = new_world(switches={"log-missing-seconds": "1"})
    assert world.make() == ["Succeeded"]
    assert any("Run ID" in line for line in world.consoles[0].statuses), world.consoles[0].statuses


def test_an_expired_link_to_a_log_is_requested_again(new_world: Callable[..., World]) -> None:
    """The log is shown to its end."""
    world = new_world(switches={"sas-seconds": "3"})
    steps = "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggZWNobyBkb25lCiAgICBzdGFydERlbGF5OiA2Cg=="  # a start delay of 6 s
    request = {"type": "EncodedTaskRunRequest", "encodedTaskContent": steps, "platform": {"os": "Linux"}}
    assert world.make(runRequest=request, context=None) == ["Succeeded"]
    assert world.consoles[0].warnings == []
    assert any("Run ID" in line for line in world.consoles[0].statuses), world.consoles[0].statuses


def test_a_run_is_awaited_when_its_answer_comes_by_polling(new_world: Callable[..., World]) -> None:
    """The specification calls scheduleRun long-running: 202 first, and the run at another address."""
    world = new_world(mode="lro")
    assert world.make(2) == ["Succeeded"] * 2
    assert len(world.runs()) == 2
