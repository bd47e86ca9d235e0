"""Bodies and headers that are too long, too deep, out of range, or contradictory."""

from __future__ import annotations

import json
import socket
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

JSON = "Content-Type: application/json"


def task(**step: Any) -> dict[str, Any]:
    step = {"type": "Docker", "dockerFilePath": "Dockerfile", **step}
    return {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": step}}


@pytest.fixture
def put(arm: Any, task_name: str) -> Any:
    """Put a task's body as it is written."""

    def put(content: Any) -> Any:
        path, query = f"{arm.registry}/tasks/{task_name}", {"api-version": "2019-04-01"}
        return arm.http.put(path, params=query, content=content, headers={"Content-Type": "application/json"})

    return put


def nested(depth: int, opening: str, closing: str) -> str:
    return opening * depth + "1" + closing * depth


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
@pytest.mark.emulator_choice("Json.NET, which the service is written with, reads 128 levels by default")
def test_a_body_nested_too_deep_is_refused(put: Any, opening: str, closing: str) -> None:
    """More than 128 levels of objects and lists are refused; fewer levels are judged as usual."""
    body = json.dumps(task(other="HERE"))
    for depth in (130, 900, 5_000, 500_000):
        answer = put(body.replace('"HERE"', nested(depth, opening, closing)))
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "InvalidRequestContent"
        assert "MaxDepth of 128" in answer.json()["error"]["message"]
    assert put(body.replace('"HERE"', nested(60, opening, closing))).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        b'{"location": "westeurope\xff"}',
        b'{"location": "\\ud800"}',
        b'{"tags": {"a": NaN}}',
        b'{"properties": {"timeout": Infinity}}',
        b'{"properties": {"timeout": 1e999}}',
        b'{"properties": {"timeout": ' + b"9" * 5000 + b"}}",
        b'{"properties": {"timeout": ' + b"9" * 4000 + b"}}",
        b'{"properties": {"agentConfiguration": {"cpu": -1e308}}}',
        b"\x00\x01\x02",
        b'{"location": "westeurope"} {"location": "westeurope"}',
        b'{"a": "' + b"\\u0000" * 10 + b'"',
    ],
)
@pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
def test_a_malformed_body_is_refused(put: Any, content: bytes) -> None:
    """Bytes that are not text, malformed numbers, and two bodies in one are refused with a sentence."""
    answer = put(content)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] in ("InvalidRequestContent", "InvalidInputValue", "LocationRequired")


@pytest.mark.emulator_choice("Json.NET takes the last of several members of a name")
def test_the_last_of_two_members_counts(put: Any) -> None:
    """A repeated name does not bypass the checks: the checked value is the stored one."""
    text = json.dumps(task())
    assert put(text.replace('"westeurope"', '"nowhere", "location": "westeurope"')).status_code == 200
    assert put(text.replace('"westeurope"', '"westeurope", "location": "nowhere"')).status_code == 404


@pytest.mark.arm_documented("Resource Manager: a request has at most 4 MB")
def test_long_bodies_are_refused(put: Any) -> None:
    """More than 4 MiB are refused, with or without a declared length; 4 MiB are accepted."""
    body = json.dumps(task(contextPath="https://x/" + "x" * (4 * 1024**2)))
    for content in (body.encode(), iter([body.encode()])):
        answer = put(content)
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "RequestEntityTooLarge"
    assert put(json.dumps(task(contextPath="https://x/" + "x" * (3 * 1024**2)))).status_code == 200


@pytest.mark.emulator_choice("the emulator's own addresses have the same limits")
def test_the_emulator_s_own_addresses_have_limits_too(arm: Any) -> None:
    """The addresses for faults, the clock and webhooks have the same limits."""
    for method, path in (("PUT", "faults"), ("POST", "clock/advance"), ("POST", "webhooks/github")):
        headers = {"X-GitHub-Event": "push"}
        answer = arm.http.request(method, f"/_emulator/{path}", content=b" " * (5 * 1024**2), headers=headers)
        assert answer.status_code == 413, path
        answer = arm.http.request(method, f"/_emulator/{path}", content=b"[" * 100_000, headers=headers)
        assert answer.status_code == 400, path
        assert arm.http.request(method, f"/_emulator/{path}", content=b"[[1", headers=headers).status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 2", "Content-Length: 3"),
        ("Content-Length: -1",),
        ("Content-Length: 0x2",),
        ("Content-Length: 2, 3",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked",),
        ("Transfer-Encoding: chunked",),
        ("Host: evil.example",),
        ("X: a\rEvil: 1",),
        ("X : a",),
        ("X: " + "a" * 200_000,),
        ("X: \0",),
    ],
)
@pytest.mark.emulator_choice("HTTP itself: RFC 9112")
def test_ambiguous_requests_are_refused(arm: Any, raw: Any, headers: tuple[str, ...]) -> None:
    """Contradictory lengths, broken chunks, and missing or oversized headers are refused."""
    line = f"POST {arm.registry}/listBuildSourceUploadUrl?api-version=2019-04-01 HTTP/1.1"
    answer = raw(line, *headers, body=b"{}\r\n\r\n")
    assert answer.split(b" ")[1] in (b"400", b"431", b"501"), answer


@pytest.mark.emulator_choice("HTTP itself: RFC 9112")
def test_an_incomplete_upload_stores_nothing(arm: Any, blobs: Any) -> None:
    """An upload that is shorter than its announced length stores nothing, and blocks no other request."""
    target = arm.ok("POST", "listBuildSourceUploadUrl")
    place = urlsplit(target["uploadUrl"])
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        head = f"PUT {place.path}?{place.query} HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Length: 100\r\n"
        connection.sendall(f"{head}x-ms-blob-type: BlockBlob\r\n\r\nhalf".encode())
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    request = {"type": "DockerBuildRequest", "dockerFilePath": "D", "platform": {"os": "Linux"}}
    answer = arm("POST", "scheduleRun", {**request, "sourceLocation": target["relativePath"]})
    assert answer.status_code == 400
    assert "invalid or doesn't exists" in answer.json()["error"]["message"]


@pytest.mark.emulator_choice("the emulator's own log")
def test_a_client_that_leaves_in_the_middle_of_a_body(
    emulated: Any, task_name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The request changes nothing, has no status in the list of requests, and is no error of the emulator."""
    arm = emulated()
    place, path = urlsplit(arm.coordinates.endpoint), f"{arm.registry}/tasks/{task_name}"
    for method in ("PUT", "PATCH"):
        with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
            head = f"{method} {path}?api-version=2019-04-01 HTTP/1.1\r\nHost: {place.netloc}\r\n{JSON}\r\n"
            connection.sendall(f'{head}Content-Length: 100\r\n\r\n{{"location"'.encode())
    deadline = time.monotonic() + 60
    while len(seen := arm.http.get("/_emulator/requests").json()["value"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)  # a question every 50 ms, not a guess
    assert [(each["path"], each["status"]) for each in seen] == [(path, 0)] * 2
    assert "Exception in ASGI application" not in caplog.text


@pytest.mark.parametrize("given", ["a\tb", "a\x01b", "\xe4", "x" * 129, "a b"])
@pytest.mark.emulator_choice("what stands in a header can stand in a header")
def test_a_correlation_id_is_visible_text(arm: Any, given: str) -> None:
    """Any other text is repeated neither in the answer nor in the list of requests; the answer has a new id."""
    answer = arm.http.post(
        f"{arm.registry}/listBuildSourceUploadUrl",
        params={"api-version": "2019-04-01"},
        headers={"x-ms-correlation-request-id": given.encode("latin-1")},
    )
    assert answer.status_code == 200
    assert len(answer.headers["x-ms-correlation-request-id"]) == 36
    kept = {each["correlationId"] for each in arm.http.get("/_emulator/requests").json()["value"]}
    assert answer.headers["x-ms-correlation-request-id"] in kept
    assert given not in kept


@pytest.mark.emulator_choice("the path of an upload is made of the correlation id, whatever that is")
def test_a_correlation_id_is_not_a_path(arm: Any) -> None:
    """Dots and slashes in a correlation id have no effect on the upload's path."""
    for given in ("../../etc/passwd", "..%2f..%2fx", "/etc/passwd", "%00", "$(id)", "{0.__class__}"):
        answer = arm.http.post(
            f"{arm.registry}/listBuildSourceUploadUrl",
            params={"api-version": "2019-04-01"},
            headers={"x-ms-correlation-request-id": given},
        )
        path = answer.json()["relativePath"]
        assert path.startswith("source/")
        assert path.count("/") == 2
        assert len(path.split("/")[2]) == len("00000000-0000-0000-0000-000000000000.tar.gz")


@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1", "<script>", "a\0b"])
@pytest.mark.emulator_choice("what stands in a body stands in a body")
def test_text_of_a_body_does_not_reach_the_headers(arm: Any, put: Any, name: str) -> None:
    """Line ends in tags and messages stay inside of the JSON."""
    answer = put(json.dumps({**task(), "tags": {name: name}}))
    assert answer.json()["tags"] == {name: name}
    answer = arm("GET", "runs", **{"$filter": f"Nothing eq '{name}'"})
    assert answer.status_code == 400
    for header, value in answer.headers.items():
        assert "Evil" not in header + value


@pytest.mark.emulator_choice("OData allows more nesting than anybody writes")
def test_long_filters_are_answered_at_once(arm: Any) -> None:
    """A nested filter, a long one, and one of quotes are refused or answered in linear time."""
    for text, expected in (
        ("(" * 5000 + "runId eq 'a'" + ")" * 5000, 400),
        ("'" * 9999, 400),
        ("runId eq '" + "''" * 4000 + "'", 200),
        ("runId eq 'a' or " * 2000 + "runId eq 'a'", 400),
        (" or ".join(["runId eq 'a'"] * 20), 200),
        ("contains(runId, '" + "(a+)+" * 1000 + "$')", 200),
    ):
        assert arm("GET", "runs", **{"$filter": text}).status_code == expected, text[:40]


@pytest.mark.parametrize(
    "schedule", ["0-" + "9" * 5000 + " * * * *", "*/" + "9" * 5000 + " * * * *", "1," * 50_000 + "1 * * * *"]
)
@pytest.mark.arm_documented("docs/container-registry-tasks-scheduled.md: NCrontab")
def test_long_schedules_are_answered_at_once(put: Any, schedule: str) -> None:
    """Numbers beyond all minutes are refused; a long list of minutes is read like a short one."""
    trigger = {"timerTriggers": [{"name": "t1", "schedule": schedule, "status": "Disabled"}]}
    body = task()
    body["properties"]["trigger"] = trigger
    assert put(json.dumps(body)).status_code == (200 if schedule.startswith("1,") else 400)
