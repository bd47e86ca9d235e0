"""The table of differences: for each property, the request that says it and its exact body."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.provider.task.whole_task import LOGIN, OLD, REMOVED, SOURCE, USER, changed

from pulumi_acr_tasks.task.diff import PATCH, PUT, diff
from pulumi_acr_tasks.task.requests import patch_body, put_body


def _properties(**members: Any) -> dict[str, Any]:
    return {"properties": members}


def _step(**members: Any) -> dict[str, Any]:
    return _properties(step={"type": "Docker", **members})


_TIMER_3 = {"name": "t3", "schedule": "0 11 * * *"}
_SECRET = {"name": "y", "value": "2", "isSecret": True}

_PATCHES = [
    ("status", "Enabled", "PATCH status", _properties(status="Enabled")),
    ("status", REMOVED, "PATCH status", _properties(status="Enabled")),
    ("timeout", 700, "PATCH timeout", _properties(timeout=700)),
    ("timeout", REMOVED, "PATCH timeout", _properties(timeout=3600)),
    ("agentConfiguration/cpu", 4, "PATCH agentConfiguration.cpu", _properties(agentConfiguration={"cpu": 4})),
    ("platform/os", "Windows", "PATCH platform.os", _properties(platform={"os": "Windows"})),
    ("platform/architecture", "x86", "PATCH platform.architecture", _properties(platform={"architecture": "x86"})),
    ("platform/variant", "v6", "PATCH platform.variant", _properties(platform={"variant": "v6"})),
    ("tags", {"a": "1"}, "PATCH tags", {"tags": {"a": "1"}}),
    ("tags", REMOVED, "PATCH tags", {"tags": {}}),
    ("identity", REMOVED, "PATCH identity", {"identity": {"type": "None"}}),
    (
        "identity",
        {"type": "UserAssigned", "userAssignedIdentities": {USER + "one": {}, USER + "two": {}}},
        "PATCH identity",
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {USER + "two": {}}}},
    ),
    (
        "identity/userAssignedIdentities",
        {USER + "two": {}},
        "PATCH identity",
        {
            "identity": {
                "type": "SystemAssigned, UserAssigned",
                "userAssignedIdentities": {USER + "two": {}, USER + "One": None},
            }
        },
    ),
    ("identity", {"type": "SystemAssigned"}, "PATCH identity", {"identity": {"type": "SystemAssigned"}}),
    ("step/contextPath", "https://x.git", "PATCH step.contextPath", _step(contextPath="https://x.git")),
    ("step/contextAccessToken", "u", "PATCH step.contextAccessToken", _step(contextAccessToken="u")),
    ("step/imageNames", ["a:3"], "PATCH step.imageNames", _step(imageNames=["a:3"])),
    ("step/imageNames", REMOVED, "PATCH step.imageNames", _step(imageNames=[])),
    ("step/isPushEnabled", REMOVED, "PATCH step.isPushEnabled", _step(isPushEnabled=True)),
    ("step/noCache", True, "PATCH step.noCache", _step(noCache=True)),
    ("step/dockerFilePath", "D", "PATCH step.dockerFilePath", _step(dockerFilePath="D")),
    ("step/target", "test", "PATCH step.target", _step(target="test")),
    (
        "step/arguments/0/value",
        "9",
        "PATCH step.arguments",
        _step(arguments=[{"name": "x", "value": "9"}, _SECRET]),
    ),
    ("step/arguments", REMOVED, "PATCH step.arguments", _step(arguments=[])),
    (
        "trigger/timerTriggers/0/schedule",
        "1 9 * * *",
        "PATCH trigger.timerTriggers[t1]",
        _properties(trigger={"timerTriggers": [{"name": "t1", "schedule": "1 9 * * *", "status": "Enabled"}]}),
    ),
    (
        "trigger/timerTriggers/1/schedule",
        "1 9 * * *",
        "PATCH trigger.timerTriggers[t2]",
        _properties(trigger={"timerTriggers": [{"name": "t2", "schedule": "1 9 * * *", "status": "Disabled"}]}),
    ),
    (
        "trigger/timerTriggers",
        [*OLD["trigger"]["timerTriggers"], _TIMER_3],
        "PATCH trigger.timerTriggers[t3]",
        _properties(trigger={"timerTriggers": [{**_TIMER_3, "status": "Enabled"}]}),
    ),
    (
        "trigger/sourceTriggers/0/sourceTriggerEvents",
        ["commit", "pullrequest"],
        "PATCH trigger.sourceTriggers[s1]",
        _properties(
            trigger={
                "sourceTriggers": [{**SOURCE, "sourceTriggerEvents": ["commit", "pullrequest"], "status": "Enabled"}]
            }
        ),
    ),
    (
        "trigger/baseImageTrigger/status",
        "Disabled",
        "PATCH trigger.baseImageTrigger",
        _properties(
            trigger={"baseImageTrigger": {"name": "b", "baseImageTriggerType": "Runtime", "status": "Disabled"}}
        ),
    ),
    (
        "credentials/sourceRegistry/loginMode",
        "None",
        "PATCH credentials.sourceRegistry.loginMode",
        _properties(credentials={"sourceRegistry": {"loginMode": "None"}}),
    ),
    (
        "credentials/customRegistries/A.azurecr.io/password/value",
        "q",
        "PATCH credentials.customRegistries[a.azurecr.io]",
        _properties(
            credentials={"customRegistries": {"A.azurecr.io": {**LOGIN, "password": {"value": "q", "type": "Opaque"}}}}
        ),
    ),
    (
        "credentials/customRegistries/A.azurecr.io",
        REMOVED,
        "PATCH credentials.customRegistries[a.azurecr.io]",
        _properties(credentials={"customRegistries": {"A.azurecr.io": None}}),
    ),
    (
        "credentials/customRegistries/b.azurecr.io/identity",
        "0000",
        "PATCH credentials.customRegistries[b.azurecr.io]",
        _properties(credentials={"customRegistries": {"b.azurecr.io": {"identity": "0000"}}}),
    ),
]

_PUTS = [
    ("platform/architecture", REMOVED, "PUT (platform.architecture removed)"),
    ("platform/variant", REMOVED, "PUT (platform.variant removed)"),
    ("step/contextPath", REMOVED, "PUT (step.contextPath removed)"),
    ("step/contextAccessToken", REMOVED, "PUT (step.contextAccessToken removed)"),
    ("step/target", REMOVED, "PUT (step.target removed)"),
    ("step", {"type": "FileTask", "taskFilePath": "acb.yaml"}, "PUT (step.type changed)"),
    ("trigger/timerTriggers/1", REMOVED, "PUT (timer t2 removed)"),
    ("trigger/timerTriggers/1/name", "t9", "PUT (timer t2 removed)"),
    ("trigger/sourceTriggers", REMOVED, "PUT (source trigger s1 removed)"),
    ("trigger/baseImageTrigger", REMOVED, "PUT (base image trigger removed)"),
    ("trigger/baseImageTrigger/name", "c", "PUT (base image trigger renamed)"),
    ("credentials/sourceRegistry", REMOVED, "PUT (credentials.sourceRegistry.loginMode removed)"),
    ("credentials/customRegistries/A.azurecr.io", {"identity": "x"}, "PUT (credentials of a.azurecr.io changed)"),
    ("credentials/customRegistries/b.azurecr.io", LOGIN, "PUT (credentials of b.azurecr.io changed)"),
]

_SAME = [
    ("platform/os", "linux"),
    ("status", "disabled"),
    ("step/noCache", False),
    ("agentConfiguration", REMOVED),
    ("trigger/timerTriggers", list(reversed(OLD["trigger"]["timerTriggers"]))),
    ("trigger/timerTriggers/0/status", "Enabled"),
    ("trigger/timerTriggers/0/schedule", "0  9 * * *"),
    ("trigger/sourceTriggers/0/sourceRepository/sourceControlType", "GitHub"),
    ("trigger/baseImageTrigger/baseImageTriggerType", "runtime"),
    ("step/arguments/0/isSecret", False),
    ("credentials/customRegistries", {"b.azurecr.io": {"identity": "[system]"}, "a.azurecr.io": LOGIN}),
    ("identity/userAssignedIdentities", {(USER + "one").lower(): {}}),
    ("registryId", OLD["registryId"].replace("resourceGroups", "resourcegroups")),
    ("taskName", "Build"),
    ("adopt", True),
    ("endpoint", "https://elsewhere"),
]


@pytest.mark.parametrize(("path", "value", "summary", "body"), _PATCHES, ids=lambda value: str(value)[:40])
def test_what_a_patch_can_express_is_one_small_patch(path: str, value: Any, summary: str, body: dict[str, Any]) -> None:
    """Each row of the table has exactly this body, and says so."""
    new = changed(path, value)
    plan = diff(OLD, new)
    assert plan.route == PATCH
    assert str(plan) == summary
    assert patch_body(plan, OLD, new) == body


@pytest.mark.parametrize(("path", "value", "summary"), _PUTS, ids=lambda value: str(value)[:40])
def test_what_a_patch_cannot_express_is_a_put(path: str, value: Any, summary: str) -> None:
    """A PUT has every input of the program, secrets included, and the identity even when there is none."""
    new = changed(path, value)
    plan = diff(OLD, new)
    assert plan.route == PUT
    assert str(plan) == summary
    body = put_body(new, "westeurope", replacing=True)
    assert body["location"] == "westeurope"
    assert body["properties"]["step"] == new["step"]
    assert body["properties"]["credentials"] == new["credentials"]


@pytest.mark.parametrize(("path", "value"), _SAME, ids=lambda value: str(value)[:40])
def test_what_means_the_same_is_no_change(path: str, value: Any) -> None:
    """Another spelling, another order, or a documented default spelled out asks for no request."""
    plan = diff(OLD, changed(path, value))
    assert plan.route is None
    assert str(plan) == "no request"
