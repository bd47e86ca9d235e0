"""The check of properties before any request: by property, all at once, and without secrets."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pulumi_acr_tasks.schema.definitions import Kind, kind
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.task.check import check
from pulumi_acr_tasks.validate.members import check_value
from pulumi_acr_tasks.validate.names import check_registry_name, check_task_name, resolve_registry
from pulumi_acr_tasks.validate.properties import check_platform

_DEFAULTS = {"subscriptionId": "s-1", "resourceGroupName": "group", "registryName": "registry"}
_ID = "/subscriptions/s-1/resourceGroups/group/providers/Microsoft.ContainerRegistry/registries/registry"
_YAML = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox true\n").decode()
_GOOD: dict[str, Any] = {
    "taskName": "build",
    "platform": {"os": "linux"},
    "step": {"type": "EncodedTask", "encodedTaskContent": _YAML},
}


def _said(inputs: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in check({**_GOOD, **inputs}, _DEFAULTS, "embedded")[1]]


def test_a_good_task_is_resolved_and_has_no_problem() -> None:
    """Its inputs get the registry and the endpoint."""
    inputs, problems = check({**_GOOD, "registryName": "Other"}, _DEFAULTS, "embedded")
    assert problems == []
    assert inputs == {**_GOOD, "registryId": _ID.removesuffix("registry") + "Other", "endpoint": "embedded"}


@pytest.mark.parametrize(
    ("inputs", "sentence"),
    [
        ({"taskName": "a"}, "task_name: is 'a'; a task's name has 5 to 50 letters, digits, - and _"),
        ({"registryName": "my.azurecr.io"}, "registry_name: is 'my.azurecr.io'; a registry's name has 5 to 50 letters"),
        ({"resourceGroupName": "g."}, "resource_group_name: is 'g.'"),
        ({"subscriptionId": "a/b"}, "subscription_id: is 'a/b'"),
        ({"registryId": "/x"}, "registry_id: '/x' is not a registry's id, which looks like /subscriptions/"),
        ({"registryId": _ID, "registryName": "r"}, "registry_id: is given together with registry_name"),
        ({"registryId": _ID.replace("registries/registry", "registries/x")}, "registry_id: is 'x'; a registry's name"),
        ({"platform": {"os": "Linxu"}}, "platform.os: is 'Linxu'; it is one of Linux, Windows"),
        ({"platform": {}}, "platform.os: is missing"),
        ({"platform": "linux"}, "platform: is a string; the members of PlatformProperties are expected"),
        ({"platform": None}, "platform: is missing"),
        ({"step": {"taskFilePath": "x"}}, "step.type: is missing; it is one of Docker, FileTask, EncodedTask"),
        ({"step": {"type": "Dokcer"}}, "step.type: is 'Dokcer'; it is one of Docker, FileTask, EncodedTask"),
        ({"step": {"type": "FileTask"}}, "step.task_file_path: is missing"),
        (
            {"step": {"type": "Docker", "dockerFilePath": "D", "imageName": ["a"]}},
            "step.imageName: is not a member of DockerBuildStep; did you mean image_names?",
        ),
        (
            {"step": {"type": "Docker", "dockerFilePath": "D", "taskFilePath": "a"}},
            "step.taskFilePath: is not a member of DockerBuildStep",
        ),
        ({"step": {"type": "Docker", "dockerFilePath": ""}}, "step.docker_file_path: is empty"),
        (
            {"step": {"type": "Docker", "dockerFilePath": "D", "contextPath": "/dev/null"}},
            "step.context_path: is '/dev/null'; only an EncodedTask can do without a context",
        ),
        ({"timeout": 299}, "timeout: is 299; it is 300 to 28800 seconds"),
        ({"timeout": 28801}, "timeout: is 28801; it is 300 to 28800 seconds"),
        ({"timeout": "600"}, "timeout: is a string; a whole number is expected"),
        ({"timeout": 600.5}, "timeout: is a fraction; a whole number is expected"),
        ({"timeout": True}, "timeout: is a boolean; a whole number is expected"),
        ({"agentConfiguration": {"cpu": 3}}, "agent_configuration.cpu: is 3; the service's agents have 2"),
        ({"status": "On"}, "status: is 'On'; it is one of Disabled, Enabled"),
        (
            {"step": {**_GOOD["step"], "encodedValuesContent": "?"}},
            "step.encoded_values_content: is not base64 of a file of values in UTF-8",
        ),
        (
            {"step": {**_GOOD["step"], "values": [{"name": "a", "value": "", "isSecret": True}]}},
            "step.values[0].value: is empty",
        ),
        ({"step": {**_GOOD["step"], "values": [{"name": "", "value": ""}]}}, "step.values[0].name: is empty"),
        (
            {"step": {**_GOOD["step"], "values": [{"name": "a", "value": "1"}, {"name": "a", "value": "2"}]}},
            "step.values[1].name: is 'a', the name of step.values[0] too",
        ),
        ({"step": {**_GOOD["step"], "contextAccessToken": ""}}, "step.context_access_token: is empty"),
        (
            {"credentials": {"customRegistries": {"h.io": {"identity": "[system]"}}}},
            "credentials.custom_registries[\"h.io\"].identity: is '[system]', and the task has no system-assigned",
        ),
        (
            {"trigger": {"sourceTrigger": {}}},
            "trigger.sourceTrigger: is not a member of TriggerProperties; did you mean",
        ),
        ({"tags": {"a": 1}}, 'tags["a"]: is a number; a string is expected'),
        ({"tags": ["a"]}, "tags: is a list; a map is expected"),
        ({"adopt": "yes"}, "adopt: is a string; a boolean is expected"),
        ({"trigger": {"timerTriggers": {}}}, "trigger.timer_triggers: is a map; a list is expected"),
    ],
)
def test_each_problem_names_its_property(inputs: dict[str, Any], sentence: str) -> None:
    """The path is spelled as in Python, and the sentence has the allowed values."""
    assert any(said.startswith(sentence) for said in _said(inputs)), _said(inputs)


def test_the_value_of_an_argument_may_be_empty() -> None:
    """`--build-arg NAME=` is allowed; only an empty secret is a mistake."""
    assert _said({"step": {**_GOOD["step"], "values": [{"name": "a", "value": ""}]}}) == []


def test_everything_wrong_is_said_at_once() -> None:
    """One preview shows every problem."""
    assert len(_said({"taskName": "a", "timeout": 1, "status": "On", "platform": {"os": "x"}, "tags": 1})) == 5


def test_a_missing_registry_names_the_arguments_and_the_configuration() -> None:
    """Either of them may give it."""
    inputs, problems = resolve_registry({}, dict.fromkeys(_DEFAULTS))
    assert inputs == {}
    assert "set acr-tasks:subscriptionId (without Azure: acr-tasks:endpoint embedded)" in str(problems[0])
    assert str(problems[2]) == ("registry_name: is missing; give it or registry_id here, or set acr-tasks:registryName")


@pytest.mark.parametrize("name", ["registryId", "registryName", "subscriptionId"])
def test_a_registry_with_an_unknown_part_is_unknown(name: str) -> None:
    """Preview goes on, and up knows the id."""
    inputs, problems = resolve_registry({name: UNKNOWN, "taskName": "build"}, _DEFAULTS)
    assert problems == []
    assert inputs["registryId"] is UNKNOWN
    assert set(inputs) == {"registryId", "taskName"}


def test_unknown_values_are_not_a_problem() -> None:
    """They may stand anywhere."""
    step = {"type": UNKNOWN, "encodedTaskContent": UNKNOWN}
    unknown = dict.fromkeys(("platform", "trigger", "credentials", "identity", "timeout", "status", "tags"), UNKNOWN)
    assert _said({"step": step, "taskName": UNKNOWN, **unknown}) == []
    trigger = {"timerTriggers": [{"name": UNKNOWN, "schedule": UNKNOWN}], "sourceTriggers": UNKNOWN}
    registries = {"h.io": {"identity": UNKNOWN}, "i.io": {"userName": UNKNOWN, "password": {"value": UNKNOWN}}}
    agent = {"cpu": UNKNOWN}
    assert (
        _said({"trigger": trigger, "credentials": {"customRegistries": registries}, "agentConfiguration": agent}) == []
    )


@pytest.mark.parametrize("name", ["registry", "emulator", "A1234"])
def test_good_registry_names_are_good(name: str) -> None:
    """They have 5 to 50 letters and digits."""
    assert check_registry_name(name, "x") == []


_drawn = settings(derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))


@_drawn
@given(st.from_regex(r"[a-zA-Z0-9_-]{5,50}", fullmatch=True))
def test_good_task_names_are_good(name: str) -> None:
    """They match the specification's pattern."""
    assert check_task_name(name, "x") == []


@_drawn
@given(
    st.text(max_size=60).filter(lambda name: not (5 <= len(name) <= 50 and all(c.isalnum() or c in "-_" for c in name)))
)
def test_other_task_names_are_refused(name: str) -> None:
    """They do not match the specification's pattern."""
    assert len(check_task_name(name, "x")) == 1


@pytest.mark.parametrize(
    ("platform", "sentence"),
    [
        ({"os": "windows", "architecture": "arm"}, "platform.architecture: is 'arm'; Windows runs on amd64 only"),
        ({"os": "Linux", "variant": "v7"}, "platform.variant: is 'v7'; only arm and arm64 have one"),
        ({"os": "Linux", "architecture": "amd64", "variant": "v7"}, "platform.variant: is 'v7'; only arm and arm64"),
        ({"os": "Linux", "architecture": "arm64", "variant": "v7"}, "platform.variant: is 'v7'; of arm64: v8"),
    ],
)
def test_a_platform_must_fit_together(platform: dict[str, Any], sentence: str) -> None:
    """Operating system, architecture and variant are compared."""
    (problem,) = check_platform(platform, "platform")
    assert str(problem).startswith(sentence)


@pytest.mark.parametrize(
    "platform",
    [{"os": "Linux", "architecture": "arm", "variant": "v7"}, {"os": "WINDOWS", "architecture": "AMD64"}, UNKNOWN, {}],
)
def test_a_platform_that_fits_is_right(platform: Any) -> None:
    """Its case does not matter."""
    assert check_platform(platform, "platform") == []


def test_no_sentence_holds_a_secret_in_the_wrong_shape() -> None:
    """A password in place of an object, or a number in place of a token, is not repeated."""
    task = {
        "platform": "c4nary",
        "step": {"type": "Docker", "dockerFilePath": "D", "contextAccessToken": ["c4nary"], "arguments": "c4nary"},
        "credentials": {"customRegistries": {"h": {"password": "c4nary", "userName": {"value": 4}}}},
    }
    said = [str(problem) for problem in check_value(task, Kind("Task"), "")]
    assert len(said) == 5
    assert "c4nary" not in "".join(said)


def test_a_problem_in_a_list_names_the_item() -> None:
    """None and a string in place of an object are named by their index."""
    arguments = [None, "A=1", {"name": "B", "value": "2"}]
    found = [str(each) for each in check_value(arguments, kind("Argument[]"), "step.arguments")]
    assert found == [
        "step.arguments[0]: is null; take it out of the list",
        "step.arguments[1]: is a string; the members of Argument are expected",
    ]
