"""Properties as policies are given them, and the ways to ask a rule about them."""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import analyzer_pb2 as wire
from pulumi_policy import EnforcementLevel, PolicyResourceOptions, ResourceValidationArgs, ResourceValidationPolicy
from pulumi_policy.policy import PolicyCustomTimeouts, _PolicyAnalyzerServicer
from pulumi_policy.proxy import unknown_checking_proxy

# The pack is a folder, not a distribution: Pulumi puts it on the path just so.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "policies"))

TASK = "pulumi-python:dynamic/acr-tasks:Task"
RUN = "pulumi-python:dynamic/acr-tasks:Run"
REGISTRY = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg"
    "/providers/Microsoft.ContainerRegistry/registries/emulator"
)


def floats(value: Any) -> Any:
    """Numbers as the engine sends them."""
    if isinstance(value, dict):
        return {key: floats(each) for key, each in value.items()}
    if isinstance(value, list):
        return [floats(each) for each in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


@pytest.fixture
def task() -> dict[str, Any]:
    """The inputs of a task that no rule objects to."""
    return {
        "registryId": REGISTRY,
        "taskName": "build-app",
        "platform": {"os": "Linux", "architecture": "amd64"},
        "step": {
            "type": "Docker",
            "dockerFilePath": "Dockerfile",
            "contextPath": "https://github.com/Azure-Samples/acr-build-helloworld-node",
            "imageNames": ["app:{{.Run.ID}}"],
            "arguments": [
                {"name": "NPM_TOKEN", "value": "npm-0123456789", "isSecret": True},
                {"name": "BASE", "value": "debian:12", "isSecret": False},
            ],
        },
        "timeout": 1800,
        "status": "Enabled",
    }


@pytest.fixture
def run() -> dict[str, Any]:
    """The inputs of a run that no rule objects to."""
    return {
        "registryId": REGISTRY,
        "context": "./app",
        "contextHash": "0" * 64,
        "runRequest": {
            "type": "DockerBuildRequest",
            "dockerFilePath": "Dockerfile",
            "platform": {"os": "Linux"},
            "imageNames": ["app:{{.Run.ID}}"],
            "arguments": [{"name": "API_KEY", "value": "0123456789", "isSecret": True}],
            "timeout": 1800,
        },
        "wait": True,
    }


Ask = Callable[..., list[str]]


@pytest.fixture
def sentences() -> Ask:
    """Asks a policy about inputs; gives the sentences that it reports, and lets UnknownValueError through."""

    def ask(policy: ResourceValidationPolicy, props: Mapping[str, Any], **config: Any) -> list[str]:
        kind = RUN if "runRequest" in props else TASK
        reported: list[str] = []
        args = ResourceValidationArgs(
            config.pop("resource_type", kind),
            unknown_checking_proxy(floats(copy.deepcopy(dict(props)))),
            f"urn:pulumi:dev::shop::{kind}::it",
            "it",
            PolicyResourceOptions(False, [], None, [], PolicyCustomTimeouts(0, 0, 0), []),
            None,
            floats(config),
        )

        def report(message: str, urn: str | None = None) -> None:
            reported.append(message)

        try:
            policy.validate(args, report)
        finally:
            ask.reported = reported  # type: ignore[attr-defined]
        return reported

    return ask


@pytest.fixture
def remediated() -> Callable[..., wire.RemediateResponse]:
    """Sends inputs through Pulumi's own analyzer as the engine does, for the remediation of one policy."""

    def send(policy: ResourceValidationPolicy, props: dict[str, Any], **config: Any) -> wire.RemediateResponse:
        kind = RUN if "runRequest" in props else TASK
        servicer = _PolicyAnalyzerServicer("acr-task-policies", "0.1.0", [policy], EnforcementLevel.ADVISORY)
        settings = struct_pb2.Struct()
        settings.update(floats(config))
        configuration = wire.PolicyConfig(enforcementLevel=wire.REMEDIATE, properties=settings)
        servicer.Configure(wire.ConfigureAnalyzerRequest(policyConfig={policy.name: configuration}), None)
        properties = struct_pb2.Struct()
        properties.update(floats(props))
        return servicer.Remediate(wire.AnalyzeRequest(type=kind, name="it", properties=properties), None)

    return send
