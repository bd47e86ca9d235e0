"""Malformed addresses: dots, encoded slashes, other alphabets, line ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

Raw = Callable[..., bytes]


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


BENT = [
    "..",
    "%2e%2e",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%2fetc%2fpasswd",
    "..%5c..%5cx",
    "a%00b",
    "a%0d%0aX-Evil:%201",
    "%ff%fe",
]


@pytest.mark.parametrize("name", BENT)
@pytest.mark.parametrize("kind", ["tasks", "runs"])
@pytest.mark.emulator_choice("what Resource Manager answers for names that nobody has")
def test_a_malformed_name_is_not_found(arm: Any, raw: Raw, kind: str, name: str) -> None:
    """The request changes nothing, and the name stands in no header."""
    for method in ("GET", "DELETE", "PATCH"):
        answer = raw(f"{method} {arm.registry}/{kind}/{name}?api-version=2019-04-01 HTTP/1.1", "Content-Length: 0")
        assert status(answer) in (204, 400, 404, 405), (method, answer)
        assert b"\r\nX-Evil" not in answer
        assert b"root:" not in answer


@pytest.mark.parametrize("name", ["a%0ab%0acd", "tas%20k", "task%00", "%C5%BFtask", "t%C3%A4sks", "task%2fx", "x" * 51])
@pytest.mark.arm_documented("the specification's pattern of taskName")
def test_no_task_can_have_a_malformed_name(arm: Any, raw: Raw, docker_task: Any, name: str) -> None:
    """A task's name has letters, digits, dashes and underscores of ASCII."""
    body = json.dumps(docker_task()).encode()
    headers = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    answer = raw(f"PUT {arm.registry}/tasks/{name}?api-version=2019-04-01 HTTP/1.1", *headers, body=body)
    assert status(answer) in (400, 404), answer


@pytest.mark.emulator_choice("Resource Manager compares names without case, in ASCII")
def test_look_alikes_are_other_names(arm: Any, raw: Raw, docker_task: Any, task_name: str) -> None:
    """A letter of another alphabet differs, even where it becomes the same without case."""
    name = f"{task_name}k"
    arm.ok("PUT", f"tasks/{name}", docker_task())
    query = "?api-version=2019-04-01 HTTP/1.1"
    assert status(raw(f"GET {arm.registry}/tasks/{name.upper()}{query}")) == 200
    assert status(raw(f"GET {arm.registry}/tasks/{task_name}%E2%84%AA{query}")) == 404
    assert status(raw(f"DELETE {arm.registry}/tasks/{task_name}%E2%84%AA{query}")) == 204
    assert status(raw(f"GET /%C5%BFubscriptions{arm.registry.removeprefix('/subscriptions')}/tasks{query}")) == 404
    arm.ok("DELETE", f"tasks/{name}")


@pytest.mark.arm_documented("Resource Manager's rules for names: a group's name may have letters of any alphabet")
def test_a_group_of_another_alphabet(emulated: Any, quick_task: Any, location: str) -> None:
    """Its registry has tasks as any other, and a link to the next page leads there; a look-alike is another group."""
    arm = emulated(switches={"page-size": 1})
    group = arm.registry.rpartition("/providers/")[0].rpartition("/")[0] + "/Gr\u00fcn-\u65e5\u672ck"
    registry = f"{group}/providers/Microsoft.ContainerRegistry/registries/{'x' * 8}"
    assert arm("PUT", group, {"location": location}, api_version="2021-04-01").status_code == 201
    made = arm("PUT", registry, {"location": location, "sku": {"name": "Basic"}}, api_version="2023-07-01")
    assert made.status_code == 201
    for name in ("first", "second"):
        assert arm("PUT", f"{registry}/tasks/{name}", quick_task()).status_code == 200
    page = arm.ok("GET", f"{registry.upper()}/TASKS".replace("GR\u00dcN", "gr\u00dcn"))
    assert [task["name"] for task in page["value"]] == ["first"]
    assert page["nextLink"].isascii()
    assert [task["name"] for task in arm.http.get(page["nextLink"]).json()["value"]] == ["second"]
    assert arm("GET", f"{registry.replace(chr(0x672C) + 'k', chr(0x672C) + chr(0x212A))}/tasks").status_code == 404


@pytest.mark.emulator_choice("the emulator's own addresses")
def test_a_line_end_is_not_part_of_an_address(emulated: Any, raw: Raw, quick_request: Any) -> None:
    """A line end behind the last name is part of neither the operation's address nor the link in its answer."""
    arm = emulated(mode="lro")
    body = json.dumps(quick_request()).encode()
    headers = ("Content-Type: application/json", f"Content-Length: {len(body)}")
    for end, expected in (("%0a", 404), ("%0d%0aX-Evil:%201", 404), ("/", 202), ("", 202)):
        line = f"POST {arm.registry}/scheduleRun{end}?api-version=2019-04-01 HTTP/1.1"
        answer = raw(line, *headers, body=body, to=arm.coordinates.endpoint)
        assert status(answer) == expected, (end, answer)
        assert b"\nX-Evil" not in answer


@pytest.mark.parametrize(
    "path",
    [
        "/assets/..%2f..%2fapp.py",
        "/assets/%2e%2e/app.py",
        "/runs/..%2f..%2f/x",
        "/runs/emulator/..%2f..%2fx/log",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/_emulator/../subscriptions",
    ],
)
@pytest.mark.emulator_choice("the emulator's own addresses")
def test_the_page_serves_only_its_own_files(raw: Raw, path: str) -> None:
    """A file outside of the page's own files is not found."""
    answer = raw(f"GET {path} HTTP/1.1")
    assert status(answer) == 404
    assert b"import " not in answer
    assert b"root:" not in answer


@pytest.mark.parametrize(
    "name", ["../a", "..%2fa", "%2e%2e/%2e%2e/emulator.sqlite", "%2fetc%2fpasswd", "a%00", "%5c..%5ca"]
)
@pytest.mark.emulator_choice("a blob is whatever its signature is for")
def test_a_malformed_blob_name_is_refused(raw: Raw, arm: Any, name: str) -> None:
    """No signature is valid for a name that leads elsewhere."""
    link = urlsplit(arm.ok("POST", "listBuildSourceUploadUrl")["uploadUrl"])
    container = link.path.split("/")[2]
    for method in ("GET", "PUT"):
        answer = raw(
            f"{method} /blobs/{container}/{name}?{link.query} HTTP/1.1",
            "Content-Length: 0",
            "x-ms-blob-type: BlockBlob",
        )
        assert status(answer) in (403, 404), answer
