"""Fault injection: responses and lost connections that a client has to cope with."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.emulator_choice("the emulator's own interface; the real service has none like it")
FAULTS = "/_emulator/faults"


@pytest.fixture
def emulator(emulated: Any) -> Any:
    return emulated()


def put(emulator: Any, *rules: Any) -> httpx.Response:
    return emulator.http.put(FAULTS, json=list(rules))


def left(emulator: Any) -> list[int | None]:
    return [rule["left"] for rule in emulator.http.get(FAULTS).json()["value"]]


def test_a_rule_answers_instead_of_the_service(emulator: Any, quick_task: Any) -> None:
    """Status, body and headers are the rule's, as often as it says; the request has no other effect."""
    error = {"error": {"code": "ServiceUnavailable", "message": "later"}}
    rule = {"match": {"method": "PUT", "path": "/TASKS/task1$"}, "times": 2, "status": 503, "body": error}
    assert put(emulator, {**rule, "headers": {"Retry-After": 7, "x-ms-request-id": "mine"}}).status_code == 200
    for _ in range(2):
        answer = emulator("PUT", "tasks/task1", quick_task())
        assert (answer.status_code, answer.json()) == (503, error)
        assert (answer.headers["retry-after"], answer.headers["x-ms-request-id"]) == ("7", "mine")
        assert answer.headers["x-ms-correlation-request-id"] == answer.request.headers["x-ms-correlation-request-id"]
        assert emulator("GET", "tasks/task1").status_code == 404
    assert left(emulator) == [0]
    emulator.ok("PUT", "tasks/task1", quick_task())


def test_before_drops_the_connection_and_does_nothing(emulator: Any, quick_request: Any) -> None:
    """The client gets no answer, and no run is scheduled."""
    put(emulator, {"match": {"path": "scheduleRun"}, "times": 1, "drop": "before"})
    with pytest.raises(httpx.TransportError):
        emulator("POST", "scheduleRun", quick_request())
    assert emulator.ok("GET", "runs") == {"value": []}
    assert emulator.schedule(quick_request())


def test_after_drops_the_connection_when_the_work_is_done(emulator: Any, quick_request: Any) -> None:
    """The client gets no answer, and the run is scheduled."""
    put(emulator, {"match": {"path": "scheduleRun"}, "times": 1, "drop": "after"})
    with pytest.raises(httpx.TransportError):
        emulator("POST", "scheduleRun", quick_request())
    assert len(emulator.ok("GET", "runs")["value"]) == 1


def test_a_delay_holds_up_its_request_only(emulator: Any) -> None:
    """The delayed request is answered as usual; a second one overtakes it."""
    put(emulator, {"match": {"path": "/tasks$"}, "times": 1, "delayMs": 300})
    began = time.monotonic()
    assert emulator.ok("GET", "tasks") == {"value": []}
    assert time.monotonic() - began >= 0.3
    assert left(emulator) == [0]


def test_faults_apply_to_blobs_too(emulator: Any, archive: bytes) -> None:
    """An upload and a log are blob requests; a text as the body is sent as it is."""
    put(emulator, {"match": {"method": "PUT", "path": "^/blobs/"}, "times": 1, "status": 500, "body": "<Error/>"})
    url = emulator.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"]
    headers = {"x-ms-blob-type": "BlockBlob"}
    answer = httpx.put(url, content=archive * 1000, headers=headers)
    assert (answer.status_code, answer.text, answer.headers["content-type"]) == (500, "<Error/>", "application/xml")
    assert httpx.put(url, content=archive, headers=headers).status_code == 201


def test_bad_rules_are_refused_and_earlier_ones_stay(emulator: Any) -> None:
    """The answer is 400 with one sentence for all problems; DELETE removes the rules."""
    put(emulator, {"match": {"path": "nothing"}, "status": 500})
    answer = put(emulator, {"status": 42}, {"drop": "maybe"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidFaults"
    message = answer.json()["error"]["message"]
    assert "rules[0].status" in message
    assert "rules[1].drop" in message
    assert left(emulator) == [None]
    assert emulator.http.delete(FAULTS).status_code == 204
    assert left(emulator) == []


def test_metrics_count_requests_and_runs(emulator: Any, quick_request: Any) -> None:
    """Requests are counted by method and status, runs by status; a reset sets the counts to zero."""
    run_id = emulator.schedule(quick_request())
    emulator.until(run_id)
    emulator("GET", "tasks/nosuch")
    metrics = emulator.http.get("/_emulator/metrics").json()
    assert metrics["requests"]["POST"] == {"200": 1}
    assert metrics["requests"]["GET"]["404"] == 1
    assert (metrics["runs"]["Succeeded"], metrics["runs"]["Failed"], metrics["queueLength"]) == (1, 0, 0)
    emulator.http.post("/_emulator/reset")
    metrics = emulator.http.get("/_emulator/metrics").json()
    assert (metrics["requests"], metrics["runs"]["Succeeded"]) == ({}, 0)


def test_requests_with_a_fault_are_logged(emulator: Any) -> None:
    """A dropped request has the status 0."""
    put(emulator, {"times": 1, "status": 503}, {"times": 1, "drop": "after"})
    emulator("GET", "tasks")
    with pytest.raises(httpx.TransportError):
        emulator("GET", "tasks")
    emulator("GET", "tasks")
    noted = emulator.http.get("/_emulator/requests").json()["value"]
    assert [entry["status"] for entry in noted] == [503, 0, 200]


def test_a_cleared_log_omits_requests_in_flight(emulator: Any) -> None:
    """A request that ends after the log was cleared does not appear in it."""
    put(emulator, {"match": {"path": "/tasks$"}, "times": 1, "delayMs": 1_000})
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(emulator, "GET", "tasks")
        while left(emulator) != [0]:
            assert not held.done()
        emulator.http.delete("/_emulator/requests").raise_for_status()
        assert held.result().status_code == 200
    assert emulator.http.get("/_emulator/requests").json()["value"] == []
