"""An unavailable service: every run ends once, and a failed one with a sentence.

The provider's own code runs on an emulator with faults, without the engine, which has no part in it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from tests.real.provider.faults.conftest import ENCODED, ILL, POST, RUN, RUNS, World, rule

# A provider's process ends with its command, and closes no connection before.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


BUSY = {"status": 429, "headers": {"Retry-After": "0"}, "body": {"error": {"code": "TooManyRequests"}}}
REFUSED = {"status": 400, "body": {"error": {"code": "InvalidInputValue", "message": "no such filter"}}}
RUNNING = {"status": 200, "body": {"name": "x", "properties": {"status": "Running"}}}

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
    assert world.make(runRequest=ENCODED, context=None, timeout=10.0) == ["RunDeadlineError"]
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
