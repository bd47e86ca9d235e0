"""Image names and contexts that the service refuses, with its words."""

from __future__ import annotations

from typing import Any

import pytest

IMAGES = "seen in azure-cli #12553 and vscode-docker #1957"
CONTEXTS = "seen in azure-cli #28924 and azure-docs #117645"
SOURCE = {
    "name": "source",
    "sourceTriggerEvents": ["commit"],
    "sourceRepository": {"sourceControlType": "Github", "repositoryUrl": "https://github.com/a/b"},
    "status": "Disabled",
}


@pytest.mark.parametrize(
    "name",
    [
        "Web:1",
        ".devcontainer:1",
        "web:",
        "",
        "$Registry/web:$ID",
        "https://myregistry.azurecr.io/web:1",
        f"web@sha256:{'a' * 64}",
        "web:1:2",
        "web/:1",
        "web--/a b",
        f"web:{'t' * 129}",
        f"{'r' * 256}:1",
    ],
)
@pytest.mark.arm_documented(IMAGES)
def test_image_names_that_are_refused(arm: Any, docker_task: Any, task_name: str, name: str) -> None:
    """A task and a run refuse a name other than a repository with or without a tag."""
    body = docker_task()
    body["properties"]["step"]["imageNames"] = ["fine:1", name]
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": {"os": "Linux"}}
    for answer in (
        arm("PUT", f"tasks/{task_name}", body),
        arm("POST", "scheduleRun", {**request, "imageNames": [name], "sourceLocation": "https://github.com/a/b"}),
    ):
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "InvalidInputValue")
        assert f"DockerBuildStep:Image name '{name}' is invalid" in error["message"]
        assert "fine:1" not in error["message"]


@pytest.mark.arm_documented(IMAGES)
def test_valid_image_names_are_accepted(arm: Any, docker_task: Any, task_name: str) -> None:
    """Templates may stand for any part, and a name may have a registry."""
    body = docker_task()
    body["properties"]["step"]["imageNames"] = [
        "web",
        "a/b__c/d-e.f:V1_2",
        "{{.Run.Registry}}/web:{{.Run.ID}}",
        'web:{{ index .Values "A b" }}',
        "myregistry.azurecr.io/web:1",
        "127.0.0.1:5000/web:1",
    ]
    arm.ok("PUT", f"tasks/{task_name}", body)


@pytest.mark.parametrize(
    "context",
    [
        "./app",
        ".",
        "src",
        "nul",
        "C:\\app",
        "/home/me/app",
        "{{.Values.ctx}}",
        "git@github.com:a/b.git",
        "github.com/a/b",
    ],
)
@pytest.mark.arm_documented(CONTEXTS)
def test_unusable_contexts_are_refused(
    arm: Any, docker_task: Any, quick_task: Any, task_name: str, context: str
) -> None:
    """A context is an absolute address, or relative to the repository of the one source trigger."""
    for body in (docker_task(), quick_task()):
        body["properties"]["step"]["contextPath"] = context
        for triggers in ([], [SOURCE, {**SOURCE, "name": "other"}]):
            body["properties"]["trigger"] = {"sourceTriggers": triggers}
            answer = arm("PUT", f"tasks/{task_name}", body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "ContextUndefined")
    body["properties"]["trigger"] = {"sourceTriggers": [SOURCE]}
    arm.ok("PUT", f"tasks/{task_name}", body)
    arm.schedule({"type": "TaskRunRequest", "taskName": task_name})


@pytest.mark.parametrize(
    "address", ["file:///home/me/app", "ftp://server/app.tar", "https://", "ssh://git@github.com/a/b"]
)
@pytest.mark.arm_documented(CONTEXTS)
def test_unusable_addresses_are_refused(
    arm: Any, docker_task: Any, quick_request: Any, task_name: str, address: str
) -> None:
    """Tasks and runs refuse other schemes, and addresses without a host."""
    body = docker_task()
    body["properties"]["step"]["contextPath"] = address
    for answer, member in (
        (arm("PUT", f"tasks/{task_name}", body), "contextPath"),
        (arm("POST", "scheduleRun", quick_request(sourceLocation=address)), "sourceLocation"),
    ):
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidUri")
        assert f"Uri property {member} is invalid" in answer.json()["error"]["message"]


@pytest.mark.arm_documented(CONTEXTS)
def test_valid_contexts_are_accepted(arm: Any, docker_task: Any, task_name: str) -> None:
    """https, http, git and oci addresses are accepted in any case of the scheme, and so is a task without a context."""
    body = docker_task()
    for address in ("HTTPS://github.com/a/b#main:sub", "http://x/a.tar.gz", "git://x/a", "oci://x/a:1", "/dev/null"):
        body["properties"]["step"]["contextPath"] = address
        arm.ok("PUT", f"tasks/{task_name}", body)
