from __future__ import annotations

import copy
from typing import Any

import pytest

from acr_tasks_emulator.services.tasks.merge import merged_task

TASK: dict[str, Any] = {
    "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/ids/A": {}, "/ids/B": {}}},
    "tags": {"a": "1", "b": "2"},
    "properties": {
        "status": "Enabled",
        "platform": {"os": "Linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": {
            "type": "Docker",
            "imageNames": ["one"],
            "dockerFilePath": "Dockerfile",
            "arguments": [{"name": "a", "value": "1"}],
            "contextPath": "src",
        },
        "trigger": {
            "timerTriggers": [
                {"schedule": "0 1 * * *", "status": "Disabled", "name": "t1"},
                {"schedule": "0 2 * * *", "status": "Enabled", "name": "t2"},
            ],
            "sourceTriggers": [
                {
                    "name": "s",
                    "status": "Enabled",
                    "sourceTriggerEvents": ["commit"],
                    "sourceRepository": {
                        "sourceControlType": "Github",
                        "repositoryUrl": "https://github.com/a/b",
                        "sourceControlAuthProperties": {"tokenType": "PAT", "token": "old", "scope": "repo"},
                    },
                }
            ],
            "baseImageTrigger": {"baseImageTriggerType": "Runtime", "status": "Enabled", "name": "base"},
        },
        "credentials": {
            "sourceRegistry": {"loginMode": "Default"},
            "customRegistries": {"one.io": {"identity": "[system]"}, "two.io": {"userName": {"value": "u"}}},
        },
    },
}


def after(**properties: Any) -> dict[str, Any]:
    """Return the task's properties after a PATCH of some."""
    result: dict[str, Any] = merged_task(TASK, {"properties": properties})["properties"]
    return result


def test_empty_objects_change_nothing() -> None:
    """azure-cli sends them with every update."""
    update = {"platform": {}, "agentConfiguration": {}, "trigger": {}, "credentials": {}}
    assert after(**update) == TASK["properties"]
    assert merged_task(TASK, {}) == TASK


def test_nulls_change_nothing_outside_of_maps() -> None:
    """Null clears neither a member nor a trigger."""
    trigger = {"timerTriggers": None, "sourceTriggers": None, "baseImageTrigger": None}
    update = {"timeout": None, "status": None, "platform": None, "step": None, "trigger": trigger, "credentials": None}
    assert merged_task(TASK, {"identity": None, "tags": None, "properties": update}) == TASK
    assert after(step={"type": "Docker", "imageNames": None, "target": None}) == TASK["properties"]
    assert after(credentials={"sourceRegistry": None, "customRegistries": None}) == TASK["properties"]


def test_the_stored_task_stays_as_it_was() -> None:
    """The update makes a new task."""
    before = copy.deepcopy(TASK)
    merged_task(TASK, {"tags": {}, "properties": {"credentials": {"customRegistries": {"one.io": None}}}})
    assert before == TASK


def test_members_are_replaced_one_by_one() -> None:
    """What is not sent stays."""
    properties = after(timeout=600, status="Disabled", platform={"architecture": "arm", "variant": "v7"})
    assert (properties["timeout"], properties["status"]) == (600, "Disabled")
    assert properties["platform"] == {"os": "Linux", "architecture": "arm", "variant": "v7"}


def test_a_step_of_the_same_type_is_merged_and_its_lists_are_replaced() -> None:
    """The context stays when it is not sent."""
    step = after(step={"type": "Docker", "imageNames": ["two", "three"], "arguments": []})["step"]
    assert step["imageNames"] == ["two", "three"]
    assert step["arguments"] == []
    assert (step["dockerFilePath"], step["contextPath"]) == ("Dockerfile", "src")


def test_a_step_of_another_type_replaces_the_step() -> None:
    """Nothing of the old one stays."""
    sent = {"type": "EncodedTask", "encodedTaskContent": "eA=="}
    assert after(step=sent)["step"] == sent


def test_timers_are_merged_by_name() -> None:
    """The others stay, in their order; a new one comes last."""
    timers = after(
        trigger={"timerTriggers": [{"name": "t3", "schedule": "0 3 * * *"}, {"name": "t2", "schedule": "5 2 * * *"}]}
    )["trigger"]["timerTriggers"]
    assert [(timer["name"], timer["schedule"]) for timer in timers] == [
        ("t1", "0 1 * * *"),
        ("t2", "5 2 * * *"),
        ("t3", "0 3 * * *"),
    ]


def test_a_timer_sent_without_status_becomes_enabled() -> None:
    """The specification gives the update model that default."""
    timers = after(trigger={"timerTriggers": [{"name": "t1"}]})["trigger"]["timerTriggers"]
    assert timers[0] == {"schedule": "0 1 * * *", "status": "Enabled", "name": "t1"}


def test_a_new_token_leaves_the_rest_of_a_source_trigger() -> None:
    """Repository and sign-in are merged too; events are replaced as a whole."""
    repository = {"sourceControlAuthProperties": {"token": "new"}}
    sent = {"name": "s", "status": "Enabled", "sourceTriggerEvents": ["pullrequest"], "sourceRepository": repository}
    source = after(trigger={"sourceTriggers": [sent]})["trigger"]["sourceTriggers"][0]
    assert source["sourceTriggerEvents"] == ["pullrequest"]
    assert source["sourceRepository"] == {
        "sourceControlType": "Github",
        "repositoryUrl": "https://github.com/a/b",
        "sourceControlAuthProperties": {"tokenType": "PAT", "token": "new", "scope": "repo"},
    }


def test_a_base_image_trigger_of_only_a_name_makes_none() -> None:
    """azure-cli sends one when it has nothing to say."""
    bare = copy.deepcopy(TASK)
    del bare["properties"]["trigger"]
    result = merged_task(bare, {"properties": {"trigger": {"baseImageTrigger": {"name": "defaultName"}}}})
    assert "baseImageTrigger" not in result["properties"]["trigger"]


@pytest.mark.parametrize("host", ["one.io", "ONE.io"])
def test_a_null_removes_one_registry(host: str) -> None:
    """The others and the source registry stay; hosts are compared without case."""
    credentials = after(credentials={"customRegistries": {host: None}})["credentials"]
    assert credentials == {
        "sourceRegistry": {"loginMode": "Default"},
        "customRegistries": {"two.io": {"userName": {"value": "u"}}},
    }


def test_a_registry_is_replaced_as_a_whole() -> None:
    """A password does not stay beside an identity."""
    entry = {"identity": "[system]"}
    registries = after(credentials={"customRegistries": {"two.io": entry}})["credentials"]["customRegistries"]
    assert registries == {"one.io": entry, "two.io": entry}


def test_a_null_removes_one_identity() -> None:
    """The type is replaced, the map merged."""
    sent = {"type": "UserAssigned", "userAssignedIdentities": {"/ids/a": None, "/ids/C": {}}}
    identity = merged_task(TASK, {"identity": sent})["identity"]
    assert identity == {"type": "UserAssigned", "userAssignedIdentities": {"/ids/B": {}, "/ids/C": {}}}


def test_tags_are_replaced_as_a_whole() -> None:
    """What is not sent is gone."""
    assert merged_task(TASK, {"tags": {"c": "3"}})["tags"] == {"c": "3"}
