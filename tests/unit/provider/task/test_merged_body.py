"""The body of a PUT, which starts from the service's task."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pulumi_acr_tasks.task.diff import diff
from pulumi_acr_tasks.task.requests import lost, merged_body

_LOGIN = {"userName": {"value": "u", "type": "Opaque"}, "password": {"value": "p", "type": "Opaque"}}
_OLD: dict[str, Any] = {
    "platform": {"os": "Linux", "architecture": "amd64"},
    "step": {"type": "Docker", "dockerFilePath": "Dockerfile", "contextAccessToken": "t", "target": "x"},
    "trigger": {"timerTriggers": [{"name": "t1", "schedule": "0 1 * * *"}, {"name": "t2", "schedule": "0 2 * * *"}]},
    "credentials": {"sourceRegistry": {"loginMode": "Default"}, "customRegistries": {"a.example": _LOGIN}},
    "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a": {}, "/b": {}}},
    "tags": {"a": "1"},
}
# Much of it changed by others, and a later version's members in it.
_LIVE: dict[str, Any] = {
    "id": "/x",
    "name": "build",
    "type": "Microsoft.ContainerRegistry/registries/tasks",
    "location": "westeurope",
    "systemData": {"createdBy": "x"},
    "tags": {"a": "1", "by": "hand"},
    "identity": {
        "type": "SystemAssigned, UserAssigned",
        "principalId": "p",
        "tenantId": "t",
        "userAssignedIdentities": {"/A": {"principalId": "q", "clientId": "c"}, "/b": {}, "/byhand": {}},
    },
    "properties": {
        "provisioningState": "Succeeded",
        "creationDate": "2025-04-08T08:17:33Z",
        "status": "Disabled",
        "timeout": 5000,
        "agentPoolName": "pool",
        "platform": {"os": "linux", "architecture": "amd64", "later": 1},
        "agentConfiguration": {"cpu": 2},
        "step": {
            "type": "Docker",
            "dockerFilePath": "Dockerfile",
            "contextAccessToken": "changed",
            "target": "x",
            "later": "y",
            "baseImageDependencies": [{"registry": "r"}],
        },
        "trigger": {
            "timerTriggers": [
                {"name": "t1", "schedule": "0 7 * * *", "status": "Disabled", "later": 1},
                {"name": "t2", "schedule": "0 2 * * *"},
                {"name": "byhand", "schedule": "0 3 * * *"},
            ],
            "baseImageTrigger": {"name": "b", "baseImageTriggerType": "All"},
        },
        "credentials": {
            "sourceRegistry": {"loginMode": None, "identity": "[system]"},
            "customRegistries": {"A.example": {**_LOGIN, "later": 1}, "byhand.example": _LOGIN},
        },
    },
}


def _kept() -> dict[str, Any]:
    """Return the body that changes nothing."""
    properties = copy.deepcopy(_LIVE["properties"])
    del properties["provisioningState"], properties["creationDate"], properties["step"]["baseImageDependencies"]
    properties["credentials"]["sourceRegistry"]["loginMode"] = "Default"
    return {
        "location": "westeurope",
        "tags": {"a": "1", "by": "hand"},
        "identity": {
            "type": "SystemAssigned, UserAssigned",
            "userAssignedIdentities": {"/A": {}, "/b": {}, "/byhand": {}},
        },
        "properties": properties,
    }


def test_what_the_program_leaves_alone_stays() -> None:
    """Members that only the service sets are removed; masked ones come from the program."""
    assert merged_body(_LIVE, _OLD, _OLD) == _kept()


def _merged(**changes: Any) -> dict[str, Any]:
    new = {key: value for key, value in {**_OLD, **changes}.items() if value is not None}
    return merged_body(_LIVE, _OLD, new)


def test_a_removed_timer_goes_and_the_others_stay() -> None:
    """Timers that the program does not know stay too."""
    wanted = _kept()
    del wanted["properties"]["trigger"]["timerTriggers"][1]
    assert _merged(trigger={"timerTriggers": _OLD["trigger"]["timerTriggers"][:1]}) == wanted
    del wanted["properties"]["trigger"]["timerTriggers"][0]
    assert _merged(trigger=None) == wanted


def test_a_changed_timer_is_changed_where_the_program_changed_it() -> None:
    """A new timer is added.

    A timer that the service no longer has, and that the program did not change, is not added.
    """
    wanted = _kept()
    wanted["properties"]["trigger"]["timerTriggers"][0]["schedule"] = "0 9 * * *"
    wanted["properties"]["trigger"]["timerTriggers"].append({"name": "t3", "schedule": "0 4 * * *"})
    changed = {"name": "t1", "schedule": "0 9 * * *"}
    timers = [changed, _OLD["trigger"]["timerTriggers"][1], {"name": "t3", "schedule": "0 4 * * *"}]
    assert _merged(trigger={"timerTriggers": timers}) == wanted
    live = copy.deepcopy(_LIVE)
    del live["properties"]["trigger"]["timerTriggers"][1], wanted["properties"]["trigger"]["timerTriggers"][1]
    assert merged_body(live, _OLD, {**_OLD, "trigger": {"timerTriggers": timers}}) == wanted


def test_a_step_of_another_type_is_the_program_s() -> None:
    """It has no member of the old step."""
    wanted, step = _kept(), {"type": "FileTask", "taskFilePath": "a.yaml"}
    wanted["properties"]["step"] = step
    assert _merged(step=step) == wanted


def test_a_member_of_a_step_is_removed() -> None:
    """A token that somebody else changed stays, unless the program changes it."""
    wanted = _kept()
    del wanted["properties"]["step"]["target"]
    assert _merged(step={key: item for key, item in _OLD["step"].items() if key != "target"}) == wanted
    del wanted["properties"]["step"]["contextAccessToken"]
    assert _merged(step={"type": "docker", "dockerFilePath": "Dockerfile"}) == wanted


def test_credentials_are_changed_by_host() -> None:
    """A changed entry is replaced as a whole; the service's spelling of the host stays."""
    wanted, entry = _kept(), {"identity": "[system]"}
    wanted["properties"]["credentials"]["customRegistries"]["A.example"] = entry
    credentials = {**_OLD["credentials"], "customRegistries": {"a.example": entry}}
    assert _merged(credentials=credentials) == wanted
    del wanted["properties"]["credentials"]["customRegistries"]["A.example"]
    assert _merged(credentials={"sourceRegistry": {"loginMode": "Default"}}) == wanted
    wanted["properties"]["credentials"]["customRegistries"] = {
        **_kept()["properties"]["credentials"]["customRegistries"],
        "c.example": entry,
    }
    credentials = {**_OLD["credentials"], "customRegistries": {"a.example": _LOGIN, "c.example": entry}}
    assert _merged(credentials=credentials) == wanted


@pytest.mark.parametrize(
    ("identity", "wanted"),
    [
        (
            {"type": "UserAssigned", "userAssignedIdentities": {"/B": {}, "/c": {}}},
            {"type": "UserAssigned", "userAssignedIdentities": {"/b": {}, "/byhand": {}, "/c": {}}},
        ),
        ({"type": "SystemAssigned"}, {"type": "SystemAssigned"}),
        (None, {"type": "None"}),
    ],
)
def test_identities_are_added_and_removed(identity: Any, wanted: dict[str, Any]) -> None:
    """An id that was added at the service stays, as by a PATCH. The identity is never left out."""
    assert _merged(identity=identity) == {**_kept(), "identity": wanted}
    assert merged_body({**_LIVE, "identity": None}, {}, {"timeout": 5})["identity"] == {"type": "None"}


def test_other_members_are_set_added_and_taken_out() -> None:
    """Each member is changed by itself."""
    wanted = _kept()
    wanted["properties"]["timeout"] = 700
    wanted["properties"]["trigger"]["baseImageTrigger"] = {"name": "c", "baseImageTriggerType": "Runtime"}
    wanted["tags"] = {"b": "2"}
    trigger = {**_OLD["trigger"], "baseImageTrigger": {"name": "c", "baseImageTriggerType": "Runtime"}}
    assert _merged(timeout=700, platform={"os": "Linux"}, trigger=trigger, tags={"b": "2"}) == wanted


def test_absent_members_are_left_out() -> None:
    """The body has neither null nor an empty object for them."""
    live = {"location": "westeurope", "properties": {"platform": {"os": "Linux"}, "step": {"type": "Docker"}}}
    old = {"platform": {"os": "Linux"}, "step": {"type": "Docker"}, "trigger": {}, "tags": {"a": "1"}}
    assert merged_body(live, old, {**old, "tags": None}) == {**live, "identity": {"type": "None"}}


def test_lost_members_are_named() -> None:
    """These are members that others changed or added, and members that no definition has."""
    new = {**_OLD, "trigger": None, "timeout": 700}
    masked = copy.deepcopy(_LIVE)
    del masked["properties"]["step"]["contextAccessToken"]
    assert lost(diff(_OLD, new), masked, new) == [
        "status",
        "tags",
        "identity",
        "trigger.timerTriggers[byhand]",
        "trigger.baseImageTrigger",
        "credentials.customRegistries[byhand.example]",
        "agentPoolName",
        "credentials.sourceRegistry.identity",
        "platform.later",
        "step.later",
        "trigger.timerTriggers.later",
    ]
