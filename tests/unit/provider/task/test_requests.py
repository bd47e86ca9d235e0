"""Every line of the table of differences, by the exact requests that reach the service."""

from __future__ import annotations

import copy
import json
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task import crud as task
from pulumi_acr_tasks.task.diff import RULES
from pulumi_acr_tasks.task.requests import put_body

_ENDPOINT = "https://arm.example.org"
_REGISTRY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/registry"
_USERS = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
_LOGIN = {"userName": {"value": "u", "type": "Opaque"}, "password": {"value": "p", "type": "Opaque"}}
_TOKEN = {"tokenType": "PAT", "token": "t"}
_REPOSITORY = {"sourceControlType": "Github", "repositoryUrl": "https://github.com/a/a", "branch": "main"}
_SOURCE = {
    "name": "s",
    "status": "Disabled",
    "sourceTriggerEvents": ["commit"],
    "sourceRepository": {**_REPOSITORY, "sourceControlAuthProperties": _TOKEN},
}
_SECRET = {"name": "y", "value": "hidden", "isSecret": True}
_DOCKER: dict[str, Any] = {
    "type": "Docker",
    "dockerFilePath": "Dockerfile",
    "contextPath": "https://github.com/a/a",
    "contextAccessToken": "t",
    "imageNames": ["a:1"],
    "isPushEnabled": False,
    "noCache": True,
    "target": "final",
    "arguments": [{"name": "x", "value": "1"}, _SECRET],
}
_FILE: dict[str, Any] = {
    "type": "FileTask",
    "taskFilePath": "a.yaml",
    "valuesFilePath": "v.yaml",
    "contextPath": "https://github.com/a/a",
    "values": [_SECRET],
}
_ENCODED: dict[str, Any] = {
    "type": "EncodedTask",
    "encodedTaskContent": "YQ==",
    "encodedValuesContent": "Yg==",
    "values": [_SECRET],
}
_TASK: dict[str, Any] = {
    "registryId": _REGISTRY,
    "taskName": "build",
    "endpoint": _ENDPOINT,
    "status": "Disabled",
    "timeout": 600,
    "agentConfiguration": {"cpu": 4},
    "platform": {"os": "Linux", "architecture": "arm", "variant": "v7"},
    "tags": {"a": "1", "b": "2"},
    "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {f"{_USERS}/a": {}}},
    "step": _DOCKER,
    "trigger": {
        "timerTriggers": [
            {"name": "t1", "schedule": "0 1 * * *", "status": "Disabled"},
            {"name": "t2", "schedule": "0 2 * * *"},
        ],
        "sourceTriggers": [_SOURCE],
        "baseImageTrigger": {"name": "b", "baseImageTriggerType": "All", "status": "Disabled"},
    },
    "credentials": {
        "sourceRegistry": {"loginMode": "Default"},
        "customRegistries": {"a.example": _LOGIN, "b.example": _LOGIN},
    },
}


class _Wire:
    """A transport that records the bodies, and answers as if each request had succeeded."""

    def __init__(self, has: dict[str, Any], becomes: dict[str, Any]) -> None:
        self.requests: list[tuple[str, Any]] = []
        self._has, self._becomes = has, becomes

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        self.requests.append((request.method, body))
        return httpx.Response(200, json=self._has if request.method == "POST" else self._becomes)


class _Silent:
    def info(self, _: str) -> None:
        """Says nothing."""

    status = warning = info


def _set(value: dict[str, Any], path: str, item: Any) -> dict[str, Any]:
    """Gives a copy with one member changed; None takes it out. A step of another type is given as `step`."""
    changed = json.loads(json.dumps(value))  # a copy of equal parts, too, that are one object
    *owners, name = path.split("/")
    owner = changed
    for part in owners:
        owner = owner[int(part)] if isinstance(owner, list) else owner.setdefault(part, {})
    if item is None:
        del owner[int(name) if isinstance(owner, list) else name]
    else:
        owner[int(name) if isinstance(owner, list) else name] = item
    return changed


def _requests(monkeypatch: pytest.MonkeyPatch, old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any]]:
    monkeypatch.setattr(engine, "console", lambda *_: _Silent())
    monkeypatch.setattr(engine, "stack_console", lambda: _Silent())
    has = {**put_body(old, "westeurope"), "name": "build", "systemData": {}}
    has["properties"] = {**has["properties"], "agentPoolName": "pool", "creationDate": "2025-04-08T08:17:33Z"}
    wire = _Wire(has, {**put_body(new, "westeurope", replacing=True), "name": "build"})
    client = Client(transport(httpx.Client(transport=httpx.MockTransport(wire))), _ENDPOINT)
    service = Service(Settings(endpoint=_ENDPOINT), client)
    task.update(service, f"{_REGISTRY}/tasks/build", old, new)
    return wire.requests


def _properties(**properties: Any) -> dict[str, Any]:
    return {"properties": properties}


def _step(**members: Any) -> dict[str, Any]:
    return _properties(step={"type": "Docker", **members})


def _hosts(**entries: Any) -> dict[str, Any]:
    return _properties(credentials={"customRegistries": entries})


PATCHED: list[tuple[str, Any, dict[str, Any]]] = [
    ("status", "Enabled", _properties(status="Enabled")),
    ("status", None, _properties(status="Enabled")),
    ("timeout", 700, _properties(timeout=700)),
    ("timeout", None, _properties(timeout=3600)),
    ("agentConfiguration/cpu", 8, _properties(agentConfiguration={"cpu": 8})),
    ("agentConfiguration/cpu", None, _properties(agentConfiguration={"cpu": 2})),
    ("agentConfiguration", None, _properties(agentConfiguration={"cpu": 2})),
    ("platform/os", "Windows", _properties(platform={"os": "Windows"})),
    ("platform/architecture", "amd64", _properties(platform={"architecture": "amd64"})),
    ("platform/variant", "v8", _properties(platform={"variant": "v8"})),
    ("tags/a", "3", {"tags": {"a": "3", "b": "2"}}),
    ("tags/a", None, {"tags": {"b": "2"}}),
    ("tags", None, {"tags": {}}),
    (
        "identity",
        {"type": "UserAssigned", "userAssignedIdentities": {f"{_USERS}/A": {}, f"{_USERS}/b": {}}},
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{_USERS}/b": {}}}},
    ),
    (
        "identity",
        {"type": "UserAssigned", "userAssignedIdentities": {f"{_USERS}/b": {}}},
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{_USERS}/b": {}, f"{_USERS}/a": None}}},
    ),
    ("identity", {"type": "SystemAssigned"}, {"identity": {"type": "SystemAssigned"}}),
    ("identity", None, {"identity": {"type": "None"}}),
    ("step/contextPath", "https://github.com/b/b", _step(contextPath="https://github.com/b/b")),
    ("step/contextAccessToken", "u", _step(contextAccessToken="u")),
    ("step/imageNames", ["a:2", "b:1"], _step(imageNames=["a:2", "b:1"])),
    ("step/imageNames", None, _step(imageNames=[])),
    ("step/isPushEnabled", None, _step(isPushEnabled=True)),
    ("step/noCache", None, _step(noCache=False)),
    ("step/dockerFilePath", "x", _step(dockerFilePath="x")),
    ("step/target", "x", _step(target="x")),
    ("step/arguments/0/value", "2", _step(arguments=[{"name": "x", "value": "2"}, _SECRET])),
    ("step/arguments", None, _step(arguments=[])),
    (
        "trigger/timerTriggers/0/schedule",
        "0 9 * * *",
        _properties(trigger={"timerTriggers": [{"name": "t1", "schedule": "0 9 * * *", "status": "Disabled"}]}),
    ),
    (
        "trigger/timerTriggers",
        [*_TASK["trigger"]["timerTriggers"][::-1], {"name": "t3", "schedule": "0 3 * * *"}],
        _properties(trigger={"timerTriggers": [{"name": "t3", "schedule": "0 3 * * *", "status": "Enabled"}]}),
    ),
    (
        "trigger/sourceTriggers/0/sourceTriggerEvents",
        ["pullrequest"],
        _properties(trigger={"sourceTriggers": [{**_SOURCE, "sourceTriggerEvents": ["pullrequest"]}]}),
    ),
    (
        "trigger/baseImageTrigger/baseImageTriggerType",
        "Runtime",
        _properties(
            trigger={"baseImageTrigger": {"name": "b", "baseImageTriggerType": "Runtime", "status": "Disabled"}}
        ),
    ),
    (
        "credentials/customRegistries/a.example/password/value",
        "q",
        _hosts(**{"a.example": {**_LOGIN, "password": {"value": "q", "type": "Opaque"}}}),
    ),
    ("credentials/customRegistries/c.example", _LOGIN, _hosts(**{"c.example": _LOGIN})),
    ("credentials/customRegistries/a.example", None, _hosts(**{"a.example": None})),
    (
        "credentials/sourceRegistry/loginMode",
        "None",
        _properties(credentials={"sourceRegistry": {"loginMode": "None"}}),
    ),
]


@pytest.mark.parametrize(("path", "value", "body"), PATCHED, ids=[f"{path} {value}"[:60] for path, value, _ in PATCHED])
def test_a_patch_has_only_the_changes(
    monkeypatch: pytest.MonkeyPatch, path: str, value: Any, body: dict[str, Any]
) -> None:
    """It also has members that the service requires or would set to a default."""
    assert _requests(monkeypatch, _TASK, _set(_TASK, path, value)) == [("PATCH", body)]


@pytest.mark.parametrize(
    ("step", "path", "value", "patched"),
    [
        (_FILE, "taskFilePath", "b.yaml", {"type": "FileTask", "taskFilePath": "b.yaml"}),
        (_FILE, "valuesFilePath", "w.yaml", {"type": "FileTask", "valuesFilePath": "w.yaml"}),
        (_FILE, "values", None, {"type": "FileTask", "values": []}),
        (_ENCODED, "encodedTaskContent", "Yw==", {"type": "EncodedTask", "encodedTaskContent": "Yw=="}),
        (_ENCODED, "encodedValuesContent", "Yw==", {"type": "EncodedTask", "encodedValuesContent": "Yw=="}),
        (
            _ENCODED,
            "values",
            [{**_SECRET, "value": "v"}],
            {"type": "EncodedTask", "values": [{**_SECRET, "value": "v"}]},
        ),
    ],
)
def test_every_type_of_step_is_patched(
    monkeypatch: pytest.MonkeyPatch, step: dict[str, Any], path: str, value: Any, patched: dict[str, Any]
) -> None:
    """The PATCH has the step's type and the changed members."""
    old = {**_TASK, "step": step}
    assert _requests(monkeypatch, old, _set(old, f"step/{path}", value)) == [("PATCH", _properties(step=patched))]


PUT: list[tuple[str, Any]] = [
    ("platform/architecture", None),
    ("platform/variant", None),
    ("step", _FILE),
    ("step", _ENCODED),
    ("step/contextPath", None),
    ("step/contextAccessToken", None),
    ("step/target", None),
    ("trigger/timerTriggers/1", None),
    ("trigger/timerTriggers/1/name", "t9"),
    ("trigger/sourceTriggers", None),
    ("trigger/baseImageTrigger", None),
    ("trigger/baseImageTrigger/name", "c"),
    ("trigger", None),
    ("credentials/sourceRegistry", None),
    ("credentials/customRegistries/a.example", {"identity": "[system]"}),
]


@pytest.mark.parametrize(("path", "value"), PUT, ids=[f"{path} {value}"[:60] for path, value in PUT])
def test_a_put_is_the_service_s_task_with_the_change(monkeypatch: pytest.MonkeyPatch, path: str, value: Any) -> None:
    """It has every secret, the identity, and the member that only the service knows."""
    new = _set(_TASK, path, value)
    body = put_body(new, "westeurope", replacing=True)
    body["properties"]["agentPoolName"] = "pool"
    if path == "trigger":
        body["properties"].pop("trigger", None)
    assert _requests(monkeypatch, _TASK, new) == [("POST", None), ("PUT", body)]


@pytest.mark.parametrize("path", ["step/valuesFilePath", "step/contextPath"])
def test_a_member_of_a_file_step_is_removed_by_put(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """No default of the member is documented."""
    old = {**_TASK, "step": _FILE}
    new = _set(old, path, None)
    method, body = _requests(monkeypatch, old, new)[-1]
    assert (method, body["properties"]["step"]) == ("PUT", new["step"])


def test_a_put_of_a_task_without_an_identity_says_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity that is left out might stay."""
    old = {key: value for key, value in _TASK.items() if key != "identity"}
    assert _requests(monkeypatch, old, _set(old, "step/target", None))[-1][1]["identity"] == {"type": "None"}
    both = _set(_set(_TASK, "step/target", None), "identity", None)
    assert _requests(monkeypatch, _TASK, both)[-1][1]["identity"] == {"type": "None"}


def test_equal_values_make_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """Members of the service, another order, another case and white space in base64 make none."""
    same = copy.deepcopy(_TASK)
    same["status"], same["platform"]["os"] = "disabled", "linux"
    same["trigger"]["timerTriggers"].reverse()
    same["credentials"]["customRegistries"] = {"B.example": _LOGIN, "A.example": _LOGIN}
    old = {
        **_TASK,
        "type": "x",
        "provisioningState": "Succeeded",
        "creationDate": "x",
        "baseImageDependencies": [{}],
        "systemData": {},
        "identity": {**_TASK["identity"], "principalId": "p", "tenantId": "t"},
    }
    assert _requests(monkeypatch, old, same) == []


def test_every_line_of_the_table_has_a_row() -> None:
    """Registry, name and location are excluded, because an update sends no request for them."""
    tried = [path.replace("/", ".") for path, *_ in (*PATCHED, *PUT)]
    tried += [f"step.{name}" for name in (*_FILE, *_ENCODED)]
    lines = {rule.path for rule in RULES} - {"registryId", "taskName", "location", "step.type"}
    assert [line for line in sorted(lines) if not any(path.startswith(line) for path in tried)] == []
