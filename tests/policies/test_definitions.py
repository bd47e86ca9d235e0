"""Twenty definitions as teams write them, judged by the preset `strict`: what is reported, and nothing beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pulumi_policy import ResourceValidationPolicy

from acr_task_policies import policies

from .conftest import REGISTRY, encoded

STRICT = json.loads((Path(__file__).resolve().parents[2] / "policies/presets/strict.json").read_text())
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BASE = {"baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"}}
LINUX = {"os": "Linux", "architecture": "amd64"}


def task(step: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"registryId": REGISTRY, "taskName": "web-build", "platform": LINUX, "step": step, **more}


def docker(*names: str, **more: Any) -> dict[str, Any]:
    context = "https://github.com/contoso/web.git#main"
    return {"type": "Docker", "dockerFilePath": "Dockerfile", "contextPath": context, "imageNames": [*names], **more}


def yaml(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "EncodedTask", "encodedTaskContent": encoded(text), **more}


def run(request: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"registryId": REGISTRY, "runRequest": {"platform": LINUX, "isArchiveEnabled": True, **request}, **more}


def timer(schedule: str) -> dict[str, Any]:
    return {"timerTriggers": [{"name": "t1", "schedule": schedule}]}


def commits(*events: str) -> dict[str, Any]:
    repository = {"sourceControlType": "Github", "repositoryUrl": "https://github.com/contoso/web", "branch": "main"}
    return {"sourceTriggers": [{"name": "git", "sourceRepository": repository, "sourceTriggerEvents": [*events]}]}


PURGE = """version: v1.1.0
steps:
  - cmd: acr purge --filter 'web:.*' --ago 30d --untagged
    disableWorkingDirectoryOverride: true
    timeout: 3600
"""
MULTI = """version: v1.1.0
steps:
  - id: build
    build: -t $Registry/web:$ID -f web/Dockerfile --build-arg VERSION=$Commit web
  - id: test
    cmd: $Registry/web:$ID npm test
  - push:
      - $Registry/web:$ID
    when: [test]
"""
MONOREPO = """version: v1.1.0
steps:
  - build: -t {{.Run.Registry}}/api:{{.Run.ID}} -t {{.Run.Registry}}/api:latest -f services/api/Dockerfile .
  - build: -t {{.Run.Registry}}/worker:{{.Run.ID}} -f services/worker/Dockerfile .
  - push: ["{{.Run.Registry}}/api:{{.Run.ID}}", "{{.Run.Registry}}/api:latest", "{{.Run.Registry}}/worker:{{.Run.ID}}"]
"""
HELM = """version: v1.1.0
steps:
  - cmd: mcr.microsoft.com/acr/helm:3 helm upgrade web ./chart
    env: [KUBE_TOKEN=abcdef123]
"""
DIND = """version: v1.1.0
steps:
  - cmd: -v /var/run/docker.sock:/var/run/docker.sock docker:27 docker scout web
    privileged: true
"""
VAULTED = """version: v1.1.0
secrets:
  - id: npm
    keyvault: https://contoso.vault.azure.net/secrets/npm
steps:
  - build: -t {{.Run.Registry}}/web:{{.Run.ID}} --build-arg NPM_TOKEN={{.Secrets.npm}} .
  - push: ["{{.Run.Registry}}/web:{{.Run.ID}}"]
"""
SCAN = """version: v1.1.0
steps:
  - cmd: aquasec/trivy image $Registry/web:stable
"""
COMMENTED = """version: v1.1.0
# steps that need {{ .Values.x
steps:
  - build: -t $Registry/web:{{.Run.ID}} .
  - push: ['$Registry/web:{{.Run.ID}}']
"""
HOST = {"userName": {"value": "robot"}, "password": {"value": "p", "type": "Opaque"}}

DEFINITIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "a build at each commit": (task(docker("web:{{.Run.ID}}"), trigger=BASE | commits("commit")), []),
    "the same with latest beside it": (
        task(docker("web:{{.Run.ID}}", "web:latest"), trigger=BASE),
        ["acr-task-disallow-latest-tag"],
    ),
    "the tutorial's quick task": (
        task(docker("helloworld:{{.Run.ID}}"), trigger=commits("commit")),
        ["acr-task-require-base-image-trigger"],
    ),
    "one name for ever": (
        task(docker("web:stable"), trigger=BASE),
        ["acr-task-require-unique-image-tag"],
    ),
    "pull requests are tried": (
        task(docker("web:pr-{{.Run.ID}}", isPushEnabled=False), trigger=BASE | commits("pullrequest")),
        [],
    ),
    "pull requests with a token": (
        task(
            docker("web:{{.Run.ID}}", arguments=[{"name": "NPM_TOKEN", "value": "x1y2", "isSecret": True}]),
            trigger=BASE | commits("commit", "pullrequest"),
        ),
        ["acr-task-disallow-pull-request-trigger-with-secrets"],
    ),
    "a nightly purge": (task(yaml(PURGE), trigger=timer("0 3 * * *")), []),
    "a purge every quarter of an hour": (
        task(yaml(PURGE), trigger=timer("*/15 * * * *")),
        ["acr-task-limit-timer-frequency"],
    ),
    "build, test, push": (task(yaml(MULTI), trigger=BASE), []),
    "a monorepo": (task(yaml(MONOREPO), trigger=BASE), ["acr-task-disallow-latest-tag"]),
    "a private base with a password": (
        task(docker("web:{{.Run.ID}}"), trigger=BASE, credentials={"customRegistries": {"base.azurecr.io": HOST}}),
        ["acr-task-require-key-vault-credentials", "acr-task-require-managed-identity"],
    ),
    "a private base by identity": (
        task(
            docker("web:{{.Run.ID}}"),
            trigger=BASE,
            identity={"type": "SystemAssigned"},
            credentials={"customRegistries": {"base.azurecr.io": {"identity": "[system]"}}},
        ),
        [],
    ),
    "a deployment by helm": (
        task(yaml(HELM)),
        ["acr-task-disallow-secret-in-task-yaml"],
    ),
    "docker in docker": (
        task(yaml(DIND)),
        [
            "acr-task-disallow-privileged-step",
            "acr-task-disallow-untrusted-registries",
            "acr-task-require-digest-in-steps",
        ],
    ),
    "a token from a key vault": (task(yaml(VAULTED), trigger=BASE), []),
    "a scanner from Docker Hub": (
        task(yaml(SCAN)),
        ["acr-task-disallow-untrusted-registries", "acr-task-require-digest-in-steps"],
    ),
    "a comment that is half a template": (task(yaml(COMMENTED), trigger=BASE), []),
    "Windows, and a long build": (
        task(docker("web:win-{{.Run.ID}}"), trigger=BASE, platform={"os": "Windows"}, timeout=14400),
        ["acr-task-limit-timeout"],
    ),
    "a file in the repository": (
        task({"type": "FileTask", "taskFilePath": "acb.yaml", "contextPath": "https://github.com/contoso/web.git"}),
        [],
    ),
    "a run of a folder": (run({"type": "DockerBuildRequest", "imageNames": ["web:v1"]}, context="./nowhere"), []),
    "a run of a branch, unseen": (
        run(
            {"type": "DockerBuildRequest", "imageNames": ["web:v1"], "isArchiveEnabled": False},
            context="https://github.com/contoso/web.git#main",
            wait=False,
        ),
        ["acr-run-disallow-remote-branch", "acr-run-require-archive", "acr-run-require-wait"],
    ),
    "a run of a commit": (
        run(
            {
                "type": "FileTaskRunRequest",
                "taskFilePath": "acb.yaml",
                "sourceLocation": f"https://github.com/contoso/web.git#{COMMIT}",
            }
        ),
        [],
    ),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_strict_reports_just_what_is_wrong(name: str, sentences: Any) -> None:
    """Each definition leads to the rules that are named beside it."""
    props, expected = DEFINITIONS[name]
    reported = []
    for policy in policies():
        given = STRICT.get(policy.name)
        config = (
            {key: value for key, value in given.items() if key != "enforcementLevel"} if isinstance(given, dict) else {}
        )
        if isinstance(policy, ResourceValidationPolicy) and sentences(policy, props, **config):
            reported.append(policy.name)
    assert sorted(reported) == sorted(expected)
