"""A refresh: the service's answer in the program's own form."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pulumi_acr_tasks.task.drift import observed

_LOGIN = {"userName": {"value": "u", "type": "Opaque"}, "password": {"value": "p", "type": "Opaque"}}
_INPUTS: dict[str, Any] = {
    "registryId": "r",
    "taskName": "build",
    "endpoint": "embedded",
    "adopt": True,
    "platform": {"os": "linux"},
    "step": {
        "type": "docker",
        "dockerFilePath": "Dockerfile",
        "contextAccessToken": "t",
        "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "2", "isSecret": True}],
    },
    "trigger": {
        "timerTriggers": [{"name": "t2", "schedule": "0 9 * * *"}, {"name": "t1", "schedule": "0 8 * * *"}],
        "sourceTriggers": [
            {
                "name": "s",
                "sourceTriggerEvents": ["commit"],
                "sourceRepository": {
                    "sourceControlType": "Github",
                    "repositoryUrl": "https://github.com/a/b",
                    "sourceControlAuthProperties": {"tokenType": "PAT", "token": "t"},
                },
            }
        ],
    },
    "credentials": {"sourceRegistry": {"loginMode": "Default"}, "customRegistries": {"A.azurecr.io": _LOGIN}},
    "identity": {"type": "SystemAssigned"},
}
# The service's answer to that: defaults filled in, secrets masked or dropped, other spellings.
_ANSWER: dict[str, Any] = {
    "type": "Microsoft.ContainerRegistry/registries/tasks",
    "identity": {"principalId": "p", "tenantId": "t", "type": "systemAssigned"},
    "location": "westeurope",
    "name": "build",
    "properties": {
        "provisioningState": "Succeeded",
        "status": "Enabled",
        "platform": {"os": "linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": {
            "type": "Docker",
            "imageNames": [],
            "isPushEnabled": True,
            "noCache": False,
            "dockerFilePath": "Dockerfile",
            "arguments": [{"name": "x", "value": "1", "isSecret": False}],
            "baseImageDependencies": [{"type": "Runtime"}],
        },
        "trigger": {
            "timerTriggers": [
                {"name": "t1", "schedule": "0 8 * * *", "status": "Enabled"},
                {"name": "t2", "schedule": "0 9 * * *", "status": "Enabled"},
            ],
            "sourceTriggers": [
                {
                    "name": "s",
                    "status": "Enabled",
                    "sourceTriggerEvents": ["commit"],
                    "sourceRepository": {"sourceControlType": "GitHub", "repositoryUrl": "https://github.com/a/b"},
                }
            ],
        },
        "credentials": {"sourceRegistry": None, "customRegistries": {"a.azurecr.io": None}},
    },
}


def _answer(path: str, value: Any) -> dict[str, Any]:
    answer = copy.deepcopy(_ANSWER)
    *owners, name = path.split("/")
    owner: Any = answer["properties"]
    for part in owners:
        owner = owner.setdefault(part, {}) if isinstance(owner, dict) else owner[int(part)]
    if value is None:
        owner.pop(name)
    else:
        owner[name] = value
    return answer


def test_nothing_drifted_is_exactly_what_the_program_wrote() -> None:
    """Defaults, masks, spellings and order of the service leave no trace in the inputs."""
    assert observed(_INPUTS, _ANSWER) == _INPUTS


def test_blanked_secret_arguments_are_no_drift() -> None:
    """The service may drop a secret item or only its value: either is accepted."""
    shown = [{"name": "x", "value": "1"}, {"name": "y", "isSecret": True}]
    assert observed(_INPUTS, _answer("step/arguments", shown)) == _INPUTS


@pytest.mark.parametrize(
    ("path", "value", "name", "expected"),
    [
        ("timeout", 600, "timeout", 600),
        ("status", "Disabled", "status", "Disabled"),
        ("platform/os", "Windows", "platform", {"os": "Windows"}),
        ("platform/architecture", "arm", "platform", {"os": "linux", "architecture": "arm"}),
        ("step/imageNames", ["a:1"], "step", {**_INPUTS["step"], "imageNames": ["a:1"]}),
        ("step/isPushEnabled", False, "step", {**_INPUTS["step"], "isPushEnabled": False}),
        (
            "step/arguments",
            [{"name": "x", "value": "9", "isSecret": False}],
            "step",
            {
                **_INPUTS["step"],
                "arguments": [{"name": "x", "value": "9", "isSecret": False}, _INPUTS["step"]["arguments"][1]],
            },
        ),
        (
            "trigger/baseImageTrigger",
            {"name": "b", "baseImageTriggerType": "All", "status": "Enabled"},
            "trigger",
            {**_INPUTS["trigger"], "baseImageTrigger": {"name": "b", "baseImageTriggerType": "All"}},
        ),
        (
            "credentials/customRegistries",
            {"a.azurecr.io": None, "b.azurecr.io": None},
            "credentials",
            {**_INPUTS["credentials"], "customRegistries": {"A.azurecr.io": _LOGIN, "b.azurecr.io": {}}},
        ),
    ],
)
def test_what_somebody_changed_shows(path: str, value: Any, name: str, expected: Any) -> None:
    """A value that the program did not write, and that is no default, is drift."""
    assert observed(_INPUTS, _answer(path, value)) == {**_INPUTS, name: expected}


def test_a_timer_that_somebody_added_shows_after_those_of_the_program() -> None:
    """The program's own order of timers stays."""
    timers = [{"name": "t0", "schedule": "0 7 * * *"}, *_ANSWER["properties"]["trigger"]["timerTriggers"]]
    seen = observed(_INPUTS, _answer("trigger/timerTriggers", timers))["trigger"]["timerTriggers"]
    assert [timer["name"] for timer in seen] == ["t2", "t1", "t0"]


def test_removed_members_are_drift() -> None:
    """A timer, a host or a whole object that no longer exists is removed from the inputs too."""
    timers = observed(_INPUTS, _answer("trigger/timerTriggers", _ANSWER["properties"]["trigger"]["timerTriggers"][:1]))
    assert [timer["name"] for timer in timers["trigger"]["timerTriggers"]] == ["t1"]
    assert "customRegistries" not in observed(_INPUTS, _answer("credentials/customRegistries", {}))["credentials"]
    assert "trigger" not in observed(_INPUTS, _answer("trigger", None))
    without_identity = {key: value for key, value in _ANSWER.items() if key != "identity"}
    assert "identity" not in observed(_INPUTS, without_identity)


def test_a_step_of_another_type_is_seen_whole() -> None:
    """Somebody replaced the step: the members of the old type are gone, but for the token that no answer shows."""
    step = {"type": "FileTask", "taskFilePath": "acb.yaml", "values": []}
    assert observed(_INPUTS, _answer("step", step))["step"] == {
        "type": "FileTask",
        "taskFilePath": "acb.yaml",
        "contextAccessToken": "t",
    }


def test_a_location_left_to_the_registry_stays_so() -> None:
    """The program did not write it, and it cannot drift."""
    assert "location" not in observed(_INPUTS, _ANSWER)
    assert observed({**_INPUTS, "location": "West Europe"}, _ANSWER)["location"] == "West Europe"


def _details() -> dict[str, Any]:
    """Return listDetails' answer to the same task, with all secrets and without the source registry."""
    answer = copy.deepcopy(_ANSWER)
    properties = answer["properties"]
    inputs = copy.deepcopy(_INPUTS)
    properties["step"].update(arguments=inputs["step"]["arguments"], contextAccessToken="t")
    repository = properties["trigger"]["sourceTriggers"][0]["sourceRepository"]
    repository["sourceControlAuthProperties"] = {"tokenType": "PAT", "token": "t", "scope": "repo"}
    properties["credentials"] = {"sourceRegistry": None, "customRegistries": {"a.azurecr.io": copy.deepcopy(_LOGIN)}}
    return answer


def test_secrets_that_nobody_changed_are_no_drift() -> None:
    """The service's spellings, and members that it adds to a sign-in, are no drift."""
    assert observed(_INPUTS, _details(), clear=True) == _INPUTS


def test_a_login_without_types_does_not_drift() -> None:
    """The service calls them Opaque."""
    inputs = {**_INPUTS, "credentials": {"customRegistries": {"A.azurecr.io": {"userName": {"value": "u"}}}}}
    answer = _details()
    answer["properties"]["credentials"]["customRegistries"]["a.azurecr.io"] = {"userName": _LOGIN["userName"]}
    assert observed(inputs, answer, clear=True) == inputs


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("step/contextAccessToken", "by hand"),
        ("step/arguments/1/value", "by hand"),
        ("trigger/sourceTriggers/0/sourceRepository/sourceControlAuthProperties/token", "by hand"),
        ("credentials/customRegistries/a.azurecr.io/password/value", "by hand"),
        ("credentials/customRegistries/a.azurecr.io/identity", "[system]"),
    ],
)
def test_a_secret_that_somebody_changed_is_drift(path: str, value: str) -> None:
    """The new value is at the member's place, and nothing else differs."""
    answer, wanted = _details(), copy.deepcopy(_INPUTS)
    for task, at in ((answer["properties"], path), (wanted, path.replace("a.azurecr.io", "A.azurecr.io"))):
        *owners, name = at.split("/")
        for part in owners:
            task = task[int(part)] if isinstance(task, list) else task[part]
        task[name] = value
    assert observed(_INPUTS, answer, clear=True) == wanted


@pytest.mark.parametrize("secret", ["contextAccessToken", "arguments"])
def test_a_secret_that_somebody_removed_is_drift(secret: str) -> None:
    """The answer of listDetails has every secret."""
    answer = _details()
    del answer["properties"]["step"][secret]
    seen = observed(_INPUTS, answer, clear=True)
    assert seen == {**_INPUTS, "step": {key: item for key, item in _INPUTS["step"].items() if key != secret}}
