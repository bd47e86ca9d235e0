"""The table of differences: for each property, the request that says it and its exact body."""

from __future__ import annotations

import copy
from enum import Enum
from typing import Any

import pytest

from pulumi_acr_tasks.schema.definitions import DEFINITIONS
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.task.diff import IGNORED, LOOK_UP, PATCH, PUT, REPLACE, RULES, diff
from pulumi_acr_tasks.task.requests import patch_body, put_body

_USER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
_LOGIN = {"userName": {"value": "u", "type": "Opaque"}, "password": {"value": "p", "type": "Opaque"}}
_SOURCE = {
    "name": "s1",
    "sourceRepository": {
        "sourceControlType": "Github",
        "repositoryUrl": "https://github.com/a/b",
        "sourceControlAuthProperties": {"tokenType": "PAT", "token": "t"},
    },
    "sourceTriggerEvents": ["commit"],
}
_OLD: dict[str, Any] = {
    "registryId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/registry",
    "taskName": "build",
    "endpoint": "embedded",
    "platform": {"os": "Linux", "architecture": "arm", "variant": "v7"},
    "step": {
        "type": "Docker",
        "contextPath": "https://github.com/a/b.git",
        "contextAccessToken": "t",
        "imageNames": ["a:1", "a:2"],
        "isPushEnabled": False,
        "dockerFilePath": "Dockerfile",
        "target": "final",
        "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "2", "isSecret": True}],
    },
    "trigger": {
        "timerTriggers": [
            {"name": "t1", "schedule": "0 9 * * *"},
            {"name": "t2", "schedule": "0 10 * * *", "status": "Disabled"},
        ],
        "sourceTriggers": [_SOURCE],
        "baseImageTrigger": {"name": "b", "baseImageTriggerType": "Runtime"},
    },
    "credentials": {
        "sourceRegistry": {"loginMode": "Default"},
        "customRegistries": {"A.azurecr.io": _LOGIN, "b.azurecr.io": {"identity": "[system]"}},
    },
    "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {_USER + "One": {}}},
    "agentConfiguration": {"cpu": 2},
    "timeout": 600,
    "status": "Disabled",
    "tags": {"a": "1", "b": "2"},
}


class _Mark(Enum):
    """Stands for a member that is taken away; unlike a bare object it has the same name in every process."""

    REMOVED = "removed"


_REMOVED = _Mark.REMOVED


def _changed(path: str, value: Any) -> dict[str, Any]:
    new = copy.deepcopy(_OLD)
    *owners, name = path.split("/")
    owner: Any = new
    for part in owners:
        owner = owner[int(part) if part.isdigit() else part]
    if value is _REMOVED:
        del owner[int(name) if name.isdigit() else name]
    else:
        owner[int(name) if name.isdigit() else name] = value
    return new


def _properties(**members: Any) -> dict[str, Any]:
    return {"properties": members}


def _step(**members: Any) -> dict[str, Any]:
    return _properties(step={"type": "Docker", **members})


_TIMER_3 = {"name": "t3", "schedule": "0 11 * * *"}
_SECRET = {"name": "y", "value": "2", "isSecret": True}

_PATCHES = [
    ("status", "Enabled", "PATCH status", _properties(status="Enabled")),
    ("status", _REMOVED, "PATCH status", _properties(status="Enabled")),
    ("timeout", 700, "PATCH timeout", _properties(timeout=700)),
    ("timeout", _REMOVED, "PATCH timeout", _properties(timeout=3600)),
    ("agentConfiguration/cpu", 4, "PATCH agentConfiguration.cpu", _properties(agentConfiguration={"cpu": 4})),
    ("platform/os", "Windows", "PATCH platform.os", _properties(platform={"os": "Windows"})),
    ("platform/architecture", "x86", "PATCH platform.architecture", _properties(platform={"architecture": "x86"})),
    ("platform/variant", "v6", "PATCH platform.variant", _properties(platform={"variant": "v6"})),
    ("tags", {"a": "1"}, "PATCH tags", {"tags": {"a": "1"}}),
    ("tags", _REMOVED, "PATCH tags", {"tags": {}}),
    ("identity", _REMOVED, "PATCH identity", {"identity": {"type": "None"}}),
    (
        "identity",
        {"type": "UserAssigned", "userAssignedIdentities": {_USER + "one": {}, _USER + "two": {}}},
        "PATCH identity",
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": {_USER + "two": {}}}},
    ),
    (
        "identity/userAssignedIdentities",
        {_USER + "two": {}},
        "PATCH identity",
        {
            "identity": {
                "type": "SystemAssigned, UserAssigned",
                "userAssignedIdentities": {_USER + "two": {}, _USER + "One": None},
            }
        },
    ),
    ("identity", {"type": "SystemAssigned"}, "PATCH identity", {"identity": {"type": "SystemAssigned"}}),
    ("step/contextPath", "https://x.git", "PATCH step.contextPath", _step(contextPath="https://x.git")),
    ("step/contextAccessToken", "u", "PATCH step.contextAccessToken", _step(contextAccessToken="u")),
    ("step/imageNames", ["a:3"], "PATCH step.imageNames", _step(imageNames=["a:3"])),
    ("step/imageNames", _REMOVED, "PATCH step.imageNames", _step(imageNames=[])),
    ("step/isPushEnabled", _REMOVED, "PATCH step.isPushEnabled", _step(isPushEnabled=True)),
    ("step/noCache", True, "PATCH step.noCache", _step(noCache=True)),
    ("step/dockerFilePath", "D", "PATCH step.dockerFilePath", _step(dockerFilePath="D")),
    ("step/target", "test", "PATCH step.target", _step(target="test")),
    (
        "step/arguments/0/value",
        "9",
        "PATCH step.arguments",
        _step(arguments=[{"name": "x", "value": "9"}, _SECRET]),
    ),
    ("step/arguments", _REMOVED, "PATCH step.arguments", _step(arguments=[])),
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
        [*_OLD["trigger"]["timerTriggers"], _TIMER_3],
        "PATCH trigger.timerTriggers[t3]",
        _properties(trigger={"timerTriggers": [{**_TIMER_3, "status": "Enabled"}]}),
    ),
    (
        "trigger/sourceTriggers/0/sourceTriggerEvents",
        ["commit", "pullrequest"],
        "PATCH trigger.sourceTriggers[s1]",
        _properties(
            trigger={
                "sourceTriggers": [{**_SOURCE, "sourceTriggerEvents": ["commit", "pullrequest"], "status": "Enabled"}]
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
            credentials={"customRegistries": {"A.azurecr.io": {**_LOGIN, "password": {"value": "q", "type": "Opaque"}}}}
        ),
    ),
    (
        "credentials/customRegistries/A.azurecr.io",
        _REMOVED,
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
    ("platform/architecture", _REMOVED, "PUT (platform.architecture removed)"),
    ("platform/variant", _REMOVED, "PUT (platform.variant removed)"),
    ("step/contextPath", _REMOVED, "PUT (step.contextPath removed)"),
    ("step/contextAccessToken", _REMOVED, "PUT (step.contextAccessToken removed)"),
    ("step/target", _REMOVED, "PUT (step.target removed)"),
    ("step", {"type": "FileTask", "taskFilePath": "acb.yaml"}, "PUT (step.type changed)"),
    ("trigger/timerTriggers/1", _REMOVED, "PUT (timer t2 removed)"),
    ("trigger/timerTriggers/1/name", "t9", "PUT (timer t2 removed)"),
    ("trigger/sourceTriggers", _REMOVED, "PUT (source trigger s1 removed)"),
    ("trigger/baseImageTrigger", _REMOVED, "PUT (base image trigger removed)"),
    ("trigger/baseImageTrigger/name", "c", "PUT (base image trigger renamed)"),
    ("credentials/sourceRegistry", _REMOVED, "PUT (credentials.sourceRegistry.loginMode removed)"),
    ("credentials/customRegistries/A.azurecr.io", {"identity": "x"}, "PUT (credentials of a.azurecr.io changed)"),
    ("credentials/customRegistries/b.azurecr.io", _LOGIN, "PUT (credentials of b.azurecr.io changed)"),
]

_SAME = [
    ("platform/os", "linux"),
    ("status", "disabled"),
    ("step/noCache", False),
    ("agentConfiguration", _REMOVED),
    ("trigger/timerTriggers", list(reversed(_OLD["trigger"]["timerTriggers"]))),
    ("trigger/timerTriggers/0/status", "Enabled"),
    ("trigger/timerTriggers/0/schedule", "0  9 * * *"),
    ("trigger/sourceTriggers/0/sourceRepository/sourceControlType", "GitHub"),
    ("trigger/baseImageTrigger/baseImageTriggerType", "runtime"),
    ("step/arguments/0/isSecret", False),
    ("credentials/customRegistries", {"b.azurecr.io": {"identity": "[system]"}, "a.azurecr.io": _LOGIN}),
    ("identity/userAssignedIdentities", {(_USER + "one").lower(): {}}),
    ("registryId", _OLD["registryId"].replace("resourceGroups", "resourcegroups")),
    ("taskName", "Build"),
    ("adopt", True),
    ("endpoint", "https://elsewhere"),
]


@pytest.mark.parametrize(("path", "value", "summary", "body"), _PATCHES, ids=lambda value: str(value)[:40])
def test_what_a_patch_can_express_is_one_small_patch(path: str, value: Any, summary: str, body: dict[str, Any]) -> None:
    """Each row of the table has exactly this body, and says so."""
    new = _changed(path, value)
    plan = diff(_OLD, new)
    assert plan.route == PATCH
    assert str(plan) == summary
    assert patch_body(plan, _OLD, new) == body


@pytest.mark.parametrize(("path", "value", "summary"), _PUTS, ids=lambda value: str(value)[:40])
def test_what_a_patch_cannot_express_is_a_put(path: str, value: Any, summary: str) -> None:
    """A PUT has every input of the program, secrets included, and the identity even when there is none."""
    new = _changed(path, value)
    plan = diff(_OLD, new)
    assert plan.route == PUT
    assert str(plan) == summary
    body = put_body(new, "westeurope", replacing=True)
    assert body["location"] == "westeurope"
    assert body["properties"]["step"] == new["step"]
    assert body["properties"]["credentials"] == new["credentials"]


@pytest.mark.parametrize(("path", "value"), _SAME, ids=lambda value: str(value)[:40])
def test_what_means_the_same_is_no_change(path: str, value: Any) -> None:
    """Another spelling, another order, or a documented default spelled out asks for no request."""
    plan = diff(_OLD, _changed(path, value))
    assert plan.route is None
    assert str(plan) == "no request"


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("registryId", _OLD["registryId"] + "2", "registry moves from registry to registry2"),
        ("taskName", "other", "task name changed"),
    ],
)
def test_another_registry_or_name_replaces_the_task(path: str, value: Any, words: str) -> None:
    """A task cannot be moved or renamed."""
    plan = diff(_OLD, _changed(path, value))
    assert plan.replaces == [path]
    assert str(plan) == f"replace ({words})"


@pytest.mark.parametrize("path", ["registryId", "taskName"])
def test_a_replacing_property_that_is_unknown_replaces_the_task(path: str) -> None:
    """The engine asks with unknowns even while it updates."""
    assert diff(_OLD, _changed(path, UNKNOWN)).route == REPLACE


@pytest.mark.parametrize(
    ("path", "summary"),
    [
        ("timeout", "PATCH timeout"),
        ("step/imageNames", "PATCH step.imageNames"),
        ("trigger/timerTriggers", "PATCH trigger.timerTriggers"),
        ("trigger/timerTriggers/0/schedule", "PATCH trigger.timerTriggers[t1]"),
        ("trigger/timerTriggers/0/name", "PATCH trigger.timerTriggers"),
        (
            "credentials/customRegistries/A.azurecr.io/password/value",
            "PATCH credentials.customRegistries[a.azurecr.io]",
        ),
        ("tags", "PATCH tags"),
        ("identity/userAssignedIdentities", "PATCH identity"),
    ],
)
def test_an_unknown_value_is_a_change_by_patch(path: str, summary: str) -> None:
    """The request for a value that is not known yet is announced as a PATCH, the likelier one."""
    assert str(diff(_OLD, _changed(path, UNKNOWN))) == summary


@pytest.mark.parametrize("path", ["platform", "step", "trigger", "credentials"])
def test_an_unknown_object_is_a_change(path: str) -> None:
    """An object of which nothing is known differs from any."""
    assert diff(_OLD, _changed(path, UNKNOWN)).changes


def test_a_location_is_looked_up_and_patched_by_nothing() -> None:
    """A location that is written down later costs a look at the registry, and is in no PATCH."""
    new = {**_changed("timeout", 700), "location": "westeurope"}
    plan = diff(_OLD, new)
    assert plan.route == PATCH
    assert str(plan) == "PATCH timeout"
    assert patch_body(plan, _OLD, new) == {"properties": {"timeout": 700}}
    assert diff(_OLD, {**_OLD, "location": "westeurope"}).route == LOOK_UP
    assert diff({**_OLD, "location": "West Europe"}, {**_OLD, "location": "westeurope"}).route is None
    assert diff({**_OLD, "location": "West Europe"}, _OLD).route is None


def test_several_changes_are_one_patch() -> None:
    """Everything that changed goes in one request."""
    new = _changed("timeout", 700)
    new["step"]["imageNames"] = ["a:3"]
    new["step"]["noCache"] = True
    plan = diff(_OLD, new)
    assert str(plan) == "PATCH timeout, step.imageNames, step.noCache"
    assert patch_body(plan, _OLD, new) == {
        "properties": {"timeout": 700, "step": {"type": "Docker", "imageNames": ["a:3"], "noCache": True}}
    }


def test_losing_the_system_assigned_identity_is_said() -> None:
    """Its principal id is gone for good, with every role that it had."""
    plan = diff(_OLD, _changed("identity", _REMOVED))
    assert plan.changes[0].words == "the system-assigned identity is removed, its principal id is lost"


def test_what_the_service_sets_is_never_a_change() -> None:
    """Outputs beside the inputs do not differ from anything."""
    outputs = {name: "x" for name in IGNORED if name not in ("adopt", "endpoint")}
    identity = {**_OLD["identity"], "principalId": "p", "tenantId": "t"}
    assert diff({**_OLD, **outputs, "identity": identity}, _OLD).route is None


def test_every_member_of_a_task_has_a_line_in_the_table() -> None:
    """A definition that grows a member needs a decision here."""
    paths = {rule.path for rule in RULES}
    missing = set()
    for name in DEFINITIONS["Task"]:
        if not any(path == name or path.startswith(f"{name}.") for path in paths):
            missing.add(name)
    for step in ("DockerBuildStep", "FileTaskStep", "EncodedTaskStep"):
        missing |= {f"step.{name}" for name in DEFINITIONS[step]} - paths
    for owner, definition in (("platform", "PlatformProperties"), ("trigger", "TriggerProperties")):
        missing |= {f"{owner}.{name}" for name in DEFINITIONS[definition]} - paths
    assert missing == set()


def test_a_first_put_leaves_out_what_there_is_not() -> None:
    """Creating a task sends no identity and no tags that the program does not have."""
    inputs = {"platform": {"os": "Linux"}, "step": {"type": "EncodedTask", "encodedTaskContent": "eA=="}}
    assert put_body(inputs, "westeurope") == {"location": "westeurope", "properties": inputs}
    assert put_body(inputs, "westeurope", replacing=True)["identity"] == {"type": "None"}
