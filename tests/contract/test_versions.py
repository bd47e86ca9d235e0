"""The three api-versions of tasks and runs: one store, and what differs between them (facts section 11)."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from .conftest import encoded
from .specification import OPERATIONS, described, error_problems

STABLE, PREVIEW_2019, PREVIEW_2025 = "2019-04-01", "2019-06-01-preview", "2025-03-01-preview"
VERSIONS = (STABLE, PREVIEW_2019, PREVIEW_2025)
PREVIEWS = (PREVIEW_2019, PREVIEW_2025)
# A step's id is printed by whoever runs it, so that its text shows which value was taken.
SAYING = "version: v1.1.0\nsteps:\n  - id: said-{{.Values.word}}\n    cmd: busybox echo {{.Values.word}}\n"
IDENTITY = {"identity": "[system]", "loginMode": "Default"}
BASE_IMAGE = {
    "name": "base",
    "baseImageTriggerType": "Runtime",
    "updateTriggerEndpoint": "https://hooks.example/secret-0123456789",
    "updateTriggerPayloadType": "Token",
}


def whole(location: str, **properties: Any) -> dict[str, Any]:
    """A task with every member that only some versions have, and one that all have of each kind."""
    return {
        "location": location,
        "tags": {"a": "b"},
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "platform": {"os": "Linux", "architecture": "arm64"},
            "agentConfiguration": {"cpu": 2},
            "agentPoolName": "pool1",
            "step": {
                "type": "EncodedTask",
                "encodedTaskContent": encoded(SAYING),
                "values": [
                    {"name": "word", "value": "hello"},
                    {"name": "hidden", "value": "secret-0123456789", "isSecret": True},
                ],
            },
            "trigger": {"timerTriggers": [{"name": "t1", "schedule": "0 21 * * *"}], "baseImageTrigger": BASE_IMAGE},
            "credentials": {
                "sourceRegistry": IDENTITY,
                "customRegistries": {"r.example": {"password": {"type": "Opaque", "value": "password-0123456789"}}},
            },
            "logTemplate": "logs/{{.Run.ID}}:v1",
            "isSystemTask": False,
            **properties,
        },
    }


def request_of(arm: Any, name: str, version: str, **members: Any) -> dict[str, Any]:
    """A TaskRunRequest as a version spells it."""
    task = {"taskName": name} if version == STABLE else {"taskId": f"{arm.registry}/tasks/{name}"}
    return {"type": "TaskRunRequest", **task, **members}


def life(arm: Any, location: str, version: str) -> dict[str, httpx.Response]:
    """One life of a task and of a run under a version, with everything in it: the answer of each operation."""

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
    """200 for every operation, which the clients of all versions take."""
    assert {name: answer.status_code for name, answer in lives[version].items()} == dict.fromkeys(OPERATIONS, 200)


@pytest.mark.arm_documented("the definitions of the three versions")
def test_a_version_shows_its_own_members(lives: Any) -> None:
    """Of what was sent, each version stores and shows what it knows; the order is the specification's."""
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
    """Also where the schema has none: the service answers it beside the schema."""
    for answers in lives.values():
        for operation in ("Tasks_Get", "Runs_Get"):
            assert answers[operation].json()["systemData"]["lastModifiedByType"] == "User"


@pytest.mark.arm_documented("terraform-provider-azurerm: the endpoint is not returned")
@pytest.mark.parametrize("version", PREVIEWS)
def test_the_endpoint_of_a_trigger_is_a_secret(version: str, lives: Any) -> None:
    """Only listDetails shows it."""
    endpoint = BASE_IMAGE["updateTriggerEndpoint"]
    with_endpoint = {name for name, answer in lives[version].items() if endpoint in answer.text}
    assert with_endpoint == {"Tasks_GetDetails"}


@pytest.mark.emulator_choice("one back end serves all versions; that it keeps what a version does not know is likely")
@pytest.mark.parametrize("other", [STABLE, PREVIEW_2019])
def test_a_task_is_read_under_another_version(other: str, arm: Any, task_name: str, location: str) -> None:
    """Without the members that the other does not know; a PATCH under the other one keeps them."""
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
    """Only it, and only under the version that has it."""
    arm.ok("PUT", f"tasks/{task_name}", whole(location), api_version=PREVIEW_2025)
    body = {"properties": {"credentials": {"sourceRegistry": {"identity": None}}}}
    arm.ok("PATCH", f"tasks/{task_name}", body, api_version=PREVIEW_2019)
    kept = arm.ok("GET", f"tasks/{task_name}", api_version=PREVIEW_2025)["properties"]["credentials"]
    assert kept["sourceRegistry"] == IDENTITY
    cleared = arm.ok("PATCH", f"tasks/{task_name}", body, api_version=PREVIEW_2025)["properties"]["credentials"]
    assert cleared == {"sourceRegistry": {"loginMode": "Default"}, "customRegistries": {"r.example": None}}


@pytest.mark.parametrize("architecture", ["386", "arm64"])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.arm_documented("the enumeration Architecture, which is open")
def test_architectures_of_the_previews_are_taken(
    version: str, architecture: str, arm: Any, task_name: str, quick_task: Any
) -> None:
    """And echoed."""
    body = quick_task(platform={"os": "Linux", "architecture": architecture})
    platform = arm.ok("PUT", f"tasks/{task_name}", body, api_version=version)["properties"]["platform"]
    assert platform == {"os": "Linux", "architecture": architecture}


# Runs.


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.arm_documented("TaskRunRequest: taskName in 2019-04-01, taskId since")
def test_a_run_names_its_task_as_the_version_does(version: str, arm: Any, task_name: str, quick_task: Any) -> None:
    """By its name, or by its ARM id in any case; the other way it is missing."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    right = request_of(arm, task_name, version)
    if "taskId" in right:
        right["taskId"] = right["taskId"].upper()
    run_id = arm.ok("POST", "scheduleRun", right, api_version=version)["properties"]["runId"]
    assert arm.until(run_id)["properties"]["task"] == task_name
    wrong = request_of(arm, task_name, STABLE if version != STABLE else PREVIEW_2025)
    answer = arm("POST", "scheduleRun", wrong, api_version=version)
    member = "taskName" if version == STABLE else "taskId"
    assert answer.status_code == 400
    assert f"TaskRunRequest:The property '{member}' is required" in answer.json()["error"]["message"]


@pytest.mark.emulator_choice("what the service says to an id of another registry was not seen")
def test_a_task_id_has_to_be_one_of_the_registry(arm: Any, task_name: str, quick_task: Any) -> None:
    """A name alone, and a task of another registry, are refused; a task that is not there is not found."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    for wrong in (task_name, f"{arm.registry}x/tasks/{task_name}", f"{arm.registry}/runs/{task_name}", arm.registry):
        answer = arm("POST", "scheduleRun", {"type": "TaskRunRequest", "taskId": wrong}, api_version=PREVIEW_2025)
        assert answer.status_code == 400, wrong
        assert f"Invalid value for taskId '{wrong}'" in answer.json()["error"]["message"]
    missing = arm("POST", "scheduleRun", request_of(arm, "nosuch", PREVIEW_2025), api_version=PREVIEW_2025)
    assert missing.status_code == 404


@pytest.mark.emulator_choice("a public script sends both at once; that the other is ignored is likely")
def test_what_another_version_would_override_is_ignored(arm: Any, task_name: str, location: str) -> None:
    """Under 2019-04-01 a run has the values of that version's request, and no override."""
    arm.ok("PUT", f"tasks/{task_name}", whole(location))
    both = {
        **request_of(arm, task_name, PREVIEW_2025),
        "TaskName": task_name,
        "values": [{"name": "word", "value": "value"}],
        "overrideTaskStepProperties": {"values": [{"name": "word", "value": "override"}]},
    }
    said = {}
    for version in (STABLE, PREVIEW_2025):
        run_id = arm.ok("POST", "scheduleRun", both, api_version=version)["properties"]["runId"]
        arm.until(run_id)
        said[version] = httpx.get(arm.log_link(run_id)).text
    assert "said-value" in said[STABLE]
    assert "said-override" in said[PREVIEW_2025]


@pytest.mark.parametrize("version", PREVIEWS)
@pytest.mark.arm_documented("OverrideTaskStepProperties")
def test_a_run_overrides_context_and_file(version: str, arm: Any, task_name: str, quick_task: Any, source: str) -> None:
    """The context and the task file are those of the run; the task keeps its own."""
    step = {"type": "FileTask", "taskFilePath": "nosuch.yaml", "contextPath": "https://r.example/nosuch.git"}
    made = arm.ok("PUT", f"tasks/{task_name}", quick_task(step=step), api_version=version)
    ends = {}
    for file in ("acb.yaml", "nosuch2.yaml"):
        request = request_of(arm, task_name, version, overrideTaskStepProperties={"contextPath": source, "file": file})
        run_id = arm.ok("POST", "scheduleRun", request, api_version=version)["properties"]["runId"]
        properties = arm.until(run_id)["properties"]
        ends[file] = (properties["status"], "nosuch2.yaml" in properties.get("runErrorMessage", ""))
    assert ends == {"acb.yaml": ("Succeeded", False), "nosuch2.yaml": ("Failed", True)}
    assert arm.ok("GET", f"tasks/{task_name}", api_version=version)["properties"] == made["properties"]


@pytest.mark.arm_documented("OverrideTaskStepProperties, Argument")
def test_empty_overrides_override_nothing(arm: Any, task_name: str, location: str) -> None:
    """azure-cli sends the object whether or not there is anything to override."""
    arm.ok("PUT", f"tasks/{task_name}", whole(location), api_version=PREVIEW_2025)
    empty = {"arguments": [], "values": [], "contextPath": None, "file": None, "target": None}
    request = request_of(arm, task_name, PREVIEW_2025, overrideTaskStepProperties=empty)
    run_id = arm.ok("POST", "scheduleRun", request, api_version=PREVIEW_2025)["properties"]["runId"]
    assert arm.until(run_id)["properties"]["status"] == "Succeeded"
    assert "said-hello" in httpx.get(arm.log_link(run_id)).text


@pytest.mark.arm_documented("RunProperties.updateTriggerToken")
def test_a_run_shows_the_token_that_it_was_given(arm: Any, task_name: str, quick_task: Any) -> None:
    """Under the versions that know it."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    request = request_of(arm, task_name, PREVIEW_2019, overrideTaskStepProperties={"updateTriggerToken": "dG9rZW4="})
    run_id = arm.ok("POST", "scheduleRun", request, api_version=PREVIEW_2019)["properties"]["runId"]
    arm.until(run_id)
    shown = [
        arm.ok("GET", f"runs/{run_id}", api_version=version)["properties"].get("updateTriggerToken")
        for version in VERSIONS
    ]
    assert shown == [None, "dG9rZW4=", "dG9rZW4="]


@pytest.mark.arm_documented("azure-cli _stream_utils.py: with a link to an artifact it follows no log")
def test_the_log_is_an_artifact_when_it_is_whole(
    arm: Any, blobs: httpx.Client, quick_request: Any, long_run: Any
) -> None:
    """A run with a log template has the link once it has ended; before, and without a template, there is none."""
    template = {"logTemplate": "logs/{{.Run.ID}}:v1"}

    def link(run_id: str, version: str = PREVIEW_2025) -> str | None:
        links = arm.ok("POST", f"runs/{run_id}/listLogSasUrl", api_version=version)
        assert links["logLink"].startswith("http")
        found: str | None = links.get("logArtifactLink")
        return found

    plain = arm.ok("POST", "scheduleRun", quick_request(), api_version=PREVIEW_2025)["name"]
    ended = arm.ok("POST", "scheduleRun", quick_request(**template), api_version=PREVIEW_2025)["name"]
    for run_id in (plain, ended):
        arm.until(run_id)
    assert link(plain) is None
    assert link(ended, STABLE) is None
    whole_log = blobs.get(link(ended) or "")
    assert whole_log.status_code == 200
    assert whole_log.content == blobs.get(arm.log_link(ended)).content
    sleeping = quick_request("steps:\n  - cmd: busybox sleep 60\n    startDelay: 60\n", **template)
    running = arm.ok("POST", "scheduleRun", sleeping, api_version=PREVIEW_2025)["name"]
    try:
        assert link(running) is None
    finally:
        arm("POST", f"runs/{running}/cancel")
    arm.until(running)
    assert link(running) is not None


@pytest.mark.parametrize("version", PREVIEWS)
@pytest.mark.emulator_choice("there are no agent pools here; the emulator's own agents carry the runs out")
def test_a_run_may_name_an_agent_pool(version: str, arm: Any, quick_request: Any) -> None:
    """It is shown, and other numbers of cores than the shared pool's are taken."""
    request = quick_request(agentPoolName="pool1", agentConfiguration={"cpu": 4})
    run_id = arm.ok("POST", "scheduleRun", request, api_version=version)["properties"]["runId"]
    arm.until(run_id)
    properties = arm.ok("GET", f"runs/{run_id}", api_version=version)["properties"]
    assert (properties["status"], properties["agentPoolName"]) == ("Succeeded", "pool1")
    assert properties["agentConfiguration"] == {"cpu": 4}
    assert arm("POST", "scheduleRun", request, api_version=STABLE).status_code == 400  # four cores, and no pool


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: RunFilter of 2019-06-01-preview")
def test_runs_are_found_by_their_agent_pool(arm: Any, quick_request: Any) -> None:
    """Under the versions that have it; the stable one knows no such property."""
    pool = f"pool-{uuid.uuid4().hex[:8]}"
    scheduled = arm.ok("POST", "scheduleRun", quick_request(agentPoolName=pool), api_version=PREVIEW_2019)["name"]
    arm.until(scheduled)
    for version in PREVIEWS:
        found = arm.ok("GET", "runs", api_version=version, **{"$filter": f"AgentPoolName eq '{pool}'"})["value"]
        assert [run["name"] for run in found] == [scheduled]
    refused = arm("GET", "runs", **{"$filter": f"AgentPoolName eq '{pool}'"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidFilter")


@pytest.mark.emulator_choice("a switch: what the service says to a pool that it does not have was not seen")
def test_an_unknown_agent_pool_may_be_refused(emulated: Any, quick_request: Any) -> None:
    """404, naming the pool, and there is no run."""
    arm = emulated(switches={"agent-pools": "refused"})
    answer = arm("POST", "scheduleRun", quick_request(agentPoolName="pool1"), api_version=PREVIEW_2025)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "ResourceNotFound")
    assert "emulator/agentPools/pool1'" in answer.json()["error"]["message"]
    assert arm.ok("GET", "runs") == {"value": []}
    assert arm("POST", "scheduleRun", quick_request(agentPoolName="pool1"), api_version=STABLE).status_code == 200


# System tasks, agent pools, task runs.


@pytest.mark.parametrize("version", PREVIEWS)
@pytest.mark.arm_documented("azure-cli task.py: system tasks are made without platform and step")
def test_a_system_task_needs_no_step(version: str, arm: Any, task_name: str, location: str, quick_task: Any) -> None:
    """It is stored, listed, changed and shown on the page; it cannot be run."""
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


@pytest.mark.arm_documented("platform and step are required in 2019-04-01")
@pytest.mark.parametrize("version", VERSIONS)
def test_other_tasks_need_platform_and_step(version: str, arm: Any, task_name: str, location: str) -> None:
    """A version without system tasks does not look at that member, and a task that says no is none."""
    body = {"location": location, "properties": {"isSystemTask": version == STABLE}}
    answer = arm("PUT", f"tasks/{task_name}", body, api_version=version)
    assert answer.status_code == 400
    for problem in ("The property 'os' of 'platform' is required", "The property 'step' is required"):
        assert problem in answer.json()["error"]["message"]


@pytest.mark.parametrize("kind", ["agentPools", "taskRuns"])
@pytest.mark.emulator_choice("types of the previews that are not emulated: there are none of them")
def test_there_are_no_agent_pools_and_task_runs(kind: str, arm: Any) -> None:
    """An empty list and a 404 under the previews; the stable version does not know the type."""
    for version in PREVIEWS:
        assert arm.ok("GET", kind, api_version=version) == {"value": []}
        missing = arm("GET", f"{kind}/nosuch", api_version=version)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "ResourceNotFound")
        assert f"/{kind}/nosuch'" in missing.json()["error"]["message"]
    refused = arm("GET", kind, api_version=STABLE)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "NoRegisteredProviderFound")
    assert f"'registries/{kind}'. The supported api-versions are '{', '.join(PREVIEWS)}'" in refused.text


# The versions themselves.


@pytest.mark.emulator_choice("what Resource Manager answers in general, not recorded for tasks")
def test_an_unknown_version_is_told_the_known_ones(arm: Any) -> None:
    """All three are named, and case is no matter."""
    for version in ("2018-09-01", "2023-07-01", "2025-03-01"):
        answer = arm("GET", "tasks", api_version=version)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "NoRegisteredProviderFound")
        assert f"The supported api-versions are '{', '.join(VERSIONS)}'" in answer.json()["error"]["message"]
    assert arm("GET", "tasks", api_version="2025-03-01-PREVIEW").status_code == 200


@pytest.mark.arm_documented("ErrorSchema of 2019-06-01-preview, ErrorResponse of 2025-03-01-preview")
@pytest.mark.parametrize("version", VERSIONS)
def test_errors_have_one_shape(version: str, arm: Any) -> None:
    """Code and message below `error`, whatever the version."""
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
    """A client of 2025-03-01-preview is answered at once where others have to wait."""
    arm = emulated(mode="lro")
    answers = life(arm, location, PREVIEW_2025)
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(OPERATIONS, 200)
    headers = {name.lower() for answer in answers.values() for name in answer.headers}
    assert {"azure-asyncoperation", "location", "retry-after"} & headers == set()


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: 2019-06-01-preview is long-running as 2019-04-01 is")
def test_the_first_preview_has_long_running_operations(emulated: Any, location: str) -> None:
    """Each is accepted, and its end is asked for under the caller's version."""
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
