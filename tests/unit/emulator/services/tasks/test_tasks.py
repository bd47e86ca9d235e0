from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acr_tasks_emulator.services.errors import ServiceError

if TYPE_CHECKING:
    from tests.unit.emulator.conftest import World

SECRETS = ("s3cret-argument", "s3cret-token", "s3cret-password", "s3cret-pat")


def docker_body(world: World, **properties: Any) -> dict[str, Any]:
    body = world.task_body(**properties)
    body["properties"]["step"] = {
        "type": "Docker",
        "dockerFilePath": "Dockerfile",
        "contextPath": "https://github.com/a/b.git",
        "contextAccessToken": "s3cret-token",
        "imageNames": ["web:1"],
        "arguments": [
            {"type": "Argument", "name": "plain", "value": "shown"},
            {"name": "secret", "value": "s3cret-argument", "isSecret": True},
        ],
    }
    body["properties"]["credentials"] = {
        "customRegistries": {"my.io": {"password": {"type": "Opaque", "value": "s3cret-password"}}}
    }
    sign_in = {"tokenType": "PAT", "token": "s3cret-pat"}
    repository = {"sourceControlType": "Github", "repositoryUrl": "https://x", "sourceControlAuthProperties": sign_in}
    source = {"name": "s", "sourceTriggerEvents": ["commit"], "sourceRepository": repository}
    body["properties"]["trigger"] = {"sourceTriggers": [source]}
    return body


def refusal(world: World, body: Any, name: str = "task1") -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        world.tasks.create(world.registry, name, body)
    assert world.tasks.list(world.registry).tasks == []
    return caught.value


def test_members_come_in_the_services_order(world: World) -> None:
    """Type first, systemData last; in a step the members of the base come last."""
    body = docker_body(world) | {"identity": {"type": "SystemAssigned"}, "tags": {"a": "b"}}
    task = world.tasks.create(world.registry, "task1", body)
    assert list(task) == ["type", "identity", "properties", "id", "name", "location", "tags", "systemData"]
    expected = ["provisioningState", "creationDate", "status", "platform", "timeout", "step", "trigger", "credentials"]
    assert list(task["properties"]) == expected
    assert list(task["properties"]["step"]) == [
        *("type", "imageNames", "isPushEnabled", "noCache", "dockerFilePath", "arguments", "contextPath")
    ]


def test_defaults_of_the_specification_are_filled_in(world: World) -> None:
    """A timeout of an hour, pushing, caching, enabled triggers; what has no default stays absent."""
    step = {"type": "Docker", "dockerFilePath": "Dockerfile"}
    trigger = {"timerTriggers": [{"name": "t1", "schedule": "* * * * *"}]}
    properties = world.task(step=step, trigger=trigger)["properties"]
    assert (properties["status"], properties["timeout"]) == ("Enabled", 3600)
    assert (properties["step"]["isPushEnabled"], properties["step"]["noCache"]) == (True, False)
    assert properties["trigger"]["timerTriggers"][0]["status"] == "Enabled"
    assert "agentConfiguration" not in properties


def test_empty_credentials_are_dropped_and_empty_lists_are_kept(world: World) -> None:
    """As recorded."""
    step = {"type": "Docker", "dockerFilePath": "Dockerfile", "arguments": []}
    properties = world.task(step=step, credentials={}, trigger=None)["properties"]
    assert "credentials" not in properties
    assert properties["step"]["arguments"] == []


def test_names_keep_their_case_and_are_found_without_it(world: World) -> None:
    """A second PUT in another case replaces the same task."""
    world.task("testTask")
    assert world.tasks.get(world.registry, "TESTTASK")["name"] == "testTask"
    assert world.task("TestTask", timeout=600)["name"] == "testTask"
    assert len(world.tasks.list(world.registry).tasks) == 1


def test_case_of_values_is_echoed(world: World) -> None:
    """`linux` stays `linux`."""
    assert world.task(platform={"os": "linux"})["properties"]["platform"] == {"os": "linux"}


def test_secrets_are_shown_by_list_details_alone(world: World) -> None:
    """PUT, PATCH, GET and LIST mask each of them."""
    body = docker_body(world)
    answers = [
        world.tasks.create(world.registry, "task1", body),
        world.tasks.update(world.registry, "task1", {"properties": {"timeout": 900}}),
        world.tasks.get(world.registry, "task1"),
        world.tasks.list(world.registry).tasks,
    ]
    for secret in SECRETS:
        assert secret not in repr(answers)
        assert secret in repr(world.tasks.get_details(world.registry, "task1"))
    step = answers[2]["properties"]["step"]
    assert [argument["name"] for argument in step["arguments"]] == ["plain"]
    assert answers[2]["properties"]["credentials"] == {"customRegistries": {"my.io": None}}


def test_a_replaced_task_keeps_its_creation(world: World) -> None:
    """What was not sent again is gone; creationDate and createdAt stay, lastModifiedAt moves."""
    first = world.tasks.create(world.registry, "task1", docker_body(world))
    world.clock.advance(60)
    second = world.task("task1")
    assert "trigger" not in second["properties"]
    assert second["properties"]["creationDate"] == first["properties"]["creationDate"]
    assert second["systemData"]["createdAt"] == first["systemData"]["createdAt"]
    assert second["systemData"]["lastModifiedAt"] > first["systemData"]["lastModifiedAt"]


def test_identities_get_their_ids_at_once(world: World) -> None:
    """The same ids every time; what the type does not name is gone."""
    both = {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": {"/ids/a": {}}}
    identity = world.tasks.create(world.registry, "task1", world.task_body() | {"identity": both})["identity"]
    assert list(identity) == ["principalId", "tenantId", "type", "userAssignedIdentities"]
    assert set(identity["userAssignedIdentities"]["/ids/a"]) == {"principalId", "clientId"}
    assert world.tasks.update(world.registry, "task1", {"tags": {}})["identity"] == identity
    none = world.tasks.update(world.registry, "task1", {"identity": {"type": "None"}})["identity"]
    assert none == {"type": "None"}


def test_a_body_as_terraform_sends_it_is_taken(world: World) -> None:
    """Null stands for absent everywhere, and unknown members are ignored."""
    body = world.task_body(isSystemTask=False, agentPoolName=None, trigger=None)
    body |= {"identity": {"type": "None", "userAssignedIdentities": None}, "tags": None}
    task = world.tasks.create(world.registry, "task1", body)
    assert "tags" not in task
    assert "isSystemTask" not in task["properties"]


def test_member_names_are_read_without_case(world: World) -> None:
    """A client of another habit is understood; keys of maps stay as they are."""
    body = {"Location": "West Europe", "Tags": {"Key": "v"}, "Properties": world.task_body()["properties"]}
    task = world.tasks.create(world.registry, "task1", body)
    assert (task["location"], task["tags"]) == ("westeurope", {"Key": "v"})


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"platform": None}, "'os' of 'platform' is required"),
        ({"platform": {"architecture": "amd64"}}, "'os' of 'platform' is required"),
        ({"step": None}, "'step' is required"),
        ({"step": {"type": "Docker"}}, "'dockerFilePath' is required"),
        ({"step": {"type": "FileTask"}}, "'taskFilePath' is required"),
        ({"step": {"type": "EncodedTask", "encodedTaskContent": None}}, "'encodedTaskContent' is required"),
        ({"timeout": 299}, "from 300 to 28800"),
        ({"timeout": 28801}, "from 300 to 28800"),
        ({"agentConfiguration": {"cpu": 3}}, "AgentProperties:Invalid value for CPU core count. The supported values"),
        ({"trigger": {"timerTriggers": [{"name": "t"}]}}, "TimerTrigger:The property 'schedule' is required"),
        ({"trigger": {"timerTriggers": [{"name": "t", "schedule": "now"}]}}, "it has 1 fields"),
        ({"trigger": {"sourceTriggers": [{"name": "s"}]}}, "'sourceRepository' is required"),
        ({"trigger": {"baseImageTrigger": {"name": "b"}}}, "'baseImageTriggerType' is required"),
    ],
)
def test_bad_values_are_refused_in_the_services_words(world: World, properties: dict[str, Any], said: str) -> None:
    """400 InvalidInputValue, nothing is stored."""
    error = refusal(world, world.task_body(**properties))
    assert (error.status, error.code) == (400, "InvalidInputValue")
    assert error.message.startswith("Some of the properties of 'taskCreateParameters' are invalid.. InnerErrors: ")
    assert said in error.message


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "task",
        {"location": "westeurope", "properties": []},
        {"location": "westeurope", "properties": {"step": {"encodedTaskContent": "eA=="}}},
        {"location": "westeurope", "properties": {"step": {"type": "Kubernetes"}}},
        {"location": "westeurope", "properties": {"timeout": "long"}},
        {"location": "westeurope", "properties": {"timeout": 1e400}},
        {"location": "westeurope", "identity": {"type": "Everybody"}},
        {"location": "westeurope", "tags": {"a": 1}},
    ],
)
def test_bodies_that_are_no_task_are_refused(world: World, body: Any) -> None:
    """400 InvalidRequestContent."""
    error = refusal(world, body)
    assert (error.status, error.code) == (400, "InvalidRequestContent")


def test_a_refusal_does_not_repeat_secrets(world: World) -> None:
    """What could not be read is not quoted."""
    step = {"type": "Docker", "dockerFilePath": "D", "arguments": [{"name": "a", "value": {"s3cret": 1}}]}
    assert "s3cret" not in refusal(world, world.task_body(step=step)).message


def test_the_location_is_the_registrys(world: World) -> None:
    """Left out it is asked for; another one is a registry that is not there."""
    assert refusal(world, {**world.task_body(), "location": None}).code == "LocationRequired"
    error = refusal(world, {**world.task_body(), "location": "eastus"})
    assert (error.status, error.code) == (404, "ResourceNotFound")
    assert "'Microsoft.ContainerRegistry/registries/emulator' under resource group 'rg'" in error.message


@pytest.mark.parametrize("name", ["abcd", "a" * 51, "my task", "täsks", "a/../b"])
def test_names_are_checked_when_a_task_is_made(world: World, name: str) -> None:
    """5 to 50 letters, digits, - and _."""
    assert refusal(world, world.task_body(), name).code == "InvalidResourceName"


def test_an_update_is_validated_as_a_whole(world: World) -> None:
    """What would not be a task afterwards is refused and changes nothing."""
    world.task()
    for update in ({"timeout": 1}, {"step": {"type": "Docker"}}, {"trigger": {"timerTriggers": [{"name": "t"}]}}):
        with pytest.raises(ServiceError, match="taskUpdateParameters"):
            world.tasks.update(world.registry, "task1", {"properties": update})
    assert world.tasks.get(world.registry, "task1")["properties"]["timeout"] == 3600


def test_a_missing_task_is_not_found(world: World) -> None:
    """GET, PATCH and listDetails answer 404; DELETE only tells that there was none."""
    for ask in (world.tasks.get, world.tasks.get_details):
        with pytest.raises(ServiceError, match="registries/emulator/tasks/nosuch'") as caught:
            ask(world.registry, "nosuch")
        assert caught.value.status == 404
    with pytest.raises(ServiceError):
        world.tasks.update(world.registry, "nosuch", {})
    assert not world.tasks.delete(world.registry, "nosuch")
    world.task()
    assert world.tasks.delete(world.registry, "TASK1")


def test_a_list_comes_in_pages(world: World) -> None:
    """100 tasks each, by name, none twice."""
    for number in range(205):
        world.task(f"task-{number:03}")
    names, after = [], ""
    sizes = []
    while True:
        page = world.tasks.list(world.registry, after)
        names += [task["name"] for task in page.tasks]
        sizes.append(len(page.tasks))
        if page.after is None:
            break
        after = page.after
    assert sizes == [100, 100, 5]
    assert names == [f"task-{number:03}" for number in range(205)]


def test_tasks_outlive_the_process(world: World) -> None:
    """They are in the data folder, secrets too."""
    world.tasks.create(world.registry, "task1", docker_body(world))
    later = world.reopened()
    assert "s3cret-pat" in repr(later.tasks.get_details(later.registry, "task1"))
    later.close()
