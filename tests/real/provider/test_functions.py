"""The functions read tasks and runs of a service over TCP, and show no secret."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

import acr_tasks_emulator
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.errors import NotFoundError
from pulumi_acr_tasks.functions import invoke
from pulumi_acr_tasks.schema.definitions import RESULTS
from pulumi_acr_tasks.service import Service, service_for
from pulumi_acr_tasks.settings.settings import Settings

CANARY = "c4nary-0123"
STEPS = base64.b64encode(b"steps:\n  - cmd: busybox echo hi\n").decode()
TASK = {
    "tags": {"team": "a", "value": "b"},
    "identity": {"type": "SystemAssigned"},
    "properties": {
        "platform": {"os": "Linux"},
        "step": {
            "type": "EncodedTask",
            "encodedTaskContent": STEPS,
            "contextPath": "https://github.com/contoso/app.git",
            "contextAccessToken": CANARY,
            "values": [{"name": "shown", "value": "1"}, {"name": "hidden", "value": CANARY, "isSecret": True}],
        },
        "credentials": {
            "customRegistries": {"r.example": {"userName": {"value": CANARY}, "password": {"value": CANARY}}}
        },
        "trigger": {"timerTriggers": [{"name": "nightly", "schedule": "0 3 * * *"}]},
    },
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Any]:
    with acr_tasks_emulator.serve(executor="simulated") as running:
        yield running


@pytest.fixture
def service(emulator: Any) -> tuple[Service, RegistryId]:
    """Return the service of a provider, and the registry that is its default."""
    registry = RegistryId.parse(emulator.registries[0])
    config = {
        "endpoint": emulator.endpoint,
        "subscriptionId": registry.subscription_id,
        "resourceGroupName": registry.resource_group_name,
        "registryName": registry.registry_name,
    }
    return service_for(Settings.load(config.get, {})), registry


def test_a_task_is_shown_without_its_secrets(service: tuple[Service, RegistryId]) -> None:
    """The registry is the provider's, and every member is one of the table."""
    there, registry = service
    client = there.client()
    location = client.registries.get(registry)["location"]
    client.tasks.create(registry, "build", {"location": location, **TASK})
    task, problems = invoke(there, "acr-tasks:index:getTask", {"taskName": "build"})
    assert problems == []
    assert {*task} <= {*RESULTS["getTask"]}
    assert CANARY not in json.dumps(task)
    assert task["id"] == registry.task("build")
    assert (task["name"], task["registryId"], task["location"]) == ("build", str(registry), location)
    assert task["tags"] == {"team": "a", "value": "b"}
    assert task["step"]["values"] == [{"name": "shown", "value": "1", "isSecret": False}]
    assert task["step"]["encodedTaskContent"] == STEPS
    assert task["credentials"] == {"customRegistries": {"r.example": {}}}
    assert task["trigger"]["timerTriggers"][0]["schedule"] == "0 3 * * *"
    assert task["identity"]["principalId"]
    assert task["provisioningState"] == "Succeeded"


def test_the_tasks_of_a_registry_are_listed(service: tuple[Service, RegistryId]) -> None:
    """Each of them is what `getTask` returns, and they are those of all pages."""
    there, registry = service
    client = there.client()
    location = client.registries.get(registry)["location"]
    names = [f"many-{number:03}" for number in range(120)]
    for name in names:
        client.tasks.create(registry, name, {"location": location, **TASK})
    listed, problems = invoke(there, "acr-tasks:index:listTasks", {"registryId": str(registry)})
    assert problems == []
    assert {task["name"] for task in listed["tasks"]} >= {*names}
    one, _ = invoke(there, "acr-tasks:index:getTask", {"taskName": names[0]})
    assert [task for task in listed["tasks"] if task["name"] == names[0]] == [one]


def test_a_run_is_shown(service: tuple[Service, RegistryId]) -> None:
    """It has the properties of a Run resource, and those that only an answer has."""
    there, registry = service
    request = {"type": "EncodedTaskRunRequest", "encodedTaskContent": STEPS, "platform": {"os": "linux"}}
    made = there.client().registries.schedule_run(registry, request)
    run, problems = invoke(there, "acr-tasks:index:getRun", {"runId": made.name})
    assert problems == []
    assert {*run} <= {*RESULTS["getRun"]}
    assert (run["id"], run["name"], run["runId"]) == (registry.run(str(made.name)), made.name, made.name)
    assert (run["outputImages"], run["imageRefs"], run["isArchiveEnabled"]) == ([], [], False)


@pytest.mark.parametrize(("name", "args"), [("getTask", {"taskName": "nothing"}), ("getRun", {"runId": "cf999"})])
def test_a_missing_resource_is_an_error(name: str, args: dict[str, str], service: tuple[Service, RegistryId]) -> None:
    """The error has the service's own words."""
    with pytest.raises(NotFoundError) as caught:
        invoke(service[0], f"acr-tasks:index:{name}", args)
    assert caught.value.code
    assert "correlation id" in str(caught.value)
