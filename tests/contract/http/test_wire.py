"""What all operations share: headers, errors of Resource Manager itself, and paths without case."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest


@pytest.mark.arm_recorded
def test_answers_have_the_services_headers(arm: Any, task_name: str, docker_task: Any) -> None:
    """Nothing may be cached, and the type is spelled as the service spells it."""
    for answer in (
        arm("PUT", f"tasks/{task_name}", docker_task()),
        arm("GET", f"tasks/{task_name}"),
        arm("GET", "runs"),
    ):
        headers = answer.headers
        assert headers["cache-control"] == "no-cache"
        assert headers["pragma"] == "no-cache"
        assert headers["expires"] == "-1"
        assert headers["content-type"] == "application/json; charset=utf-8"
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert headers["x-content-type-options"] == "nosniff"
        assert "etag" not in headers
        assert "api-supported-versions" not in headers


@pytest.mark.arm_recorded
def test_each_verb_spends_its_own_bucket(arm: Any, task_name: str, docker_task: Any) -> None:
    """Reads, writes and deletes are counted apart, and listDetails counts as a write."""
    answers = {
        "writes": [
            arm("PUT", f"tasks/{task_name}", docker_task()),
            arm("PATCH", f"tasks/{task_name}", {"properties": {"timeout": 600}}),
            arm("POST", f"tasks/{task_name}/listDetails"),
        ],
        "reads": [arm("GET", f"tasks/{task_name}"), arm("GET", "tasks"), arm("GET", "runs")],
        "deletes": [arm("DELETE", f"tasks/{task_name}")],
    }
    for kind, sent in answers.items():
        for answer in sent:
            counted = {name for name in answer.headers if name.startswith("x-ms-ratelimit-remaining-subscription-")}
            prefix = "x-ms-ratelimit-remaining-subscription"
            assert {f"{prefix}-{kind}", f"{prefix}-global-{kind}"} <= counted
            assert all(name.endswith(kind) for name in counted)
            assert all(answer.headers[name].isdigit() for name in counted)


@pytest.mark.emulator_choice("HTTP itself: RFC 9112, section 3.2.2")
def test_an_absolute_address_names_the_host(
    arm: Any, raw: Callable[..., bytes], task_name: str, docker_task: Any
) -> None:
    """A request line with the whole address is answered as one with its path, whatever the header Host says."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task())
    place = urlsplit(arm.coordinates.endpoint)
    path = f"{arm.registry}/tasks/{task_name}?api-version=2019-04-01"
    for host, expected in ((place.netloc, b"200"), ("evil.example", b"403"), (f"evil@{place.netloc}", b"403")):
        answer = raw(f"GET {place.scheme}://{host}{path} HTTP/1.1")
        assert answer.split(b" ")[1] == expected, answer


@pytest.mark.arm_documented("azure-cli issue 28190: the ids of a request")
def test_every_answer_has_its_ids(arm: Any) -> None:
    """The correlation id is the caller's; each request has an id of its own."""
    correlation = str(uuid.uuid4())
    query, headers = {"api-version": "2019-04-01"}, {"x-ms-correlation-request-id": correlation}
    first, second = (arm.http.get(f"{arm.registry}/tasks", params=query, headers=headers) for _ in range(2))
    assert first.headers["x-ms-correlation-request-id"] == correlation
    assert first.headers["x-ms-request-id"] != second.headers["x-ms-request-id"]
    assert first.headers["x-ms-routing-request-id"]


@pytest.mark.arm_documented("Resource Manager: names in a path are compared without case")
def test_paths_have_no_case(arm: Any, task_name: str, docker_task: Any) -> None:
    """A task answers under its path in any case, and by its own name."""
    made = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    path = f"{arm.registry}/tasks/{task_name}"
    subscription = path.split("/")[2]
    for spelled in (path.upper(), path.lower(), path.replace("resourceGroups", "resourcegroups")):
        spelled = "/subscriptions/" + subscription + "/" + spelled.split("/", 3)[3]
        assert arm.ok("GET", spelled)["properties"] == made["properties"]
        assert arm.ok("GET", spelled)["name"] == task_name
    assert arm("DELETE", path.upper()).status_code == 200
    assert arm("GET", path).status_code == 404


@pytest.mark.arm_documented("Resource Manager: one resource, whatever the case of its name")
def test_a_task_is_not_made_twice_under_another_case(arm: Any, task_name: str, docker_task: Any) -> None:
    """A PUT under the name in capitals replaces the task that is there."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task())
    arm.ok("PUT", f"tasks/{task_name.upper()}", docker_task(timeout=600))
    names = [task["name"] for task in arm.ok("GET", "tasks")["value"] if task["name"].lower() == task_name]
    assert len(names) == 1
    assert arm.ok("GET", f"tasks/{task_name}")["properties"]["timeout"] == 600


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [
        ("GET", "tasks", None),
        ("GET", "tasks/nosuchtask", None),
        ("PUT", "tasks/nosuchtask", {}),
        ("DELETE", "tasks/nosuchtask", None),
        ("POST", "scheduleRun", {}),
        ("POST", "listBuildSourceUploadUrl", None),
        ("GET", "runs/cf1", None),
    ],
)
@pytest.mark.arm_documented("the error ARMResourceNotFound, seen on registries")
def test_a_missing_registry_is_not_found_for_any_operation(method: str, suffix: str, body: Any, arm: Any) -> None:
    """The registry is checked before anything else."""
    answer = arm(method, f"{arm.registry.rpartition('/')[0]}/nosuchregistry/{suffix}", body)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "ResourceNotFound"
    assert "'Microsoft.ContainerRegistry/registries/nosuchregistry'" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("position", "value", "code"),
    [(4, "nosuchgroup", "ResourceGroupNotFound"), (2, str(uuid.UUID(int=9)), "SubscriptionNotFound")],
)
@pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
def test_a_missing_group_or_subscription_is_named(position: int, value: str, code: str, arm: Any) -> None:
    """The error says which part of the path is missing."""
    parts = arm.registry.split("/")
    parts[position] = value
    answer = arm("GET", "/".join(parts) + "/tasks")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == code
    assert value in answer.json()["error"]["message"]


@pytest.mark.parametrize("authorization", [None, "Bearer wrong", "Basic dTpw"])
@pytest.mark.arm_documented("Resource Manager: 401 and a challenge without a valid token")
def test_a_request_without_a_token_is_answered_401(authorization: str | None, coordinates: Any, arm: Any) -> None:
    """Without the right token every operation answers 401 and says how to sign in."""
    headers = {"Authorization": authorization} if authorization else {}
    for method, path in (
        ("GET", "/tasks"),
        ("POST", "/scheduleRun"),
        ("POST", "/listBuildSourceUploadUrl"),
        ("GET", ""),
    ):
        url = coordinates.endpoint + arm.registry + path
        answer = httpx.request(method, url, params={"api-version": "2019-04-01"}, headers=headers)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer ")
        assert answer.json()["error"]["code"]
        assert coordinates.token not in answer.text


@pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
def test_the_api_version_has_to_be_right(arm: Any) -> None:
    """A request without an api-version, or with one that this type of resource does not have, is refused."""
    wrong = arm("GET", "tasks", api_version="1999-01-01")
    assert wrong.status_code == 400
    assert wrong.json()["error"]["code"] in ("InvalidApiVersionParameter", "NoRegisteredProviderFound")
    assert "1999-01-01" in wrong.json()["error"]["message"]
    assert arm("GET", "tasks", api_version="2023-07-01").status_code == 400
    assert arm("GET", arm.registry, api_version="2019-04-01").status_code == 400
    missing = arm.http.get(f"{arm.registry}/tasks")
    assert missing.status_code == 400
    assert missing.json()["error"]["code"] == "MissingApiVersionParameter"


@pytest.mark.parametrize("content", [b"{", b"[]", b"null", b'"text"', b""])
@pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
def test_a_body_has_to_be_an_object(content: bytes, arm: Any, task_name: str) -> None:
    """A body other than a JSON object is refused as such."""
    answer = arm.http.put(
        f"{arm.registry}/tasks/{task_name}",
        params={"api-version": "2019-04-01"},
        content=content,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]
    assert answer.json()["error"]["message"]


@pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
def test_an_unsupported_verb_is_refused(arm: Any, quick_request: Any) -> None:
    """DELETE of a run and GET of scheduleRun are refused."""
    run_id = arm.schedule(quick_request())
    arm.until(run_id)
    for method, path in (("DELETE", f"runs/{run_id}"), ("PUT", f"runs/{run_id}"), ("GET", "scheduleRun")):
        answer = arm(method, path)
        assert answer.status_code in (404, 405), (method, path)
        assert answer.json()["error"]["code"]
    assert arm("GET", f"runs/{run_id}").status_code == 200
