"""Tasks under the three api-versions: written under one, read and changed under another."""

from __future__ import annotations

from typing import Any

import pytest

from .previews import IDENTITY, PREVIEW_2019, PREVIEW_2025, PREVIEWS, STABLE, VERSIONS, request_of, whole


@pytest.mark.arm_recorded
def test_the_recorded_exchange(arm: Any, task_name: str, location: str) -> None:
    """What azure-cli sent with 2019-06-01-preview is answered with the same members in the same order."""
    step = {
        "type": "Docker",
        "contextPath": "https://github.com/Azure-Samples/acr-build-helloworld-node",
        "imageNames": ["testtask:v1"],
        "isPushEnabled": True,
        "noCache": False,
        "dockerFilePath": "Dockerfile",
        "arguments": [],
    }
    trigger = {
        "baseImageTriggerType": "Runtime",
        "updateTriggerPayloadType": "Default",
        "status": "Enabled",
        "name": "defaultBaseimageTriggerName",
    }
    properties = {
        "status": "Enabled",
        "platform": {"os": "linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": step,
        "trigger": {"baseImageTrigger": trigger},
        "credentials": {},
        "isSystemTask": False,
    }
    body = {"location": location, "identity": {"type": "SystemAssigned"}, "properties": properties}
    task = arm.ok("PUT", f"tasks/{task_name}", body, api_version=PREVIEW_2019)
    made = ("provisioningState", "creationDate")
    assert list(task) == ["type", "identity", "properties", "id", "name", "location", "systemData"]
    assert list(task["identity"]) == ["principalId", "tenantId", "type"]
    assert list(task["properties"]) == [*made, *(name for name in properties if name != "credentials")]
    assert {key: value for key, value in task["properties"].items() if key not in made} == {
        key: value for key, value in properties.items() if key != "credentials"
    }
    base_last = [name for name in step if name != "contextPath"] + ["contextPath"]
    assert list(task["properties"]["step"]) == base_last
    assert list(task["properties"]["trigger"]["baseImageTrigger"]) == list(trigger)


@pytest.mark.emulator_choice("one back end serves all versions; that it keeps what a version does not know is likely")
@pytest.mark.parametrize("other", [STABLE, PREVIEW_2019])
def test_a_task_is_read_under_another_version(other: str, arm: Any, task_name: str, location: str) -> None:
    """Members that the other version does not know are not shown; a PATCH under that version keeps them."""
    arm.ok("PUT", f"tasks/{task_name}", whole(location), api_version=PREVIEW_2025)
    before = arm.ok("POST", f"tasks/{task_name}/listDetails", api_version=PREVIEW_2025)["properties"]
    assert "[system]" not in arm("GET", f"tasks/{task_name}", api_version=other).text
    listed = arm.ok("GET", "tasks", api_version=other)["value"]
    assert [each for each in listed if each["name"] == task_name] == [
        arm.ok("GET", f"tasks/{task_name}", api_version=other)
    ]
    patched = arm.ok("PATCH", f"tasks/{task_name}", {"properties": {"timeout": 600}}, api_version=other)
    assert "[system]" not in repr(patched)
    after = arm.ok("POST", f"tasks/{task_name}/listDetails", api_version=PREVIEW_2025)["properties"]
    assert after == {**before, "timeout": 600}


@pytest.mark.emulator_choice("a PUT replaces the whole task, also what its version could not have sent")
def test_a_put_replaces_what_its_version_does_not_know(arm: Any, task_name: str, location: str) -> None:
    """A task put under the stable version has no members of the previews any more."""
    arm.ok("PUT", f"tasks/{task_name}", whole(location), api_version=PREVIEW_2025)
    arm.ok("PUT", f"tasks/{task_name}", whole(location), api_version=STABLE)
    properties = arm.ok("GET", f"tasks/{task_name}", api_version=PREVIEW_2025)["properties"]
    assert {"agentPoolName", "logTemplate", "isSystemTask"} & set(properties) == set()
    assert properties["credentials"]["sourceRegistry"] == {"loginMode": "Default"}


@pytest.mark.arm_documented("azure-cli _utils.py: the identity of the source registry is cleared by null")
def test_null_clears_the_identity_of_the_source_registry(arm: Any, task_name: str, location: str) -> None:
    """Null clears the identity alone, and only under the version that has the member."""
    arm.ok("PUT", f"tasks/{task_name}", whole(location), api_version=PREVIEW_2025)
    body = {"properties": {"credentials": {"sourceRegistry": {"identity": None}}}}
    arm.ok("PATCH", f"tasks/{task_name}", body, api_version=PREVIEW_2019)
    kept = arm.ok("GET", f"tasks/{task_name}", api_version=PREVIEW_2025)["properties"]["credentials"]
    assert kept["sourceRegistry"] == IDENTITY
    cleared = arm.ok("PATCH", f"tasks/{task_name}", body, api_version=PREVIEW_2025)["properties"]["credentials"]
    assert cleared == {"sourceRegistry": {"loginMode": "Default"}, "customRegistries": {"r.example": None}}


@pytest.mark.emulator_choice("the service leaves empty objects out where they were recorded: credentials")
def test_a_source_registry_of_an_identity_alone(arm: Any, task_name: str, quick_task: Any) -> None:
    """Other versions do not show it, and no version does once the identity is cleared."""
    credentials = {"sourceRegistry": {"identity": "[system]"}}
    made = arm.ok("PUT", f"tasks/{task_name}", quick_task(credentials=credentials), api_version=PREVIEW_2025)
    assert made["properties"]["credentials"] == credentials
    assert "credentials" not in arm.ok("GET", f"tasks/{task_name}")["properties"]
    body = {"properties": {"credentials": {"sourceRegistry": {"identity": None}}}}
    for _ in range(2):
        cleared = arm.ok("PATCH", f"tasks/{task_name}", body, api_version=PREVIEW_2025)["properties"]
        assert "credentials" not in cleared


@pytest.mark.parametrize("architecture", ["386", "arm64"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.arm_documented("the enumeration Architecture, which is open")
def test_architectures_of_the_previews_are_accepted(
    version: str, architecture: str, arm: Any, task_name: str, quick_task: Any
) -> None:
    """The answer has them as they were sent."""
    body = quick_task(platform={"os": "Linux", "architecture": architecture})
    platform = arm.ok("PUT", f"tasks/{task_name}", body, api_version=version)["properties"]["platform"]
    assert platform == {"os": "Linux", "architecture": architecture}


@pytest.mark.parametrize("version", PREVIEWS)
@pytest.mark.arm_documented("azure-cli task.py: system tasks are made without platform and step")
def test_a_system_task_needs_no_step(version: str, arm: Any, task_name: str, location: str, quick_task: Any) -> None:
    """It is stored and changed, becomes an ordinary task by a step, and cannot be run before."""
    body = {"location": location, "properties": {"isSystemTask": True, "logTemplate": "logs:{{.Run.ID}}"}}
    made = arm.ok("PUT", f"tasks/{task_name}", body, api_version=version)["properties"]
    assert {"platform", "step"} & set(made) == set()
    assert made["isSystemTask"] is True
    patch = {"properties": {"logTemplate": "other:v1", "isSystemTask": False}}
    changed = arm.ok("PATCH", f"tasks/{task_name}", patch, api_version=version)["properties"]
    assert (changed["logTemplate"], changed["isSystemTask"]) == ("other:v1", True)
    answer = arm("POST", "scheduleRun", request_of(arm, task_name, version), api_version=version)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidInputValue")
    assert task_name in answer.json()["error"]["message"]
    stable = arm.ok("GET", f"tasks/{task_name}")["properties"]
    assert {"platform", "step", "isSystemTask"} & set(stable) == set()
    step = quick_task()["properties"]
    whole_task = arm.ok("PATCH", f"tasks/{task_name}", {"properties": step}, api_version=version)["properties"]
    assert whole_task["step"] == step["step"]


@pytest.mark.emulator_choice("the emulator's own page")
def test_a_system_task_is_on_the_page(emulated: Any) -> None:
    """The list of tasks shows it, and it has a page of its own."""
    arm = emulated()
    body = {"location": "westeurope", "properties": {"isSystemTask": True, "logTemplate": "logs:{{.Run.ID}}"}}
    arm.ok("PUT", "tasks/quicktask", body, api_version=PREVIEW_2025)
    for path in ("/", "/registries/emulator", "/tasks/emulator/quicktask"):
        page = arm.http.get(path)
        assert (page.status_code, "quicktask" in page.text) == (200, True), path


@pytest.mark.arm_documented("platform and step are required in 2019-04-01")
@pytest.mark.parametrize("version", VERSIONS)
def test_other_tasks_need_platform_and_step(version: str, arm: Any, task_name: str, location: str) -> None:
    """A version without system tasks ignores the member, and `isSystemTask: false` is an ordinary task."""
    body = {"location": location, "properties": {"isSystemTask": version == STABLE}}
    answer = arm("PUT", f"tasks/{task_name}", body, api_version=version)
    assert answer.status_code == 400
    for problem in ("The property 'os' of 'platform' is required", "The property 'step' is required"):
        assert problem in answer.json()["error"]["message"]
