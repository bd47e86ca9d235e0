"""Each operation's answer fits the official specification, but for the known differences of the live service."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest

from .specification import OPERATIONS, described

VERSION = "2019-04-01"


FULL = {
    "status": "Enabled",
    "platform": {"os": "Linux", "architecture": "arm", "variant": "v7"},
    "agentConfiguration": {"cpu": 2},
    "timeout": 3600,
    "step": {
        "type": "Docker",
        "contextPath": "https://github.com/Azure-Samples/acr-build-helloworld-node",
        "contextAccessToken": "token-0123456789",
        "imageNames": ["testtask:v1"],
        "dockerFilePath": "Dockerfile",
        "target": "release",
        "arguments": [{"name": "a", "value": "1"}, {"name": "b", "value": "2", "isSecret": True}],
    },
    "trigger": {
        "timerTriggers": [{"name": "t1", "schedule": "0 21 * * *"}],
        "baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"},
    },
    "credentials": {
        "sourceRegistry": {"loginMode": "Default"},
        "customRegistries": {
            "r.example": {
                "userName": {"type": "Opaque", "value": "bob"},
                "password": {"type": "Vaultsecret", "value": "https://v.vault.azure.net/secrets/p"},
                "identity": "[system]",
            }
        },
    },
}


@pytest.fixture(scope="module")
def answers(arm: Any, location: str) -> dict[str, httpx.Response]:
    """Return the answers of all operations on a task and a run that have every member."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    body = {"location": location, "tags": {"a": "b"}, "identity": {"type": "SystemAssigned"}, "properties": FULL}
    step = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFt7Y21kOiBidXN5Ym94IGVjaG8gaGl9XQ=="}
    simple = {"location": location, "properties": {"platform": {"os": "Linux"}, "step": step}}
    found = {
        "Tasks_Create": arm("PUT", f"tasks/{name}", body),
        "Tasks_Get": arm("GET", f"tasks/{name}"),
        "Tasks_List": arm("GET", "tasks"),
        "Tasks_GetDetails": arm("POST", f"tasks/{name}/listDetails"),
        "Tasks_Update": arm("PATCH", f"tasks/{name}", {"properties": {"timeout": 600}}),
        "Registries_GetBuildSourceUploadUrl": arm("POST", "listBuildSourceUploadUrl"),
    }
    arm.ok("PUT", f"tasks/{name}", simple)
    scheduled = arm("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": name})
    run_id = scheduled.json()["properties"]["runId"]
    arm.until(run_id)
    return {
        **found,
        "Registries_ScheduleRun": scheduled,
        "Runs_Get": arm("GET", f"runs/{run_id}"),
        "Runs_List": arm("GET", "runs"),
        "Runs_Update": arm("PATCH", f"runs/{run_id}", {"isArchiveEnabled": True}),
        "Runs_GetLogSasUrl": arm("POST", f"runs/{run_id}/listLogSasUrl"),
        "Runs_Cancel": canceled(arm, name),
        "Tasks_Delete": arm("DELETE", f"tasks/{name}"),
    }


def canceled(arm: Any, name: str) -> httpx.Response:
    """Cancel a run that has just been scheduled."""
    run_id = arm.schedule({"type": "TaskRunRequest", "taskName": name})
    answer = arm("POST", f"runs/{run_id}/cancel")
    arm.until(run_id)
    return answer


@pytest.mark.parametrize("operation_id", OPERATIONS)
@pytest.mark.arm_documented("containerregistry_build.json, 2019-04-01")
def test_the_answer_fits_the_specification(operation_id: str, answers: dict[str, httpx.Response]) -> None:
    """Status, members, types, dates and required members are those of the specification."""
    answer = answers[operation_id]
    assert described(VERSION).problems(operation_id, answer.status_code, answer.content) == []


@pytest.mark.arm_documented("containerregistry_build.json, 2019-04-01")
def test_every_operation_is_asked(answers: dict[str, httpx.Response]) -> None:
    """The specification has these thirteen operations and no other."""
    assert described(VERSION).operations == set(OPERATIONS) == set(answers)
