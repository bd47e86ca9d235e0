"""Runs under the three api-versions: task name, overrides and other members of a request, and the run's properties."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from ..conftest import QUICK, encoded
from .previews import PREVIEW_2019, PREVIEW_2025, PREVIEWS, STABLE, VERSIONS, request_of, whole


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.arm_documented("TaskRunRequest: taskName in 2019-04-01, taskId since")
def test_a_run_names_its_task_as_the_version_does(version: str, arm: Any, task_name: str, quick_task: Any) -> None:
    """The task is given by its name, or by its ARM id in any case; the other member counts as missing."""
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


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.arm_documented("RunRequest and what extends it, in all three versions")
def test_each_request_is_accepted(version: str, arm: Any, task_name: str, quick_task: Any, source: str) -> None:
    """A build, a task file, an encoded task and a task become runs of their types that succeed."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task(), api_version=version)
    here = {"platform": {"os": "Linux", "architecture": "amd64"}, "agentConfiguration": {"cpu": 2}, "timeout": 600}
    requests = (
        (
            "QuickBuild",
            {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "sourceLocation": source, **here},
        ),
        ("QuickRun", {"type": "FileTaskRunRequest", "taskFilePath": "acb.yaml", "sourceLocation": source, **here}),
        ("QuickRun", {"type": "EncodedTaskRunRequest", "encodedTaskContent": encoded(QUICK), **here}),
        ("QuickRun", request_of(arm, task_name, version)),
    )
    for run_type, request in requests:
        run_id = arm.ok("POST", "scheduleRun", {**request, "isArchiveEnabled": True}, api_version=version)["name"]
        arm.until(run_id)
        run = arm.ok("GET", f"runs/{run_id}", api_version=version)["properties"]
        assert (run["status"], run["runType"], run["isArchiveEnabled"]) == ("Succeeded", run_type, True)


@pytest.mark.emulator_choice("what the service says to an id of another registry was not seen")
def test_a_task_id_has_to_be_one_of_the_registry(arm: Any, task_name: str, quick_task: Any) -> None:
    """A bare name and a task of another registry are refused; a missing task is not found."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    for wrong in (task_name, f"{arm.registry}x/tasks/{task_name}", f"{arm.registry}/runs/{task_name}", arm.registry):
        answer = arm("POST", "scheduleRun", {"type": "TaskRunRequest", "taskId": wrong}, api_version=PREVIEW_2025)
        assert answer.status_code == 400, wrong
        assert f"Invalid value for taskId '{wrong}'" in answer.json()["error"]["message"]
    missing = arm("POST", "scheduleRun", request_of(arm, "nosuch", PREVIEW_2025), api_version=PREVIEW_2025)
    assert missing.status_code == 404


@pytest.mark.emulator_choice("a public script sends both at once; that the other is ignored is likely")
def test_overrides_of_another_version_are_ignored(arm: Any, blobs: httpx.Client, task_name: str, location: str) -> None:
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
        said[version] = blobs.get(arm.log_link(run_id)).text
    assert "said-value" in said[STABLE]
    assert "said-override" in said[PREVIEW_2025]


@pytest.mark.parametrize("version", PREVIEWS)
@pytest.mark.arm_documented("OverrideTaskStepProperties")
def test_a_run_overrides_context_and_file(version: str, arm: Any, task_name: str, quick_task: Any, source: str) -> None:
    """The run has its own context and task file; the task keeps its own."""
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
def test_empty_overrides_override_nothing(arm: Any, blobs: httpx.Client, task_name: str, location: str) -> None:
    """azure-cli sends the object even without any override."""
    arm.ok("PUT", f"tasks/{task_name}", whole(location), api_version=PREVIEW_2025)
    empty = {"arguments": [], "values": [], "contextPath": None, "file": None, "target": None}
    request = request_of(arm, task_name, PREVIEW_2025, overrideTaskStepProperties=empty)
    run_id = arm.ok("POST", "scheduleRun", request, api_version=PREVIEW_2025)["properties"]["runId"]
    assert arm.until(run_id)["properties"]["status"] == "Succeeded"
    assert "said-hello" in blobs.get(arm.log_link(run_id)).text


@pytest.mark.arm_documented("RunProperties.updateTriggerToken")
def test_a_run_shows_its_update_trigger_token(arm: Any, task_name: str, quick_task: Any) -> None:
    """The versions that know the member show it."""
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
def test_the_log_is_an_artifact_once_the_run_has_ended(
    arm: Any, blobs: httpx.Client, quick_request: Any, long_run: Any
) -> None:
    """A run with a log template has the link once it has ended; before, and without a template, there is no link."""
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
    """The run shows the pool, and may have another number of cores than the shared agents."""
    request = quick_request(agentPoolName="pool1", agentConfiguration={"cpu": 4})
    run_id = arm.ok("POST", "scheduleRun", request, api_version=version)["properties"]["runId"]
    arm.until(run_id)
    properties = arm.ok("GET", f"runs/{run_id}", api_version=version)["properties"]
    assert (properties["status"], properties["agentPoolName"]) == ("Succeeded", "pool1")
    assert properties["agentConfiguration"] == {"cpu": 4}
    assert arm("POST", "scheduleRun", request, api_version=STABLE).status_code == 400  # four cores, and no pool


@pytest.mark.arm_documented("azure-mgmt-containerregistry 10.3.0: RunFilter of 2019-06-01-preview")
def test_runs_are_found_by_their_agent_pool(arm: Any, quick_request: Any) -> None:
    """The filter has the property in the previews, and not in the stable version."""
    pool = f"pool-{uuid.uuid4().hex[:8]}"
    scheduled = arm.ok("POST", "scheduleRun", quick_request(agentPoolName=pool), api_version=PREVIEW_2019)["name"]
    arm.until(scheduled)
    for version in PREVIEWS:
        found = arm.ok("GET", "runs", api_version=version, **{"$filter": f"AgentPoolName eq '{pool}'"})["value"]
        assert [run["name"] for run in found] == [scheduled]
    refused = arm("GET", "runs", **{"$filter": f"AgentPoolName eq '{pool}'"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidFilter")
