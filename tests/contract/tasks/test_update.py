"""PATCH of a task: what it merges, what it replaces and what it cannot remove."""

from __future__ import annotations

from typing import Any

import pytest

TIMERS = [
    {"schedule": "0 21 * * *", "status": "Enabled", "name": "t1"},
    {"schedule": "0 9 * * Mon-Fri", "status": "Disabled", "name": "t2"},
]
BASE = {"baseImageTriggerType": "Runtime", "status": "Enabled", "name": "defaultBaseimageTriggerName"}


def opaque(value: str) -> dict[str, str]:
    return {"value": value, "type": "Opaque"}


def login(user: str, password: str) -> dict[str, Any]:
    return {"userName": opaque(user), "password": opaque(password)}


def settled(task: dict[str, Any]) -> dict[str, Any]:
    """Return a task without the user and time of its last change."""
    return {key: value for key, value in task.items() if key != "systemData"}


@pytest.fixture
def patch(arm: Any, task_name: str) -> Any:
    """Patch the properties of this test's task; the answer has to be 200 and equal to that of GET."""

    def send(**properties: Any) -> dict[str, Any]:
        answer = arm.ok("PATCH", f"tasks/{task_name}", {"properties": properties})
        assert arm.ok("GET", f"tasks/{task_name}") == answer
        return answer["properties"]

    return send


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("timeout", 600),
        ("status", "Disabled"),
        ("platform", {"os": "Linux", "architecture": "arm", "variant": "v7"}),
        ("agentConfiguration", {"cpu": 2}),
    ],
)
@pytest.mark.arm_documented("TaskPropertiesUpdateParameters")
def test_one_member_is_replaced_and_the_others_stay(
    member: str, value: Any, arm: Any, task_name: str, docker_task: Any
) -> None:
    """A PATCH of one member changes that member and nothing else."""
    before = arm.ok("PUT", f"tasks/{task_name}", docker_task(trigger={"timerTriggers": TIMERS}))
    after = arm.ok("PATCH", f"tasks/{task_name}", {"properties": {member: value}})
    assert settled(after) == settled({**before, "properties": {**before["properties"], member: value}})


@pytest.mark.arm_documented("azure-cli: task update sends four empty objects each time")
def test_empty_objects_do_nothing(arm: Any, task_name: str, docker_task: Any) -> None:
    """An empty object clears nothing."""
    full = docker_task(
        trigger={"timerTriggers": TIMERS, "baseImageTrigger": BASE},
        credentials={"customRegistries": {"r.example": login("bob", "pw-0123456789")}},
    )
    arm.ok("PUT", f"tasks/{task_name}", full)
    before = arm.ok("POST", f"tasks/{task_name}/listDetails")
    empty: dict[str, Any] = {"platform": {}, "agentConfiguration": {}, "trigger": {}, "credentials": {}}
    arm.ok("PATCH", f"tasks/{task_name}", {"properties": empty})
    assert settled(arm.ok("POST", f"tasks/{task_name}/listDetails")) == settled(before)


@pytest.mark.parametrize(
    "properties",
    [
        {"timeout": None},
        {"status": None},
        {"agentConfiguration": None},
        {"credentials": None},
        {"step": {"type": "Docker", "target": None, "imageNames": None, "contextPath": None}},
        {"trigger": None},
        {"trigger": {"baseImageTrigger": None}},
        {"trigger": {"timerTriggers": None}},
        {"trigger": {"timerTriggers": []}},
    ],
    ids=repr,
)
@pytest.mark.arm_documented("azure-cli: triggers cannot be removed via PATCH; terraform: null is not honoured")
def test_null_clears_no_ordinary_member_and_no_trigger(
    properties: dict[str, Any], arm: Any, task_name: str, docker_task: Any
) -> None:
    """Neither null nor an empty list removes what PATCH cannot remove."""
    full = docker_task(
        timeout=700,
        trigger={"timerTriggers": TIMERS, "baseImageTrigger": BASE},
        credentials={"customRegistries": {"r.example": login("bob", "pw-0123456789")}},
    )
    full["properties"]["step"]["target"] = "release"
    arm.ok("PUT", f"tasks/{task_name}", full)
    before = arm.ok("POST", f"tasks/{task_name}/listDetails")
    arm.ok("PATCH", f"tasks/{task_name}", {"properties": properties})
    assert settled(arm.ok("POST", f"tasks/{task_name}/listDetails")) == settled(before)


@pytest.mark.arm_recorded
def test_a_registry_credential_is_added_to_the_others(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """An entry of the map is merged; the others stay with their secrets."""
    first = {"customRegistries": {"a.example": login("ann", "pw-a")}}
    arm.ok("PUT", f"tasks/{task_name}", docker_task(credentials=first))
    patched = patch(credentials={"customRegistries": {"b.example": login("bob", "pw-b")}})
    assert patched["credentials"]["customRegistries"] == {"a.example": None, "b.example": None}
    details = arm.ok("POST", f"tasks/{task_name}/listDetails")["properties"]["credentials"]["customRegistries"]
    assert details == {"a.example": login("ann", "pw-a"), "b.example": login("bob", "pw-b")}


@pytest.mark.arm_recorded
def test_a_registry_credential_is_replaced(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """An entry replaces the whole entry of its host."""
    first = {"customRegistries": {"a.example": login("ann", "pw-a")}}
    arm.ok("PUT", f"tasks/{task_name}", docker_task(credentials=first))
    patch(credentials={"customRegistries": {"a.example": login("amy", "pw-z")}})
    details = arm.ok("POST", f"tasks/{task_name}/listDetails")["properties"]["credentials"]["customRegistries"]
    assert details == {"a.example": login("amy", "pw-z")}


@pytest.mark.arm_recorded
def test_null_removes_a_registry_credential(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """Null removes an entry of the map; an empty map stays visible."""
    credentials = {"customRegistries": {"a.example": login("ann", "pw-a"), "b.example": login("bob", "pw-b")}}
    arm.ok("PUT", f"tasks/{task_name}", docker_task(credentials=credentials))
    patched = patch(credentials={"customRegistries": {"a.example": None}})
    assert patched["credentials"]["customRegistries"] == {"b.example": None}
    patched = patch(credentials={"customRegistries": {"b.example": None}})
    assert patched["credentials"]["customRegistries"] == {}


@pytest.mark.arm_documented("azure-cli: timer add and timer update send one timer")
def test_timers_are_merged_by_name(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """A timer of a known name is changed, one of a new name is added, the others stay."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task(trigger={"timerTriggers": TIMERS}))
    changed = {"schedule": "0 22 * * *", "status": "Disabled", "name": "t1"}
    assert patch(trigger={"timerTriggers": [changed]})["trigger"]["timerTriggers"] == [changed, TIMERS[1]]
    added = {"schedule": "*/5 * * * *", "status": "Enabled", "name": "t3"}
    assert patch(trigger={"timerTriggers": [added]})["trigger"]["timerTriggers"] == [changed, TIMERS[1], added]


@pytest.mark.arm_documented("TimerTriggerUpdateParameters: only name is required")
def test_a_timer_is_disabled_without_its_schedule(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """The members of a timer that a PATCH leaves out stay."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task(trigger={"timerTriggers": TIMERS}))
    timers = patch(trigger={"timerTriggers": [{"name": "t1", "status": "Disabled"}]})["trigger"]["timerTriggers"]
    assert timers == [{**TIMERS[0], "status": "Disabled"}, TIMERS[1]]


@pytest.mark.arm_documented("azure-cli: task update --base-image-trigger-enabled")
def test_one_kind_of_trigger_leaves_the_others_alone(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """The base image trigger is changed beside the timers, not instead of them."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task(trigger={"timerTriggers": TIMERS, "baseImageTrigger": BASE}))
    trigger = patch(trigger={"baseImageTrigger": {**BASE, "status": "Disabled"}})["trigger"]
    assert trigger == {"timerTriggers": TIMERS, "baseImageTrigger": {**BASE, "status": "Disabled"}}


@pytest.mark.arm_documented(
    "azure-cli: task update sends a base image trigger of only a name when it has nothing to say"
)
def test_a_base_image_trigger_of_only_a_name_makes_none(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """A task without a base image trigger does not get one by a name alone."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task())
    trigger = patch(trigger={"baseImageTrigger": {"name": "defaultBaseimageTriggerName"}}).get("trigger") or {}
    assert "baseImageTrigger" not in trigger


@pytest.mark.arm_documented("azure-cli: merges the events itself before it sends them")
def test_the_events_of_a_source_trigger_are_replaced(
    arm: Any, coordinates: Any, task_name: str, docker_task: Any, patch: Any
) -> None:
    """The list of events is replaced as a whole; branch and repository stay; the token is never shown."""
    auth = {"tokenType": "PAT", "token": coordinates.repository_token, "scope": "repo"}
    repository = {"sourceControlType": "Github", "repositoryUrl": coordinates.repository_url, "branch": "master"}
    source = {
        "sourceRepository": {**repository, "sourceControlAuthProperties": auth},
        "sourceTriggerEvents": ["commit", "pullrequest"],
        "status": "Enabled",
        "name": "defaultSourceTriggerName",
    }
    arm.ok("PUT", f"tasks/{task_name}", docker_task(trigger={"sourceTriggers": [source]}))
    change = {
        "name": source["name"],
        "status": "Enabled",
        "sourceTriggerEvents": ["commit"],
        "sourceRepository": {"sourceControlAuthProperties": auth},
    }
    (trigger,) = patch(trigger={"sourceTriggers": [change]})["trigger"]["sourceTriggers"]
    assert trigger == {**source, "sourceRepository": repository, "sourceTriggerEvents": ["commit"]}


@pytest.mark.arm_documented("TasksUpdate example: the members that it leaves out answer as before")
def test_members_of_a_step_are_merged(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """Given members are replaced; the others stay."""
    before = arm.ok("PUT", f"tasks/{task_name}", docker_task())["properties"]["step"]
    change = {"type": "Docker", "imageNames": ["testtask:v2", "testtask:v3"], "dockerFilePath": "src/Dockerfile"}
    assert patch(step=change)["step"] == {**before, **change}


@pytest.mark.arm_documented("EncodedTaskStepUpdateParameters")
def test_the_text_of_an_encoded_step_is_replaced(arm: Any, task_name: str, quick_task: Any, patch: Any) -> None:
    """The text changes and the values stay."""
    values = [{"name": "a", "value": "b", "isSecret": False}]
    step = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFtd", "values": values}
    arm.ok("PUT", f"tasks/{task_name}", quick_task(step=step))
    change = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6Cg=="}
    assert patch(step=change)["step"] == {**step, **change}


@pytest.mark.emulator_choice("the effect on lists inside a step has not been seen; azure-cli sends all or nothing")
def test_lists_of_a_step_are_replaced(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """A list is replaced as a whole, even by an empty one."""
    body = docker_task()
    body["properties"]["step"]["arguments"] = [{"name": name, "value": "1", "isSecret": False} for name in "ab"]
    arm.ok("PUT", f"tasks/{task_name}", body)
    only = [{"name": "c", "value": "2", "isSecret": False}]
    assert patch(step={"type": "Docker", "arguments": only})["step"]["arguments"] == only
    assert patch(step={"type": "Docker", "arguments": []})["step"]["arguments"] == []


@pytest.mark.arm_documented("TaskStepUpdateParameters: type is required")
def test_a_step_without_its_type_is_refused(arm: Any, task_name: str, docker_task: Any) -> None:
    """The PATCH is refused and changes nothing."""
    before = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    answer = arm("PATCH", f"tasks/{task_name}", {"properties": {"step": {"imageNames": ["other:v1"]}}})
    assert answer.status_code == 400
    assert arm.ok("GET", f"tasks/{task_name}") == before


@pytest.mark.emulator_choice("a PATCH with a step of another type has not been seen; it probably replaces the step")
def test_a_step_of_another_type_replaces_the_step(arm: Any, task_name: str, docker_task: Any, patch: Any) -> None:
    """The encoded step has no member of the Docker step."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task())
    step = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFtd"}
    made = patch(step=step)["step"]
    assert {key: value for key, value in made.items() if value} == step


@pytest.mark.emulator_choice("whether tags are merged has not been seen")
def test_tags_are_replaced_as_a_whole(arm: Any, task_name: str, docker_task: Any) -> None:
    """The task has the tags of the PATCH only; their keys keep their case."""
    arm.ok("PUT", f"tasks/{task_name}", {**docker_task(), "tags": {"a": "1", "B": "2"}})
    assert arm.ok("PATCH", f"tasks/{task_name}", {"tags": {"B": "3", "c": "4"}})["tags"] == {"B": "3", "c": "4"}
    assert arm.ok("PATCH", f"tasks/{task_name}", {"properties": {"timeout": 600}})["tags"] == {"B": "3", "c": "4"}


def user_identity(arm: Any, name: str) -> str:
    group = arm.registry.partition("/providers/")[0]
    return f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"


@pytest.mark.arm_documented("azure-cli: identity assign and identity remove")
def test_identities_are_added_and_removed(arm: Any, task_name: str, docker_task: Any) -> None:
    """User-assigned identities are merged and removed by null. The type adds and removes the system-assigned one."""
    one, two = user_identity(arm, "one"), user_identity(arm, "two")
    arm.ok("PUT", f"tasks/{task_name}", {**docker_task(), "identity": {"type": "SystemAssigned"}})

    def patch(type_: str, **users: Any) -> dict[str, Any]:
        named = {{"one": one, "two": two}[name]: value for name, value in users.items()}
        body = {"identity": {"type": type_, "userAssignedIdentities": named}}
        return arm.ok("PATCH", f"tasks/{task_name}", body)["identity"]

    identity = patch("SystemAssigned, UserAssigned", one={})
    assert identity["type"] == "SystemAssigned, UserAssigned"
    assert identity["principalId"]
    assert list(identity["userAssignedIdentities"]) == [one]
    assert sorted(patch("SystemAssigned, UserAssigned", two={})["userAssignedIdentities"]) == [one, two]
    assert list(patch("SystemAssigned, UserAssigned", one=None)["userAssignedIdentities"]) == [two]
    identity = patch("UserAssigned", two={})
    assert identity["type"] == "UserAssigned"
    assert "principalId" not in identity


@pytest.mark.arm_documented("azure-cli issue 29325")
def test_all_identities_are_removed_by_none(arm: Any, task_name: str, docker_task: Any) -> None:
    """With the type None the task has neither user-assigned identities nor a principal."""
    arm.ok("PUT", f"tasks/{task_name}", {**docker_task(), "identity": {"type": "SystemAssigned"}})
    task = arm.ok("PATCH", f"tasks/{task_name}", {"identity": {"type": "None"}})
    assert "userAssignedIdentities" not in task.get("identity", {})
    assert "principalId" not in task.get("identity", {})


@pytest.mark.arm_documented("Azure/acr issue 321")
def test_a_wrong_value_is_refused_and_changes_nothing(arm: Any, task_name: str, docker_task: Any) -> None:
    """Another number of processors is refused in a PATCH too."""
    before = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    body = {"properties": {"agentConfiguration": {"cpu": 4}, "timeout": 600}}
    answer = arm("PATCH", f"tasks/{task_name}", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidInputValue"
    assert "The supported values are (2)" in answer.json()["error"]["message"]
    assert arm.ok("GET", f"tasks/{task_name}") == before


@pytest.mark.arm_recorded
def test_a_change_is_noted_in_the_system_data(arm: Any, task_name: str, docker_task: Any) -> None:
    """The time of creation stays, the time of the last change is later."""
    made = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    patched = arm.ok("PATCH", f"tasks/{task_name}", {"properties": {"timeout": 600}})
    assert patched["properties"]["creationDate"] == made["properties"]["creationDate"]
    assert patched["systemData"]["createdAt"] == made["systemData"]["createdAt"]
    assert patched["systemData"]["lastModifiedAt"] > made["systemData"]["lastModifiedAt"]
