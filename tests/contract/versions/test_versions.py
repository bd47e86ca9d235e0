"""The three api-versions of tasks and runs: one store, and what differs between them."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from ..specification.specification import OPERATIONS, described, error_problems
from .previews import BASE_IMAGE, IDENTITY, PREVIEW_2019, PREVIEW_2025, PREVIEWS, STABLE, VERSIONS, request_of, whole


def life(arm: Any, location: str, version: str) -> dict[str, httpx.Response]:
    """Return the answers of all operations on a task and a run with every member, under a version."""

    def ask(method: str, path: str, body: Any = None) -> httpx.Response:
        answer: httpx.Response = arm(method, path, body, api_version=version)
        return answer

    name = f"test-{uuid.uuid4().hex[:12]}"
    found = {
        "Tasks_Create": ask("PUT", f"tasks/{name}", whole(location)),
        "Tasks_Get": ask("GET", f"tasks/{name}"),
        "Tasks_List": ask("GET", "tasks"),
        "Tasks_GetDetails": ask("POST", f"tasks/{name}/listDetails"),
        "Tasks_Update": ask("PATCH", f"tasks/{name}", {"properties": {"timeout": 600}}),
        "Registries_GetBuildSourceUploadUrl": ask("POST", "listBuildSourceUploadUrl"),
        "Registries_ScheduleRun": ask("POST", "scheduleRun", request_of(arm, name, version)),
    }
    run_id = arm.ok("GET", "runs", **{"$filter": f"TaskName eq '{name}'"})["value"][0]["name"]
    arm.until(run_id)
    return {
        **found,
        "Runs_Get": ask("GET", f"runs/{run_id}"),
        "Runs_List": ask("GET", "runs"),
        "Runs_Update": ask("PATCH", f"runs/{run_id}", {"isArchiveEnabled": True}),
        "Runs_GetLogSasUrl": ask("POST", f"runs/{run_id}/listLogSasUrl"),
        "Runs_Cancel": ask("POST", f"runs/{run_id}/cancel"),
        "Tasks_Delete": ask("DELETE", f"tasks/{name}"),
    }


@pytest.fixture(scope="module")
def lives(arm: Any, location: str) -> dict[str, dict[str, httpx.Response]]:
    return {version: life(arm, location, version) for version in VERSIONS}


@pytest.mark.parametrize("operation_id", OPERATIONS)
@pytest.mark.parametrize("version", [STABLE, PREVIEW_2025])
@pytest.mark.arm_documented("containerregistry_build.json, 2019-04-01 and 2025-03-01-preview")
def test_the_answer_fits_its_specification(version: str, operation_id: str, lives: Any) -> None:
    """Status, members, types and required members are those of the version, and no others."""
    answer = lives[version][operation_id]
    assert described(version).problems(operation_id, answer.status_code, answer.content) == []


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0, azure-mgmt-containerregistrytasks 1.0.0b1")
def test_every_generated_client_accepts_the_status(version: str, lives: Any) -> None:
    """Every operation answers 200, which the clients of all versions accept."""
    assert {name: answer.status_code for name, answer in lives[version].items()} == dict.fromkeys(OPERATIONS, 200)


@pytest.mark.arm_documented("the definitions of the three versions")
def test_a_version_shows_its_own_members(lives: Any) -> None:
    """Each version stores and shows the sent members that it knows, in the specification's order."""
    shown = {version: lives[version]["Tasks_Get"].json()["properties"] for version in VERSIONS}
    own = [len({"agentPoolName", "logTemplate", "isSystemTask"} & set(shown[version])) for version in VERSIONS]
    assert own == [0, 3, 3]
    assert list(shown[PREVIEW_2025]) == [
        *("provisioningState", "creationDate", "status", "platform", "agentConfiguration", "agentPoolName", "timeout"),
        *("step", "trigger", "credentials", "logTemplate", "isSystemTask"),
    ]
    sources = [shown[version]["credentials"]["sourceRegistry"] for version in VERSIONS]
    assert sources == [{"loginMode": "Default"}, {"loginMode": "Default"}, IDENTITY]
    triggers = {version: shown[version]["trigger"]["baseImageTrigger"] for version in VERSIONS}
    assert "updateTriggerPayloadType" not in triggers[STABLE]
    assert triggers[PREVIEW_2019]["updateTriggerPayloadType"] == "Token"
    runs = {version: lives[version]["Runs_Get"].json()["properties"] for version in VERSIONS}
    assert [runs[version].get("agentPoolName") for version in VERSIONS] == [None, "pool1", "pool1"]


@pytest.mark.arm_recorded
def test_system_data_is_shown_under_every_version(lives: Any) -> None:
    """The service answers systemData even where the schema has none."""
    for answers in lives.values():
        for operation in ("Tasks_Get", "Runs_Get"):
            assert answers[operation].json()["systemData"]["lastModifiedByType"] == "User"


@pytest.mark.arm_documented("terraform-provider-azurerm: the endpoint is not returned")
@pytest.mark.parametrize("version", PREVIEWS)
def test_the_endpoint_of_a_trigger_is_a_secret(version: str, lives: Any) -> None:
    """listDetails alone shows it."""
    endpoint = BASE_IMAGE["updateTriggerEndpoint"]
    with_endpoint = {name for name, answer in lives[version].items() if endpoint in answer.text}
    assert with_endpoint == {"Tasks_GetDetails"}


@pytest.mark.parametrize("kind", ["agentPools", "taskRuns"])
@pytest.mark.emulator_choice("types of the previews that are not emulated: there are none of them")
def test_agent_pools_and_task_runs_are_empty_lists(kind: str, arm: Any) -> None:
    """The previews answer an empty list and a 404; the stable version does not know the type."""
    for version in PREVIEWS:
        assert arm.ok("GET", kind, api_version=version) == {"value": []}
        missing = arm("GET", f"{kind}/nosuch", api_version=version)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ResourceNotFound")
        assert f"/{kind}/nosuch'" in missing.json()["error"]["message"]
    refused = arm("GET", kind, api_version=STABLE)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "NoRegisteredProviderFound")
    assert f"'registries/{kind}'. The supported api-versions are '{', '.join(PREVIEWS)}'" in refused.text


@pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
def test_the_error_of_an_unknown_version_names_the_known_ones(arm: Any) -> None:
    """The error names all three; case does not matter."""
    for version in ("2018-09-01", "2023-07-01", "2025-03-01"):
        answer = arm("GET", "tasks", api_version=version)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NoRegisteredProviderFound")
        assert f"The supported api-versions are '{', '.join(VERSIONS)}'" in answer.json()["error"]["message"]
    assert arm("GET", "tasks", api_version="2025-03-01-PREVIEW").status_code == 200


@pytest.mark.arm_documented("ErrorSchema of 2019-06-01-preview, ErrorResponse of 2025-03-01-preview")
@pytest.mark.parametrize("version", VERSIONS)
def test_errors_have_one_shape(version: str, arm: Any) -> None:
    """Code and message are below `error` under every version."""
    for method, path, body in (
        ("GET", "tasks/nosuch", None),
        ("PUT", "tasks/nosuch", {}),
        ("POST", "scheduleRun", {"type": "nosuch"}),
        ("GET", "runs/nosuch", None),
    ):
        answer = arm(method, path, body, api_version=version)
        assert answer.status_code in (400, 404)
        assert error_problems(answer.content) == []


@pytest.mark.arm_documented("containerregistry_build.json, 2025-03-01-preview: no operation of these is long-running")
def test_the_latest_preview_has_no_long_running_operations(emulated: Any, location: str) -> None:
    """A client of 2025-03-01-preview is answered at once, even with `--mode lro`."""
    arm = emulated(mode="lro")
    answers = life(arm, location, PREVIEW_2025)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(OPERATIONS, 200)
    headers = {name.lower() for answer in answers.values() for name in answer.headers}
    assert {"azure-asyncoperation", "location", "retry-after"} & headers == set()


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: 2019-06-01-preview is long-running as 2019-04-01 is")
def test_the_first_preview_has_long_running_operations(emulated: Any, location: str) -> None:
    """Each operation is accepted, and polled under the caller's version."""
    arm = emulated(mode="lro")
    answers = life(arm, location, PREVIEW_2019)
    waiting = {name: answer.status_code for name, answer in answers.items() if answer.status_code != 200}
    assert waiting == {
        **dict.fromkeys(("Tasks_Create", "Tasks_Update", "Runs_Update"), 201),
        **dict.fromkeys(("Registries_ScheduleRun", "Runs_Cancel", "Tasks_Delete"), 202),
    }
    for name in waiting:
        headers = answers[name].headers
        address = headers.get("azure-asyncoperation") or headers["location"]
        assert address.endswith(f"?api-version={PREVIEW_2019}")
        assert arm.http.get(address).status_code in (200, 202)


@pytest.mark.emulator_choice("a switch: whether unknown members are refused, dropped or kept is not known")
def test_members_of_another_version_are_unknown_members(emulated: Any) -> None:
    """They are refused by their paths, or kept and shown under every version."""
    arm = emulated(switches={"unknown-members": "refused"})
    location = "westeurope"
    named = {
        STABLE: {
            *("properties.agentPoolName", "properties.logTemplate", "properties.isSystemTask"),
            "properties.trigger.baseImageTrigger.updateTriggerEndpoint",
            "properties.trigger.baseImageTrigger.updateTriggerPayloadType",
            "properties.credentials.sourceRegistry.identity",
        },
        PREVIEW_2019: {"properties.credentials.sourceRegistry.identity"},
    }
    for version, members in named.items():
        answer = arm("PUT", "tasks/task1", whole(location), api_version=version)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")
        text = answer.json()["error"]["message"].partition("Could not find member ")[2].removesuffix("'.")
        assert set(text.split(", ")) == members
    assert arm("PUT", "tasks/task1", whole(location), api_version=PREVIEW_2025).status_code == 200
    run = {**request_of(arm, "task1", PREVIEW_2025), "taskName": "task1"}
    refused = arm("POST", "scheduleRun", run, api_version=PREVIEW_2025)
    assert "Could not find member taskName'" in refused.json()["error"]["message"]
    run_id = arm.ok("POST", "scheduleRun", request_of(arm, "task1", PREVIEW_2025), api_version=PREVIEW_2025)["name"]
    update = arm("PATCH", f"runs/{run_id}", {"isArchiveEnabled": True, "status": "Failed"})
    assert "Could not find member status'" in update.json()["error"]["message"]

    arm = emulated(switches={"unknown-members": "kept"})
    arm.ok("PUT", "tasks/task1", whole(location), api_version=STABLE)
    shown = [arm.ok("GET", "tasks/task1", api_version=version) for version in VERSIONS]
    assert shown[0] == shown[1] == shown[2]
    assert shown[0]["properties"]["credentials"]["sourceRegistry"] == IDENTITY
