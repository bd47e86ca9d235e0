"""Long-running operations with `--mode lro`: the asynchronous half of the specification."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

SPECIFICATION = "containerregistry_build.json, 2019-04-01: x-ms-long-running-operation, 201 and 202"
MANNERS = "Resource Manager: asynchronous operations, Azure-AsyncOperation and Location"
POLLS = 2


@pytest.fixture
def lro(emulated: Any) -> Any:
    """An emulator whose operations are over after two polls, or an hour by its clock."""
    return emulated(mode="lro", switches={"operation-polls": POLLS, "operation-seconds": 3600})


def state(arm: Any, path: str) -> str:
    return str(arm.ok("GET", path)["properties"]["provisioningState"])


def followed(arm: Any, answer: httpx.Response) -> httpx.Response:
    """Poll `Location` until the answer is not 202; check the number of polls."""
    assert (answer.status_code, answer.content) == (202, b"")
    for _ in range(POLLS):
        assert int(answer.headers["retry-after"]) >= 0
        answer = arm.http.get(answer.headers["location"])
        assert (answer.status_code, answer.content) == (202, b"")
    return arm.http.get(answer.headers["location"])


@pytest.mark.arm_documented(SPECIFICATION)
def test_a_task_is_created_and_updated_in_the_background(lro: Any, quick_task: Any) -> None:
    """The answer is 201 with the resource's present state; the operation's own address says when it has ended."""
    for method, body, meanwhile in (
        ("PUT", quick_task(), "Creating"),
        ("PUT", quick_task(timeout=600), "Updating"),
        ("PATCH", {"properties": {"timeout": 700}}, "Updating"),
    ):
        answer = lro(method, "tasks/task1", body)
        assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, meanwhile)
        assert "location" not in answer.headers
        address = answer.headers["azure-asyncoperation"]
        for _ in range(POLLS):
            operation = lro.http.get(address)
            assert (operation.status_code, operation.json()["status"]) == (200, "InProgress")
            assert "retry-after" in operation.headers
            assert state(lro, "tasks/task1") == meanwhile
            assert lro.ok("GET", "tasks")["value"][0]["properties"]["provisioningState"] == meanwhile
        over = lro.http.get(address).json()
        assert over["status"] == "Succeeded"
        assert over["endTime"] >= over["startTime"]
        assert lro.http.get(address).json() == over
        assert state(lro, "tasks/task1") == "Succeeded"
    assert lro.ok("GET", "tasks/task1")["properties"]["timeout"] == 700


@pytest.mark.arm_documented(SPECIFICATION)
def test_a_task_is_deleted_in_the_background(lro: Any, quick_task: Any) -> None:
    """The answer is 202, then 204; meanwhile the task is shown as Deleting. A missing task is 204 at once."""
    lro("PUT", "tasks/task1", quick_task())
    answer = lro("DELETE", "tasks/task1")
    assert state(lro, "tasks/task1") == "Deleting"
    assert followed(lro, answer).status_code == 204
    assert lro("GET", "tasks/task1").status_code == 404
    assert lro("DELETE", "tasks/task1").status_code == 204


@pytest.mark.arm_documented(SPECIFICATION)
def test_a_run_is_scheduled_in_the_background(lro: Any, quick_request: Any) -> None:
    """The answer is 202 without a body; the run comes at the end."""
    over = followed(lro, lro("POST", "scheduleRun", quick_request()))
    assert over.status_code == 200
    run = over.json()
    assert run["id"] == f"{lro.registry}/runs/{run['name']}"
    assert lro.until(run["name"])["properties"]["status"] == "Succeeded"
    assert len(lro.ok("GET", "runs")["value"]) == 1


@pytest.mark.arm_documented(SPECIFICATION)
def test_a_run_is_updated_and_canceled_in_the_background(lro: Any, quick_request: Any) -> None:
    """The answers are 201 with the run as Updating, and 202 and then 200 without a body."""
    run_id = followed(lro, lro("POST", "scheduleRun", quick_request())).json()["name"]
    lro.until(run_id)
    answer = lro("PATCH", f"runs/{run_id}", {"isArchiveEnabled": True})
    assert (answer.status_code, answer.json()["properties"]["provisioningState"]) == (201, "Updating")
    over = followed(lro, lro("POST", f"runs/{run_id}/cancel"))
    assert (over.status_code, over.content) == (200, b"")


@pytest.mark.arm_documented(MANNERS)
def test_time_ends_an_operation_too(lro: Any, quick_task: Any) -> None:
    """A client that polls the resource alone sees the end of the operation."""
    address = lro("PUT", "tasks/task1", quick_task()).headers["azure-asyncoperation"]
    assert state(lro, "tasks/task1") == "Creating"
    lro.http.post("/_emulator/clock/advance", json={"seconds": 3600})
    assert state(lro, "tasks/task1") == "Succeeded"
    assert lro.http.get(address).json()["status"] == "Succeeded"


@pytest.mark.arm_documented(MANNERS)
def test_a_refusal_comes_at_once(lro: Any, quick_task: Any) -> None:
    """A wrong request is refused without an operation; an unknown operation is not found."""
    answer = lro("PUT", "tasks/task1", quick_task(timeout=1))
    assert answer.status_code == 400
    assert "azure-asyncoperation" not in answer.headers
    assert lro("GET", "tasks/task1").status_code == 404
    subscription = lro.registry.split("/")[2]
    path = (
        f"/subscriptions/{subscription}/providers/Microsoft.ContainerRegistry/locations/westeurope/operationStatuses/x"
    )
    assert lro("GET", path).json()["error"]["code"] == "NotFound"
