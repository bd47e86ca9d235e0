"""However wrong a request is, Resource Manager answers it in its own words, with ids, and never with a 5xx.

ACR_TASKS_LIVES makes the properties draw more; without it the same few are drawn in every run.
"""

from __future__ import annotations

import copy
import json
import os
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ..arm import Arm, Coordinates
from ..conftest import Body
from .wire import Wire
from .wrong import PARAMETERS, SEGMENTS, spoiled, token

drawn = settings(
    max_examples=10 * int(os.environ.get("ACR_TASKS_LIVES", "4")),
    derandomize="ACR_TASKS_LIVES" not in os.environ,
    database=None,
    deadline=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
in_general = pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
VERSION = "api-version=2019-04-01"
METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "PATCH", "POST", "DELETE", "TRACE", "QUERY", "get")


@pytest.fixture(scope="module")
def wire(coordinates: Coordinates) -> Wire:
    return Wire(coordinates)


@pytest.fixture(scope="module")
def task(arm: Arm, location: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """A task with something in every member: its name, and the body that made it."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    source = {"sourceControlType": "Github", "repositoryUrl": "https://github.com/a/b", "branch": "main"}
    sign_in = {"tokenType": "PAT", "token": "t0ken", "expiresIn": 60}
    properties = {
        "status": "Enabled",
        "platform": {"os": "Linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": {
            "type": "Docker",
            "dockerFilePath": "Dockerfile",
            "imageNames": ["a:1"],
            "arguments": [{"name": "a", "value": "1", "isSecret": True}],
        },
        "trigger": {
            "timerTriggers": [{"name": "t1", "schedule": "0 21 * * *"}],
            "sourceTriggers": [
                {
                    "name": "s1",
                    "sourceRepository": {**source, "sourceControlAuthProperties": sign_in},
                    "sourceTriggerEvents": ["commit"],
                }
            ],
            "baseImageTrigger": {"name": "b1", "baseImageTriggerType": "Runtime"},
        },
        "credentials": {"customRegistries": {"r.example": {"userName": {"type": "Opaque", "value": "bob"}}}},
    }
    identity = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/subscriptions/s/x": {}}}
    body = {"location": location, "tags": {"a": "b"}, "identity": identity, "properties": properties}
    arm.ok("PUT", f"tasks/{name}", body)
    yield name, body
    arm("DELETE", f"tasks/{name}")


@pytest.fixture(scope="module")
def run_id(arm: Arm, task: tuple[str, dict[str, Any]]) -> str:
    run_id = arm.schedule({"type": "TaskRunRequest", "taskName": task[0]})
    arm.until(run_id)
    return run_id


@in_general
@drawn
@given(data=st.data())
def test_bodies_of_the_wrong_shape(data: Any, wire: Wire, task: tuple[str, dict[str, Any]], run_id: str) -> None:
    """A value of the wrong kind, at any place, is refused or has no effect; an accepted task can be read again."""
    name, body = task
    platform, step = body["properties"]["platform"], body["properties"]["step"]
    asked = {
        ("PUT", f"tasks/{name}"): body,
        ("PATCH", f"tasks/{name}"): {key: value for key, value in body.items() if key != "location"},
        ("POST", "scheduleRun"): {**step, "type": "DockerBuildRequest", "platform": platform, "timeout": 300},
        ("PATCH", f"runs/{run_id}"): {"isArchiveEnabled": True},
    }
    (method, path), right = data.draw(st.sampled_from(list(asked.items())))
    wire.json(method, f"{wire.registry}/{path}?{VERSION}", data.draw(spoiled(right)))
    for method, path in (("GET", f"tasks/{name}"), ("POST", f"tasks/{name}/listDetails"), ("GET", f"runs/{run_id}")):
        assert wire(method, f"{wire.registry}/{path}?{VERSION}").status == 200


@in_general
@drawn
@given(content=st.binary(max_size=60) | st.text('{}[]",:0123456789.eE+-truefalsn \\ud8', max_size=60).map(str.encode))
def test_bodies_of_any_bytes(content: bytes, wire: Wire, task: tuple[str, dict[str, Any]]) -> None:
    """Any bytes as a body are answered with 4xx or accepted."""
    target = f"{wire.registry}/tasks/{task[0]}?{VERSION}"
    assert wire("PATCH", target, content, Content_Type="application/json").status in (200, 400)


@in_general
@drawn
@given(
    path=st.sampled_from(("tasks", "runs", "tasks/nosuchtask", "runs/cf1", "")),
    versioned=st.booleans(),
    parameters=st.lists(PARAMETERS, max_size=4),
)
def test_queries_of_all_kinds(path: str, versioned: bool, parameters: list[tuple[str, str]], wire: Wire) -> None:
    """Wrong versions, numbers, filters and tokens, once or repeated, are refused or have no effect."""
    spelled = [VERSION] * versioned + [f"{quote(name, '$')}={quote(value, '')}" for name, value in parameters]
    wire("GET", f"{wire.registry}/{path}".rstrip("/") + "?" + "&".join(spelled))


@in_general
@drawn
@given(
    method=st.sampled_from(METHODS),
    segments=st.lists(SEGMENTS, max_size=4),
    upper=st.booleans(),
    start=st.integers(2, 9),
)
def test_paths_and_methods_of_all_kinds(
    method: str, segments: list[str], upper: bool, start: int, wire: Wire, task: tuple[str, dict[str, Any]]
) -> None:
    """Any path below a registry, with any method, is answered by Resource Manager."""
    kept = "/".join(wire.registry.split("/")[:start])
    target = "/".join([kept.upper() if upper else kept, *segments])
    content = json.dumps(task[1]).encode() if method in ("PUT", "PATCH") else b""
    # Nothing is deleted, nor put in place of groups and registries that other tests use.
    if method in ("PUT", "PATCH", "DELETE", "POST") and "asks" not in target.lower().rpartition("registries/")[2]:
        method, content = "GET", b""
    wire(method, f"{target}?{VERSION}", content, Content_Type="application/json")


@pytest.mark.arm_documented("azure-cli issues 10143 and 13056: the refusal of az rest without a content type")
@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None]
)
def test_a_body_has_to_say_that_it_is_json(
    content_type: str | None, wire: Wire, task_name: str, quick_task: Body
) -> None:
    """Another media type, or none, is refused before the body is read."""
    headers = {} if content_type is None else {"Content_Type": content_type}
    answer = wire("PUT", f"{wire.registry}/tasks/{task_name}?{VERSION}", json.dumps(quick_task()).encode(), **headers)
    assert answer.status == 415
    assert answer.error() == {
        "code": "UnsupportedMediaType",
        "message": f"The content media type '{content_type or '<null>'}' is not supported. "
        "Only 'application/json' is supported.",
    }


@in_general
@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=UTF-8", "text/json"])
def test_media_types_of_json_are_accepted(content_type: str, wire: Wire, task_name: str, quick_task: Body) -> None:
    """Case and parameters of the media type do not matter."""
    content = json.dumps(quick_task()).encode()
    target = f"{wire.registry}/tasks/{task_name}?{VERSION}"
    assert wire("PUT", target, content, Content_Type=content_type).status == 200


@in_general
def test_a_body_that_is_too_large_is_read_to_its_end(wire: Wire, task_name: str) -> None:
    """A caller that sends more than 4 MiB gets an answer and not a closed connection."""
    content = b'{"location": "' + b"x" * 12_000_000 + b'"}'
    answer = wire("PUT", f"{wire.registry}/tasks/{task_name}?{VERSION}", content, Content_Type="application/json")
    assert (answer.status, answer.error()["code"]) == (413, "RequestEntityTooLarge")


@in_general
@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-23:59", "2025-02-30"])
def test_a_filter_with_an_impossible_date_is_refused(moment: str, wire: Wire, run_id: str) -> None:
    """A moment before the year 1 or after 9999 in UTC is refused like any other impossible date."""
    answer = wire("GET", f"{wire.registry}/runs?{VERSION}&$filter={quote(f'createTime ge {moment}')}")
    assert (answer.status, answer.error()["code"]) == (400, "InvalidFilter")


@in_general
@pytest.mark.parametrize("text", ["9" * 30 + ":1", "-" + "9" * 30 + ":1", "-1:", "1_0:", "x", ""])
def test_a_token_that_was_never_given_is_refused(text: str, wire: Wire) -> None:
    """A $skiptoken comes from a nextLink; a number beyond all runs is refused."""
    answer = wire("GET", f"{wire.registry}/runs?{VERSION}&$skiptoken={token(text)}")
    assert (answer.status, answer.error()["code"]) == (400, "InvalidSkipToken")


@pytest.mark.arm_documented("the specification: expiresIn is an int32")
@pytest.mark.parametrize("number", [2**31, -(2**31) - 1, 10**30])
def test_a_number_beyond_int32_is_refused(number: int, wire: Wire, task: tuple[str, dict[str, Any]]) -> None:
    """A number that clients could not read back is not stored."""
    body = copy.deepcopy(task[1])
    repository = body["properties"]["trigger"]["sourceTriggers"][0]["sourceRepository"]
    repository["sourceControlAuthProperties"]["expiresIn"] = number
    answer = wire.json("PUT", f"{wire.registry}/tasks/{task[0]}?{VERSION}", body)
    assert (answer.status, answer.error()["code"]) == (400, "InvalidRequestContent")


@pytest.mark.emulator_choice("clients send null for what they do not say; in a PATCH it clears nothing")
@pytest.mark.parametrize(
    "member", ["timeout", "isArchiveEnabled", "isPushEnabled", "noCache", "arguments", "credentials"]
)
def test_a_null_member_of_a_run_request_has_its_default(member: str, arm: Arm) -> None:
    """A null member of a run request counts as absent."""
    step = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "sourceLocation": "/dev/null"}
    run_id = arm.schedule({**step, "platform": {"os": "Linux"}, member: None})
    assert arm.until(run_id)["properties"]["isArchiveEnabled"] is False


@pytest.mark.emulator_choice("clients send null for what they do not say; in a PATCH it clears nothing")
def test_a_null_member_of_a_task_has_its_default(arm: Arm, task_name: str, location: str) -> None:
    """A null member counts as absent at every depth."""
    item = {"name": "a", "value": "1", "isSecret": None}
    step = {"type": "Docker", "dockerFilePath": "D", "isPushEnabled": None, "noCache": None, "arguments": [item]}
    timer = {"name": "t1", "schedule": "0 21 * * *", "status": None}
    properties = {"platform": {"os": "Linux"}, "timeout": None, "step": step, "trigger": {"timerTriggers": [timer]}}
    shown = arm.ok("PUT", f"tasks/{task_name}", {"location": location, "tags": None, "properties": properties})[
        "properties"
    ]
    assert shown["timeout"] == 3600
    assert (shown["step"]["isPushEnabled"], shown["step"]["noCache"]) == (True, False)
    assert shown["step"]["arguments"] == [{**item, "isSecret": False}]
    assert shown["trigger"]["timerTriggers"] == [{**timer, "status": "Enabled"}]


@pytest.mark.emulator_choice("an infinite number cannot be written in JSON, so it could not be shown")
def test_an_infinite_number_is_refused(emulated: Any, quick_task: Body) -> None:
    """A number beyond all floats is refused, even in an unknown member where unknown members are kept."""
    arm = emulated(switches={"unknown-members": "kept"})
    content = json.dumps({**quick_task(), "x": 1}).replace('"x": 1', '"x": 1e999')
    path, headers = f"{arm.registry}/tasks/task1?{VERSION}", {"Content-Type": "application/json"}
    answer = arm.http.put(path, content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")


@pytest.mark.arm_documented("azure-sdk-for-python issue 2808: HEAD of a resource whose provider has no such operation")
@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "TRACE"])
def test_an_unsupported_method_is_answered_with_the_supported_ones(
    method: str, wire: Wire, task: tuple[str, dict[str, Any]]
) -> None:
    """The answer is 405 with all methods of the address: four for a task, one for an action."""
    for path, allowed in (
        (f"tasks/{task[0]}", "DELETE, GET, PATCH, PUT"),
        ("tasks", "GET"),
        ("runs/cf1", "GET, PATCH"),
    ):
        answer = wire(method, f"{wire.registry}/{path}?{VERSION}")
        assert (answer.status, answer.headers["allow"]) == (405, allowed)
    answer = wire("GET", f"{wire.registry}/scheduleRun?{VERSION}")
    assert (answer.status, answer.headers["allow"]) == (405, "POST")


@in_general
def test_an_unauthorized_request_gets_ids_too(coordinates: Coordinates) -> None:
    """A refusal before any operation has a correlation id for support too."""
    correlation_id = str(uuid.uuid4())
    url = f"{coordinates.endpoint}{coordinates.registry}/tasks"
    answer = httpx.get(
        url, params={"api-version": "2019-04-01"}, headers={"x-ms-correlation-request-id": correlation_id}
    )
    assert answer.status_code == 401
    assert answer.headers["x-ms-correlation-request-id"] == correlation_id
    assert answer.headers["x-ms-request-id"]
    assert answer.headers["x-ms-routing-request-id"]
