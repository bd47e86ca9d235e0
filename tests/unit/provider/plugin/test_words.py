"""Sentences of the plugin have no word that only Python has: nothing tells the language of a program."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks.engine import Request
from pulumi_acr_tasks.engine_call import EngineCalls, Verbs
from pulumi_acr_tasks.plugin.configuration import check, configured
from pulumi_acr_tasks.run import verbs as run_verbs
from pulumi_acr_tasks.task import verbs as task_verbs

# Names with an underscore, constants, types, arguments of a call, and classes of this package's arguments.
OF_PYTHON = re.compile(r"\w_\w|\b(?:True|False|None|dict|pulumi_acr_tasks)\b|\w=\w|\w\(|[a-z]Args\b")
WRONG: list[Any] = [None, "", " ", "x" * 2_000, "words", 0, 3, -1, 300.5, True, [], ["a", None, 3], {}, {"a": None}]
LINUX = {"os": "Linux"}
DOCKER = {"type": "Docker", "dockerFilePath": "Dockerfile", "contextPath": "https://example.com/a.git"}
TASK: dict[str, Any] = {
    "taskName": "build",
    "platform": {**LINUX, "architecture": "amd64", "variant": "v8"},
    "step": {
        **DOCKER,
        "imageNames": ["web:1"],
        "isPushEnabled": True,
        "noCache": True,
        "target": "x",
        "contextAccessToken": "t",
        "arguments": [{"name": "a", "value": "b", "isSecret": True}],
    },
    "trigger": {
        "timerTriggers": [{"name": "t", "schedule": "0 3 * * *", "status": "Enabled"}],
        "sourceTriggers": [
            {
                "name": "s",
                "sourceRepository": {"sourceControlType": "Github", "repositoryUrl": "https://example.com/a"},
                "sourceTriggerEvents": ["commit"],
            }
        ],
        "baseImageTrigger": {"name": "b", "baseImageTriggerType": "All"},
    },
    "credentials": {
        "sourceRegistry": {"loginMode": "Default"},
        "customRegistries": {"a.example": {"userName": {"value": "u"}, "password": {"value": "p", "type": "Opaque"}}},
    },
    "identity": {"type": "UserAssigned", "userAssignedIdentities": ["a"]},
    "agentConfiguration": {"cpu": 2},
    "timeout": 600,
    "status": "Enabled",
    "tags": {"a": "b"},
    "adopt": True,
    "location": "westeurope",
}
ENCODED = {"type": "EncodedTaskRunRequest", "platform": LINUX, "encodedTaskContent": "!", "encodedValuesContent": "!"}
RUN: dict[str, Any] = {
    "runRequest": {**ENCODED, "values": [{"name": "a", "value": "b"}], "timeout": 600, "isArchiveEnabled": True},
    "context": "app",
    "wait": False,
    "queueTimeout": 30,
    "logs": "stream",
    "cancelOnDelete": True,
    "triggers": {"a": "b"},
}
MORE: list[tuple[Verbs, dict[str, Any]]] = [
    (task_verbs, {}),
    (task_verbs, {"step": {"type": "EncodedTask", "encodedTaskContent": "acr purge"}}),
    (task_verbs, {"step": {"type": "EncodedTask", "encodedTaskContent": "steps:\n- cmd: a"}}),
    (task_verbs, {"step": {"type": "EncodedTask", "encodedTaskContent": "b'c3RlcHM6'"}}),
    (task_verbs, {"step": {**DOCKER, "contextPath": "app"}, "trigger": TASK["trigger"]}),
    (task_verbs, {**TASK, "agentPoolName": "a", "isSystemTask": True, "logTemplate": "x", "platfrom": LINUX}),
    (task_verbs, {**TASK, "registryId": "x", "registryName": "y"}),
    (run_verbs, {}),
    (run_verbs, {"runRequest": {"type": "DockerBuildRequest", "platform": LINUX}}),
    (run_verbs, {"runRequest": {"type": "TaskRunRequest", "taskId": "/a/tasks/b", "overrideTaskStepProperties": {}}}),
    (run_verbs, {"context": "a", "runRequest": {"type": "TaskRunRequest", "taskName": "build"}}),
    (run_verbs, {"context": "a", "runRequest": {"type": "DockerBuildRequest", "sourceLocation": "https://a.example"}}),
]
CONFIG = {"endpoint": "https://a.example", "subscriptionId": "s", "resourceGroupName": "g", "registryName": "contoso"}


def _wrong(value: Any) -> list[Any]:
    """Return copies of a value with a mistake in one place each: a wrong value, or a misspelt name."""
    found = list(WRONG)
    if isinstance(value, dict):
        found += [{**value, name: wrong} for name, item in value.items() for wrong in _wrong(item)]
        found += [{f"{name}s" if key == name else key: item for key, item in value.items()} for name in value]
    if isinstance(value, list) and value:
        found += [[wrong, *value[1:]] for wrong in _wrong(value[0])]
    return found


def _spoken(sentences: Iterable[str]) -> list[str]:
    """Return the sentences with a word of Python's. Quoted values are the user's, and enumerations the service's."""
    own = {each: re.sub(r"'[^']*'|\"[^\"]*\"|it is one of .*", "", each) for each in sentences}
    return [each for each, text in own.items() if OF_PYTHON.search(text)]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineCalls:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    return configured(CONFIG)


@pytest.mark.parametrize(("verbs", "right", "least"), [(task_verbs, TASK, 400), (run_verbs, RUN, 100)])
def test_what_check_refuses(calls: EngineCalls, verbs: Verbs, right: dict[str, Any], least: int) -> None:
    """Every wrong kind of value in every place, and every name misspelt; a quoted value is the user's."""
    found = set[str]()
    cases = [each for each in _wrong(right) if isinstance(each, dict)]
    for news in [*cases, *(more for kind, more in MORE if kind is verbs)]:
        found.update(calls.check(verbs, Request("urn:pulumi:dev::shop::a:b:C::web"), {}, news)[1])
    assert len(found) >= least
    assert _spoken(found) == []
    assert max(map(len, found)) < 400


@pytest.mark.parametrize("name", [*CONFIG, "credential", "answerTimeout", "secretDrift", "logLevel", "environment"])
@pytest.mark.parametrize("value", WRONG[1:])
def test_what_a_provider_s_configuration_refuses(name: str, value: Any) -> None:
    """Every wrong kind of value of every key."""
    assert _spoken(check({name: value})) == []
