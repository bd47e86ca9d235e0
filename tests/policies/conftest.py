"""Properties as policies are given them, and the ways to ask a rule about them."""

from __future__ import annotations

import base64
import copy
import re
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

from acr_task_policies import policies

TASK = "pulumi-python:dynamic/acr-tasks:Task"
RUN = "pulumi-python:dynamic/acr-tasks:Run"
PLUGIN_TASK, PLUGIN_RUN = "acr-tasks:index:Task", "acr-tasks:index:Run"
NATIVE_TASK = "azure-native:containerregistry:Task"
NATIVE_RUN = "azure-native:containerregistry/v20190601preview:TaskRun"
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
        "trigger": {
            "baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"},
            "timerTriggers": [{"name": "nightly", "schedule": "0 3 * * *"}],
        },
        "timeout": 1800,
        "status": "Enabled",
        "tags": {"owner": "platform"},
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
            "isArchiveEnabled": True,
        },
        "wait": True,
    }


def of_azure_native(props: Mapping[str, Any]) -> dict[str, Any]:
    """The same task or run as azure-native declares it: the registry by name, no local context."""
    rest = {key: value for key, value in props.items() if key not in ("registryId", "context", "contextHash", "wait")}
    return {**rest, "registryName": "emulator", "resourceGroupName": "rg"}


def as_the_service_spells(sentence: str) -> str:
    """A sentence about a dynamic resource, with the paths as the service and its other providers spell them."""
    return re.sub("(?<=[a-z])_([a-z])", lambda match: match[1].upper(), sentence)


Ask = Callable[..., list[str]]


@pytest.fixture
def sentences() -> Ask:
    """Ask a policy about inputs: return the sentences that it reports, and let UnknownValueError through."""

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
    """Send inputs through Pulumi's own analyzer, as the engine does, for the remedy of one policy.

    The remedy is the same for the plugin's types as for the dynamic ones, but for the spelling of paths.
    """

    def send(policy: ResourceValidationPolicy, props: dict[str, Any], **config: Any) -> wire.RemediateResponse:
        answers = [
            answer(policy, props, kind, config)
            for kind in ((RUN, PLUGIN_RUN) if "runRequest" in props else (TASK, PLUGIN_TASK))
        ]
        assert as_the_service_spells(str(answers[0])) == as_the_service_spells(str(answers[1]))
        return answers[0]

    def answer(
        policy: ResourceValidationPolicy, props: dict[str, Any], kind: str, config: dict[str, Any]
    ) -> wire.RemediateResponse:
        servicer = _PolicyAnalyzerServicer("acr-task-policies", "0.1.0", [policy], EnforcementLevel.ADVISORY)
        settings = struct_pb2.Struct()
        settings.update(floats(config))
        configuration = wire.PolicyConfig(enforcementLevel=wire.REMEDIATE, properties=settings)
        servicer.Configure(wire.ConfigureAnalyzerRequest(policyConfig={policy.name: configuration}), None)
        properties = struct_pb2.Struct()
        properties.update(floats(props))
        return servicer.Remediate(wire.AnalyzeRequest(type=kind, name="it", properties=properties), None)

    return send


def spoiled(props: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with members changed by path (`step.arguments.0.value`); None takes a member out."""
    copied = copy.deepcopy(props)
    for path, value in changes.items():
        *owners, name = path.split("/")
        owner: Any = copied
        for part in owners:
            owner = owner[int(part)] if isinstance(owner, list) else owner.setdefault(part, {})
        if value is None:
            owner.pop(name, None)
        else:
            owner[int(name) if isinstance(owner, list) else name] = value
    return copied


@pytest.fixture
def judged(sentences: Ask, task: dict[str, Any], run: dict[str, Any]) -> Callable[..., list[str]]:
    """Ask one rule about a copy of the good task or run with fields spoiled, for the types of every provider.

    The answers have to be the same but for the spelling of paths, unless the rule is about members that azure-native's
    type lacks (`only_ours`).
    """
    rules = {policy.name: policy for policy in policies()}

    def judge(
        name: str, kind: str, changes: Mapping[str, Any], config: Mapping[str, Any], *, only_ours: bool = False
    ) -> list[str]:
        props = spoiled(task if kind == "task" else run, changes)
        ours = list(sentences(rules[name], props, **config))
        spelled = [as_the_service_spells(sentence) for sentence in ours]
        plugin = PLUGIN_TASK if kind == "task" else PLUGIN_RUN
        assert sentences(rules[name], props, resource_type=plugin, **config) == spelled
        if not only_ours:
            native = NATIVE_TASK if kind == "task" else NATIVE_RUN
            assert sentences(rules[name], of_azure_native(props), resource_type=native, **config) == spelled
        return ours

    return judge


def encoded(text: str) -> str:
    """A text as task and values files travel."""
    return base64.b64encode(text.encode()).decode()
