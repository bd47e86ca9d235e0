"""PUT of a task: what is stored, what is refused, and how the answer looks."""

from __future__ import annotations

import base64
import re
import uuid
from typing import Any

import pytest

DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00"


def nulls(value: Any, path: str = "") -> list[str]:
    """Yield the paths of all members that are null."""
    if isinstance(value, dict):
        return [found for key, each in value.items() for found in nulls(each, f"{path}.{key}")]
    if isinstance(value, list):
        return [found for index, each in enumerate(value) for found in nulls(each, f"{path}[{index}]")]
    return [path] if value is None else []


@pytest.mark.arm_recorded
def test_a_task_is_made_at_once(arm: Any, task_name: str, docker_task: Any) -> None:
    """A first PUT answers 200 with provisioningState Succeeded, without an operation to poll."""
    answer = arm("PUT", f"tasks/{task_name}", docker_task())
    assert answer.status_code == 200
    assert answer.json()["properties"]["provisioningState"] == "Succeeded"
    assert not {"azure-asyncoperation", "location", "retry-after"}.intersection(answer.headers)


@pytest.mark.arm_recorded
def test_the_answer_has_what_was_sent(arm: Any, task_name: str, docker_task: Any) -> None:
    """Every member comes back as it was sent, the case of enumerations included."""
    body = docker_task()
    task = arm.ok("PUT", f"tasks/{task_name}", body)
    assert {key: task["properties"][key] for key in body["properties"]} == body["properties"]
    assert task["location"] == body["location"]
    assert task["name"] == task_name
    assert task["type"] == "Microsoft.ContainerRegistry/registries/tasks"
    assert task["id"] == f"{arm.registry}/tasks/{task_name}"


@pytest.mark.arm_recorded
def test_members_have_the_services_order(arm: Any, task_name: str, docker_task: Any) -> None:
    """Members of a task and its step have the model's order, the step's base class last, whatever the request's."""
    body = docker_task(trigger={"baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"}})
    body["identity"] = {"type": "SystemAssigned"}
    body["tags"] = {"a": "b"}
    body["properties"] = dict(reversed(list(body["properties"].items())))
    body["properties"]["step"] = dict(reversed(list(body["properties"]["step"].items())))
    task = arm.ok("PUT", f"tasks/{task_name}", dict(reversed(list(body.items()))))
    assert list(task) == ["type", "identity", "properties", "id", "name", "location", "tags", "systemData"]
    assert list(task["properties"]) == [
        "provisioningState",
        "creationDate",
        "status",
        "platform",
        "agentConfiguration",
        "timeout",
        "step",
        "trigger",
    ]
    assert list(task["properties"]["step"]) == [
        "type",
        "imageNames",
        "isPushEnabled",
        "noCache",
        "dockerFilePath",
        "arguments",
        "contextPath",
    ]


@pytest.mark.arm_recorded
def test_absent_members_are_left_out(arm: Any, task_name: str, docker_task: Any) -> None:
    """A member that was not sent is absent from the answer, and never null."""
    task = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    assert nulls(task) == []
    assert "tags" not in task
    assert "identity" not in task
    assert "target" not in task["properties"]["step"]


@pytest.mark.arm_recorded
def test_empty_credentials_are_dropped_and_empty_lists_kept(arm: Any, task_name: str, docker_task: Any) -> None:
    """`credentials: {}` is not a member of the answer; `arguments: []` is."""
    task = arm.ok("PUT", f"tasks/{task_name}", docker_task(credentials={}))
    assert "credentials" not in task["properties"]
    assert task["properties"]["step"]["arguments"] == []


@pytest.mark.arm_recorded
def test_dates_have_seven_digits_and_an_offset(arm: Any, task_name: str, docker_task: Any) -> None:
    """Dates are written as .NET does it: no Z, seven digits."""
    task = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    assert re.fullmatch(DATE, task["properties"]["creationDate"])
    assert re.fullmatch(DATE, task["systemData"]["createdAt"])
    assert re.fullmatch(DATE, task["systemData"]["lastModifiedAt"])
    assert set(task["systemData"]) == {
        "createdBy",
        "createdByType",
        "createdAt",
        "lastModifiedBy",
        "lastModifiedByType",
        "lastModifiedAt",
    }


@pytest.mark.arm_recorded
def test_a_name_keeps_its_case(arm: Any, docker_task: Any) -> None:
    """A task keeps the spelling of its name."""
    name = f"testTask{uuid.uuid4().hex[:8]}"
    try:
        assert arm.ok("PUT", f"tasks/{name}", docker_task())["name"] == name
        assert arm.ok("GET", f"tasks/{name}")["name"] == name
    finally:
        arm("DELETE", f"tasks/{name}")


@pytest.mark.arm_recorded
def test_a_system_identity_is_there_at_once(arm: Any, task_name: str, docker_task: Any) -> None:
    """The answer to the PUT itself has the principal and the tenant."""
    task = arm.ok("PUT", f"tasks/{task_name}", {**docker_task(), "identity": {"type": "SystemAssigned"}})
    assert task["identity"]["type"] == "SystemAssigned"
    assert uuid.UUID(task["identity"]["principalId"])
    assert uuid.UUID(task["identity"]["tenantId"])
    assert "userAssignedIdentities" not in task["identity"]


@pytest.mark.arm_documented("TasksCreate_WithUserIdentities")
def test_a_user_identity_gets_its_principal(arm: Any, task_name: str, docker_task: Any) -> None:
    """The map of user identities keeps its keys; each entry names principal and client."""
    identity = (
        arm.registry.partition("/providers/")[0] + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/builder"
    )
    body = {**docker_task(), "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}}
    task = arm.ok("PUT", f"tasks/{task_name}", body)
    assert list(task["identity"]["userAssignedIdentities"]) == [identity]
    assert set(task["identity"]["userAssignedIdentities"][identity]) == {"principalId", "clientId"}


@pytest.mark.arm_documented("TaskProperties and DockerBuildStep: default")
def test_defaults_are_the_specifications(arm: Any, task_name: str, docker_task: Any) -> None:
    """Members with a default in the specification may be left out."""
    body = docker_task()
    for member in ("timeout", "agentConfiguration"):
        del body["properties"][member]
    for member in ("isPushEnabled", "noCache", "arguments", "imageNames"):
        del body["properties"]["step"][member]
    properties = arm.ok("PUT", f"tasks/{task_name}", body)["properties"]
    assert properties["timeout"] == 3600
    assert properties["step"]["isPushEnabled"] is True
    assert properties["step"]["noCache"] is False


@pytest.mark.arm_documented("TimerTrigger, BaseImageTrigger: default of status")
def test_triggers_are_enabled_by_default(arm: Any, task_name: str, docker_task: Any) -> None:
    """A trigger without a status is Enabled."""
    trigger = {
        "timerTriggers": [{"name": "t1", "schedule": "0 21 * * *"}],
        "baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"},
    }
    made = arm.ok("PUT", f"tasks/{task_name}", docker_task(trigger=trigger))["properties"]["trigger"]
    assert made["timerTriggers"][0]["status"] == "Enabled"
    assert made["baseImageTrigger"]["status"] == "Enabled"


@pytest.mark.arm_documented("azure-cli: timer remove; terraform: every update")
def test_a_second_put_replaces_all_of_it(arm: Any, task_name: str, docker_task: Any, quick_task: Any) -> None:
    """A member that the second body leaves out is removed: the trigger, the tags, the credentials, the other step."""
    first = docker_task(
        trigger={"timerTriggers": [{"name": "t1", "schedule": "0 21 * * *"}]},
        credentials={"customRegistries": {"r.example": {"userName": {"type": "Opaque", "value": "bob"}}}},
    )
    arm.ok("PUT", f"tasks/{task_name}", {**first, "tags": {"a": "b"}})
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    task = arm.ok("POST", f"tasks/{task_name}/listDetails")
    assert "tags" not in task
    assert not task["properties"].get("trigger", {}).get("timerTriggers")
    assert not task["properties"].get("credentials", {}).get("customRegistries")
    assert task["properties"]["step"]["type"] == "EncodedTask"
    assert "dockerFilePath" not in task["properties"]["step"]


@pytest.mark.arm_documented("azure-cli: timer remove sends the answer of listDetails back")
def test_an_answer_can_be_put_back(arm: Any, task_name: str, docker_task: Any) -> None:
    """Read-only members in a body are ignored."""
    before = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    after = arm.ok("PUT", f"tasks/{task_name}", before)
    assert {**after, "systemData": {}, "properties": {**after["properties"], "creationDate": ""}} == {
        **before,
        "systemData": {},
        "properties": {**before["properties"], "creationDate": ""},
    }


@pytest.mark.arm_recorded
def test_the_text_of_an_encoded_task_is_not_read(arm: Any, task_name: str, quick_task: Any) -> None:
    """A task with invalid YAML is stored, and its text comes back as it was sent."""
    content = base64.b64encode(b"steps:\n  - build:").decode()
    step = {"type": "EncodedTask", "encodedTaskContent": content}
    task = arm.ok("PUT", f"tasks/{task_name}", quick_task(step=step))
    assert task["properties"]["step"]["encodedTaskContent"] == content


@pytest.mark.arm_documented("FileTaskStep")
def test_a_file_task_is_stored(arm: Any, task_name: str, docker_task: Any) -> None:
    """The third type of step keeps its members, in the model's order."""
    step = {
        "type": "FileTask",
        "contextPath": "https://github.com/Azure-Samples/acr-tasks.git",
        "values": [{"name": "a", "value": "b", "isSecret": False}],
        "valuesFilePath": "values.yaml",
        "taskFilePath": "acb.yaml",
    }
    made = arm.ok("PUT", f"tasks/{task_name}", docker_task(step=step))["properties"]["step"]
    assert made == step
    assert list(made) == ["type", "taskFilePath", "valuesFilePath", "values", "contextPath"]


@pytest.mark.arm_documented("azure-cli: an extra `type` in arguments, `isSystemTask` of later versions")
def test_unknown_members_are_tolerated(arm: Any, task_name: str, docker_task: Any) -> None:
    """Members that this version does not know have no effect."""
    body = docker_task(isSystemTask=False)
    body["properties"]["step"]["arguments"] = [{"type": "Argument", "name": "a", "value": "b", "isSecret": False}]
    made = arm.ok("PUT", f"tasks/{task_name}", body)["properties"]["step"]["arguments"]
    assert [(item["name"], item["value"]) for item in made] == [("a", "b")]


@pytest.mark.arm_documented("Azure/acr issue 321")
def test_only_two_processors_are_accepted(arm: Any, task_name: str, docker_task: Any) -> None:
    """Another number of processors is refused in the service's own words, and nothing is stored."""
    answer = arm("PUT", f"tasks/{task_name}", docker_task(agentConfiguration={"cpu": 3}))
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "InvalidInputValue"
    assert answer.json()["error"]["message"] == (
        "Some of the properties of 'taskCreateParameters' are invalid.. InnerErrors: "
        "AgentProperties:Invalid value for CPU core count. The supported values are (2)"
    )
    assert arm("GET", f"tasks/{task_name}").status_code == 404


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    *holders, last = path.split(".")
    holder = body
    for key in holders:
        holder = holder[key]
    del holder[last]
    return body


def refused(answer: Any) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"]
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize(
    "member",
    [
        "location",
        "properties.platform",
        "properties.platform.os",
        "properties.step",
        "properties.step.type",
        "properties.step.dockerFilePath",
    ],
)
@pytest.mark.arm_documented("Task: required")
def test_a_required_member_has_to_be_there(member: str, arm: Any, task_name: str, docker_task: Any) -> None:
    """Without a member that the specification requires, a task is refused."""
    refused(arm("PUT", f"tasks/{task_name}", without(docker_task(), member)))
    assert arm("GET", f"tasks/{task_name}").status_code == 404


@pytest.mark.parametrize(
    "properties",
    [
        {"timeout": 299},
        {"timeout": 28801},
        {"trigger": {"timerTriggers": [{"schedule": "0 21 * * *"}]}},
        {"trigger": {"timerTriggers": [{"name": "t1"}]}},
        {"trigger": {"baseImageTrigger": {"name": "base"}}},
        {"step": {"type": "FileTask", "contextPath": "https://github.com/a/b.git"}},
        {"step": {"type": "EncodedTask"}},
        {"step": {"type": "Nonsense", "dockerFilePath": "Dockerfile"}},
    ],
    ids=lambda properties: repr(properties)[:60],
)
@pytest.mark.arm_documented("TaskProperties: bounds, required members and discriminators")
def test_a_body_outside_the_specification_is_refused(
    properties: dict[str, Any], arm: Any, task_name: str, docker_task: Any
) -> None:
    """Bounds, required members of triggers and of the other steps, and the types of steps are checked."""
    refused(arm("PUT", f"tasks/{task_name}", docker_task(**properties)))
    assert arm("GET", f"tasks/{task_name}").status_code == 404


@pytest.mark.parametrize("schedule", ["0 30 9 * * 1-5", "* * * *", "every day", "61 * * * *"])
@pytest.mark.arm_documented("container-registry-tasks-scheduled: five fields, no seconds")
def test_a_schedule_has_five_fields(schedule: str, arm: Any, task_name: str, docker_task: Any) -> None:
    """A schedule without the five fields of NCrontab is refused."""
    refused(
        arm("PUT", f"tasks/{task_name}", docker_task(trigger={"timerTriggers": [{"name": "t1", "schedule": schedule}]}))
    )


@pytest.mark.parametrize("name", ["abcd", "a" * 51, "with.dot-in-it", "with%20space"])
@pytest.mark.arm_documented("parameter taskName: 5 to 50 of [a-zA-Z0-9-_]")
def test_a_task_name_is_checked(name: str, arm: Any, docker_task: Any) -> None:
    """A name that the specification does not allow is refused."""
    refused(arm("PUT", f"tasks/{name}", docker_task()))


@pytest.mark.parametrize("length", [5, 50])
@pytest.mark.arm_documented("parameter taskName: 5 to 50 of [a-zA-Z0-9-_]")
def test_the_shortest_and_the_longest_name_are_taken(length: int, arm: Any, docker_task: Any) -> None:
    """Five and fifty characters are allowed, the underscore among them."""
    name = f"_{uuid.uuid4().hex * 2}"[:length]
    arm.ok("PUT", f"tasks/{name}", docker_task())
    assert arm("DELETE", f"tasks/{name}").status_code == 200


@pytest.mark.arm_documented("terraform: the service complains that it cannot find the registry")
def test_another_location_than_the_registrys_is_refused(arm: Any, task_name: str, docker_task: Any) -> None:
    """A task has the location of its registry."""
    answer = arm("PUT", f"tasks/{task_name}", {**docker_task(), "location": "antarcticasouth"})
    assert answer.status_code in (400, 404)
    assert "registr" in answer.json()["error"]["message"].lower()
    assert arm("GET", f"tasks/{task_name}").status_code == 404
