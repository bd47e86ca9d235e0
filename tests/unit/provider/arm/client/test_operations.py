"""The operations of the client: the requests of each, pages, and long-running operations."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.unit.provider.arm.client.scene import ENDPOINT, REGISTRY, Service, refusal

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.http.retry_and_throttle import ATTEMPTS
from pulumi_acr_tasks.arm.http.transport import CORRELATION_ID
from pulumi_acr_tasks.arm.operations import filter_by_run_ids

OPERATIONS: list[tuple[str, Callable[[Client], Any], str, str, Any]] = [
    (
        "schedule_run",
        lambda c: c.registries.schedule_run(REGISTRY, {"type": "x"}),
        "POST",
        "/scheduleRun",
        {"type": "x"},
    ),
    (
        "get_build_source_upload_url",
        lambda c: c.registries.get_build_source_upload_url(REGISTRY),
        "POST",
        "/listBuildSourceUploadUrl",
        None,
    ),
    ("runs.list", lambda c: list(c.runs.list(REGISTRY)), "GET", "/runs", None),
    ("runs.get", lambda c: c.runs.get(REGISTRY, "cf1"), "GET", "/runs/cf1", None),
    (
        "runs.update",
        lambda c: c.runs.update(REGISTRY, "cf1", {"isArchiveEnabled": True}),
        "PATCH",
        "/runs/cf1",
        {"isArchiveEnabled": True},
    ),
    (
        "runs.get_log_sas_url",
        lambda c: c.runs.get_log_sas_url(REGISTRY, "cf1"),
        "POST",
        "/runs/cf1/listLogSasUrl",
        None,
    ),
    ("runs.cancel", lambda c: c.runs.cancel(REGISTRY, "cf1"), "POST", "/runs/cf1/cancel", None),
    ("tasks.list", lambda c: list(c.tasks.list(REGISTRY)), "GET", "/tasks", None),
    ("tasks.get", lambda c: c.tasks.get(REGISTRY, "build"), "GET", "/tasks/build", None),
    ("tasks.get_details", lambda c: c.tasks.get_details(REGISTRY, "build"), "POST", "/tasks/build/listDetails", None),
    ("tasks.create", lambda c: c.tasks.create(REGISTRY, "build", {"a": 1}), "PUT", "/tasks/build", {"a": 1}),
    ("tasks.update", lambda c: c.tasks.update(REGISTRY, "build", {"a": 1}), "PATCH", "/tasks/build", {"a": 1}),
    ("tasks.delete", lambda c: c.tasks.delete(REGISTRY, "build"), "DELETE", "/tasks/build", None),
]


@pytest.mark.parametrize(("name", "call", "method", "suffix", "body"), OPERATIONS, ids=[row[0] for row in OPERATIONS])
def test_an_operation_is_one_request(
    name: str, call: Callable[[Client], Any], method: str, suffix: str, body: Any
) -> None:
    """The request has its method, path, API version, body and a correlation id of its own."""
    service = Service([{"name": "x", "value": [], "uploadUrl": "https://storage.example.org", "relativePath": "x"}])
    call(service.client())
    (request,) = service.requests
    assert request.method == method
    assert request.url.path == f"{REGISTRY}{suffix}"
    assert dict(request.url.params) == {"api-version": "2019-04-01"}
    assert request.headers[CORRELATION_ID]
    assert (json.loads(request.content) if request.content else None) == body
    if method == "POST" and body is None:
        assert request.headers["content-length"] == "0"


def test_the_registry_is_read_under_its_own_api_version() -> None:
    """2019-04-01 does not serve it."""
    service = Service([{"location": "westeurope", "properties": {"loginServer": "r.azurecr.io"}}])
    registry = service.client().registries.get(REGISTRY)
    assert (registry["location"], registry["loginServer"]) == ("westeurope", "r.azurecr.io")
    assert service.requests[0].url.params["api-version"] == "2023-07-01"


def test_every_attempt_has_a_correlation_id_of_its_own() -> None:
    """The service derives paths from it; an error names the last."""
    service = Service([refusal(503, "Busy") for _ in range(ATTEMPTS)])
    with pytest.raises(errors.UnavailableError) as caught:
        service.client().tasks.get(REGISTRY, "build")
    ids = service.correlation_ids
    assert len(set(ids)) == ATTEMPTS
    assert caught.value.correlation_id == ids[-1]
    assert f"correlation id {ids[-1]}" in str(caught.value)
    assert str(caught.value).startswith(f"read task {REGISTRY}/tasks/build: the service answered 503 Busy")


def test_a_list_follows_its_next_link_verbatim() -> None:
    """It follows page after page, at the same origin."""
    link = f"{ENDPOINT}{REGISTRY}/tasks?api-version=2019-04-01&%24skiptoken=a%2Fb"
    service = Service([{"value": [{"name": "a"}], "nextLink": link}, {"value": [{"name": "b"}]}])
    assert [task.name for task in service.client().tasks.list(REGISTRY)] == ["a", "b"]
    assert str(service.requests[1].url) == link


def test_a_link_may_be_relative() -> None:
    """HTTP allows it in headers, and a list of another make may do the same."""
    service = Service([{"value": [], "nextLink": f"{REGISTRY}/tasks?page=2"}, {"value": [{"name": "b"}]}])
    assert [task.name for task in service.client().tasks.list(REGISTRY)] == ["b"]
    assert str(service.requests[1].url) == f"{ENDPOINT}{REGISTRY}/tasks?page=2"


def test_a_list_without_an_end_is_an_error() -> None:
    """A page that refers to itself, or to an earlier one, would be read for ever."""
    links = [f"{ENDPOINT}/a", f"{ENDPOINT}/b", f"{ENDPOINT}/a"]
    service = Service([{"value": [{"name": "t"}], "nextLink": link} for link in links])
    with pytest.raises(errors.TransportError, match="the list has no end"):
        list(service.client().tasks.list(REGISTRY))


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example.org/x", "https://evil.example.org/", "http://arm.example.org/", f"{ENDPOINT}:444/"]
)
def test_a_link_to_another_origin_is_not_followed(elsewhere: str) -> None:
    """Another host, another port and a link without TLS are refused."""
    service = Service([{"value": [], "nextLink": elsewhere}])
    with pytest.raises(errors.TransportError, match="refers to"):
        list(service.client().tasks.list(REGISTRY))
    assert len(service.requests) == 1


def test_a_redirect_is_not_followed() -> None:
    """A redirect is an error."""
    service = Service([httpx.Response(307, headers={"location": "https://evil.example.org/"})])
    with pytest.raises(errors.ServiceError, match="307"):
        service.client().tasks.get(REGISTRY, "build")
    assert len(service.requests) == 1


def test_runs_are_listed_up_to_the_top() -> None:
    """The service may answer more than `$top`; the client stops there."""
    service = Service([{"value": [{"name": "b"}], "nextLink": f"{ENDPOINT}/more"}])
    assert len(list(service.client().runs.list(REGISTRY, top=1))) == 1
    assert len(service.requests) == 1
    service = Service([{"value": [{"name": "b"}, {"name": "a"}], "nextLink": f"{ENDPOINT}/more"}])
    runs = list(service.client().runs.list(REGISTRY, filter_by_run_ids(["x'y"]), top=1))
    assert [run.name for run in runs] == ["b"]
    assert dict(service.requests[0].url.params) == {
        "api-version": "2019-04-01",
        "$filter": "RunId eq 'x''y'",
        "$top": "1",
    }


def test_the_runs_of_several_ids_are_one_filter() -> None:
    """The service combines the expressions with `or`."""
    assert filter_by_run_ids(["a", "b"]) == "(RunId eq 'a' or RunId eq 'b')"


def test_delete_says_whether_there_was_a_task() -> None:
    """The answer is 200 with an empty body, or 204 without a task."""
    assert Service([httpx.Response(200)]).client().tasks.delete(REGISTRY, "build") is True
    assert Service([httpx.Response(204)]).client().tasks.delete(REGISTRY, "build") is False


def test_an_accepted_update_is_followed_to_its_end() -> None:
    """The answer is 202 with Azure-AsyncOperation, as the specification allows, then the resource itself."""
    monitor = {"azure-asyncoperation": f"{ENDPOINT}/operations/1", "retry-after": "7"}
    service = Service(
        [
            httpx.Response(201, json={}, headers=monitor),
            httpx.Response(200, json={"status": "InProgress"}, headers={"retry-after": "5"}),
            {"status": "Succeeded"},
            {"name": "build", "properties": {"provisioningState": "Succeeded"}},
        ]
    )
    assert service.client().tasks.create(REGISTRY, "build", {}).name == "build"
    assert service.clock.slept == [7, 5]
    assert [request.method for request in service.requests] == ["PUT", "GET", "GET", "GET"]
    assert service.requests[3].url.path == f"{REGISTRY}/tasks/build"


def test_an_accepted_run_is_fetched_from_its_location() -> None:
    """The answer is 202 with Location only."""
    location = {"location": f"{ENDPOINT}/results/1"}
    service = Service(
        [httpx.Response(202, headers=location), httpx.Response(202, headers=location), {"properties": {"runId": "cf1"}}]
    )
    assert service.client().registries.schedule_run(REGISTRY, {}).properties.run_id == "cf1"


def test_a_location_may_be_relative_and_move() -> None:
    """Each answer may name another address; a Retry-After of 0 does not mean a poll without a pause."""
    moves = [httpx.Response(202, headers={"location": f"/results/{n}", "retry-after": "0"}) for n in (1, 2)]
    service = Service([*moves, httpx.Response(202), {"properties": {"runId": "cf1"}}])
    assert service.client().registries.schedule_run(REGISTRY, {}).properties.run_id == "cf1"
    assert [request.url.path for request in service.requests[1:]] == ["/results/1", "/results/2", "/results/2"]
    assert service.clock.slept == [1, 2, 4]


@pytest.mark.parametrize("header", ["azure-asyncoperation", "location"])
def test_the_status_of_an_operation_may_repeat_its_address(header: str) -> None:
    """The body counts; without one, 202 says that the operation goes on."""
    monitor = {"azure-asyncoperation": f"{ENDPOINT}/operations/1"}
    again = {header: f"{ENDPOINT}/operations/1"}
    service = Service(
        [
            httpx.Response(201, json={}, headers=monitor),
            httpx.Response(200, json={"status": "InProgress"}, headers=again),
            httpx.Response(202, json={"status": "InProgress"}, headers=again),
            httpx.Response(202, headers=again),
            httpx.Response(200, json={"status": "Succeeded"}, headers=again),
            {"name": "build", "properties": {"provisioningState": "Succeeded"}},
        ]
    )
    assert service.client().tasks.create(REGISTRY, "build", {}).name == "build"
    assert not service.answers


def test_a_failed_long_running_operation_is_an_error() -> None:
    """The error has the operation's own code and message."""
    service = Service(
        [
            httpx.Response(202, headers={"azure-asyncoperation": f"{ENDPOINT}/operations/1"}),
            {"status": "Failed", "error": {"code": "Broken", "message": "it broke"}},
        ]
    )
    with pytest.raises(errors.ServiceError, match="Broken\nit broke"):
        service.client().tasks.delete(REGISTRY, "build")


def test_a_run_that_is_accepted_without_a_name_is_an_error() -> None:
    """Such a run could not be polled."""
    with pytest.raises(errors.TransportError, match="without an answer\ncorrelation id "):
        Service([httpx.Response(202)]).client().registries.schedule_run(REGISTRY, {})


@pytest.mark.parametrize("state", ["Creating", "Updating"])
def test_a_task_is_awaited_until_its_state_is_final(state: str) -> None:
    """The state stands in the specification, and has not been seen live."""
    service = Service(
        [{"properties": {"provisioningState": state}}, {"properties": {"provisioningState": "Succeeded"}}]
    )
    assert service.client().tasks.update(REGISTRY, "build", {}).properties.provisioning_state == "Succeeded"


def test_a_task_whose_state_is_failed_is_an_error() -> None:
    """The answer's status alone is not enough."""
    with pytest.raises(errors.ServiceError, match="provisioningState is Failed"):
        Service([{"properties": {"provisioningState": "Failed"}}]).client().tasks.update(REGISTRY, "build", {})
