"""scheduleRun, and a run from the queue to its end."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest

SECONDS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"
DATE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}\+00:00"


def when(date: str) -> datetime:
    """Return a date of seven digits, which datetime cannot read before Python 3.11, to the microsecond."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d(?=\+)", r"\1", date))


@pytest.mark.arm_recorded
def test_a_scheduled_run_is_queued(arm: Any, quick_request: Any) -> None:
    """The answer is 200 at once, with the run's id, its status Queued and its time."""
    answer = arm("POST", "scheduleRun", quick_request())
    assert answer.status_code == 200
    run = answer.json()
    run_id = run["properties"]["runId"]
    assert {key: value for key, value in run.items() if key not in ("properties", "systemData")} == {
        "type": "Microsoft.ContainerRegistry/registries/runs",
        "id": f"{arm.registry}/runs/{run_id}",
        "name": run_id,
    }
    assert re.fullmatch(SECONDS, run["properties"].pop("lastUpdatedTime"))
    assert run["properties"] == {
        "runId": run_id,
        "status": "Queued",
        "provisioningState": "Succeeded",
        "isArchiveEnabled": False,
    }
    assert set(run["systemData"]) == {"lastModifiedBy", "lastModifiedByType", "lastModifiedAt"}
    assert not {"azure-asyncoperation", "location"}.intersection(answer.headers)
    arm.until(run_id)


@pytest.mark.arm_recorded
def test_run_ids_are_short_words(arm: Any, quick_request: Any) -> None:
    """An id is two letters and more letters or digits, and differs for each run."""
    ids = [arm.schedule(quick_request()) for _ in range(3)]
    assert len(set(ids)) == 3
    for run_id in ids:
        assert re.fullmatch(r"[a-z]{2}[0-9a-z]+", run_id)
        arm.until(run_id)


@pytest.mark.arm_recorded
def test_a_finished_run_has_every_property(arm: Any, quick_request: Any) -> None:
    """A run that has ended has its type, its times in order, its platform as sent, and its processors."""
    run = arm.until(arm.schedule(quick_request()))
    properties = run["properties"]
    assert properties["status"] == "Succeeded"
    assert properties["provisioningState"] == "Succeeded"
    assert properties["platform"] == {"os": "linux", "architecture": "amd64"}
    assert properties["agentConfiguration"] == {"cpu": 2}
    assert properties["isArchiveEnabled"] is False
    for member in ("createTime", "startTime", "finishTime"):
        assert re.fullmatch(DATE, properties[member]), member
    assert when(properties["createTime"]) <= when(properties["startTime"]) <= when(properties["finishTime"])
    assert "task" not in properties
    assert "outputImages" not in properties
    assert "runErrorMessage" not in properties


@pytest.mark.arm_recorded
def test_a_run_is_provisioned_before_it_is_done(arm: Any, long_run: Any) -> None:
    """provisioningState is Succeeded while the run is running: it says nothing of the run's success."""
    run = arm.until(long_run(), "Running")
    assert run["properties"]["provisioningState"] == "Succeeded"
    assert re.fullmatch(DATE, run["properties"]["startTime"])
    assert "finishTime" not in run["properties"]


@pytest.mark.arm_recorded
def test_a_run_of_a_task_names_the_task(arm: Any, task_name: str, quick_task: Any) -> None:
    """`task` is the bare name, and a manual run is a QuickRun."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    run = arm.until(arm.schedule({"type": "TaskRunRequest", "taskName": task_name}))
    assert run["properties"]["status"] == "Succeeded"
    assert run["properties"]["task"] == task_name
    assert run["properties"]["runType"] == "QuickRun"
    assert run["properties"]["platform"]["os"] == "Linux"


@pytest.mark.arm_recorded
def test_a_manual_run_of_a_docker_step_is_a_quick_run(arm: Any, task_name: str, docker_task: Any) -> None:
    """The type of a task's manual run does not depend on its step."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task())
    run_id = arm.schedule({"type": "TaskRunRequest", "taskName": task_name})
    assert arm.until(run_id)["properties"]["runType"] == "QuickRun"


@pytest.mark.emulator_choice("the types of runs without a task have not been seen")
def test_the_type_of_a_run_follows_from_its_request(arm: Any, quick_request: Any, source: str) -> None:
    """A build is a QuickBuild, the others are QuickRuns."""
    platform = {"os": "Linux"}
    build = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": platform, "isPushEnabled": False}
    file = {"type": "FileTaskRunRequest", "taskFilePath": "acb.yaml", "platform": platform}
    types = [
        arm.until(arm.schedule(request))["properties"]["runType"]
        for request in ({**build, "sourceLocation": source}, {**file, "sourceLocation": source}, quick_request())
    ]
    assert types == ["QuickBuild", "QuickRun", "QuickRun"]


@pytest.mark.arm_documented("RunRequest: isArchiveEnabled")
def test_a_run_can_be_archived_from_the_start(arm: Any, quick_request: Any) -> None:
    """isArchiveEnabled of the request is shown in the answer and kept."""
    run = arm.ok("POST", "scheduleRun", quick_request(isArchiveEnabled=True))
    assert run["properties"]["isArchiveEnabled"] is True
    assert arm.until(run["properties"]["runId"])["properties"]["isArchiveEnabled"] is True


@pytest.mark.arm_recorded
def test_invalid_yaml_fails_in_the_run(arm: Any, blobs: Any, quick_request: Any) -> None:
    """Invalid YAML is accepted; the run ends Failed and its log says why."""
    run_id = arm.schedule(quick_request("steps:\n  - build:"))
    assert arm.until(run_id)["properties"]["status"] == "Failed"
    log = blobs.get(arm.log_link(run_id)).text
    assert "failed to unmarshal task before running" in log


@pytest.mark.arm_documented("vscode-docker issue 679")
def test_a_source_that_was_never_uploaded_is_refused(arm: Any) -> None:
    """A relative location without a blob is refused in the service's own words."""
    target = arm.ok("POST", "listBuildSourceUploadUrl")["relativePath"]
    request = {
        "type": "DockerBuildRequest",
        "dockerFilePath": "Dockerfile",
        "platform": {"os": "Linux"},
        "sourceLocation": target,
    }
    answer = arm("POST", "scheduleRun", request)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(
        f"The provided source location '{target}' is invalid or doesn't exists. "
        "Please use 'GetBuildSourceUploadUrl' to get a valid location to upload the source."
    )


DOCKER = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": {"os": "Linux"}}


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"type": "Nonsense"},
        {"type": "DockerBuildRequest", "platform": {"os": "Linux"}},
        {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"},
        {"type": "FileTaskRunRequest", "platform": {"os": "Linux"}},
        {"type": "EncodedTaskRunRequest", "platform": {"os": "Linux"}},
        {"type": "TaskRunRequest"},
        {**DOCKER, "timeout": 299},
        {**DOCKER, "timeout": 28801},
        {**DOCKER, "arguments": [{"name": "a"}]},
    ],
    ids=repr,
)
@pytest.mark.arm_documented("RunRequest: discriminator, required members and bounds")
def test_a_request_outside_the_specification_is_refused(request_: dict[str, Any], arm: Any, source: str) -> None:
    """A request of an unknown type, without a required member or outside the bounds schedules no run."""
    answer = arm("POST", "scheduleRun", {**request_, "sourceLocation": source} if request_ else {})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]


@pytest.mark.emulator_choice("a run of a missing task has not been recorded")
def test_a_run_of_a_missing_task_is_refused(arm: Any) -> None:
    """The answer is an error of the request that names the task."""
    answer = arm("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": "nosuchtask"})
    assert 400 <= answer.status_code < 500
    assert "nosuchtask" in answer.json()["error"]["message"]


@pytest.mark.arm_documented("scheduleRun takes no key of the client's")
def test_scheduling_twice_runs_twice(arm: Any, quick_request: Any) -> None:
    """The same request makes another run."""
    first, second = arm.schedule(quick_request()), arm.schedule(quick_request())
    assert first != second
    assert arm.until(first)["properties"]["status"] == arm.until(second)["properties"]["status"] == "Succeeded"


@pytest.mark.arm_documented("scheduleRun takes no key of the client's")
def test_runs_scheduled_at_once_are_all_run(arm: Any, quick_request: Any) -> None:
    """Sixteen requests at the same time make sixteen runs, and each of them ends."""
    with ThreadPoolExecutor(16) as pool:
        ids = list(pool.map(lambda _: arm.schedule(quick_request()), range(16)))
    assert len(set(ids)) == 16
    assert {arm.until(run_id)["properties"]["status"] for run_id in ids} == {"Succeeded"}


@pytest.mark.emulator_choice("the body of the 404 for a missing run has never been recorded")
def test_a_missing_run_is_not_found(arm: Any) -> None:
    """The answer is 404 for every operation on it, and names the run."""
    asked = [("GET", "", None), ("PATCH", "", {"isArchiveEnabled": True}), ("POST", "/cancel", None)]
    for method, suffix, body in [*asked, ("POST", "/listLogSasUrl", None)]:
        answer = arm(method, f"runs/zz0nosuch{suffix}", body)
        assert answer.status_code == 404, (method, suffix)
        assert answer.json()["error"]["code"] == "ResourceNotFound"
        assert "zz0nosuch" in answer.json()["error"]["message"]
