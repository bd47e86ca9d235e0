"""The check of properties before any request: by property, all at once, and without secrets."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_acr_tasks.schema.definitions import Kind, kind
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.task.check import check
from pulumi_acr_tasks.validate.credentials import check_credentials, check_identity
from pulumi_acr_tasks.validate.cron import check_schedule, firing_times, schedule_warnings
from pulumi_acr_tasks.validate.members import check_value
from pulumi_acr_tasks.validate.names import check_registry_name, check_task_name, resolve_registry
from pulumi_acr_tasks.validate.properties import check_platform
from pulumi_acr_tasks.validate.triggers import check_trigger

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


@given(st.from_regex(r"[a-zA-Z0-9_-]{5,50}", fullmatch=True))
def test_good_task_names_are_good(name: str) -> None:
    """They match the specification's pattern."""
    assert check_task_name(name, "x") == []


@given(
    st.text(max_size=60).filter(lambda name: not (5 <= len(name) <= 50 and all(c.isalnum() or c in "-_" for c in name)))
)
def test_other_task_names_are_refused(name: str) -> None:
    """They do not match the specification's pattern."""
    assert len(check_task_name(name, "x")) == 1


@pytest.mark.parametrize(
    "schedule",
    [
        "0 9 * * *",
        "*/5 * * * *",
        "0 0 1,15 * Mon-Fri",
        "5/10 8-18/2 * jan,JUL *",
        "0 0 29 2 *",
        "0 0 * * SUNDAY",
        "0 0 29 2 Mon",
    ],
)
def test_a_schedule_of_ncrontab_is_right(schedule: str) -> None:
    """Names in any case, lists, ranges and steps are accepted."""
    assert check_schedule(schedule) == []


@pytest.mark.parametrize(
    ("schedule", "sentence"),
    [
        ("0 0 9 * * *", "has five fields, minute hour day month weekday, and this has 6"),
        ("0 9 * *", "this has 4"),
        ("60 * * * *", "60 is no minute: 0 to 59"),
        ("0 24 * * *", "24 is no hour"),
        ("0 0 0 * *", "0 is no day: 1 to 31"),
        ("0 0 * 13 *", "13 is no month"),
        ("0 9 * * 7", "7 is no weekday: 0 to 6"),
        ("0 9 L * *", "'L' is no day"),
        ("0 9 15W * *", "'15W' is no day"),
        ("0 9 * * 5#2", "'5#2' is no weekday"),
        ("0 9 ? * 1", "'?' is no day"),
        ("*-5 * * * *", "'*' is no minute"),
        ("0,, * * * *", "'' is no minute"),
        ("0 0 * * monkey", "'monkey' is no weekday"),
        ("0 0 * * 7", "7 is no weekday: 0 to 6; Sunday is 0"),
        ("*/x * * * *", "'*/x' is no minute: a step is a whole number"),
        ("0\t0 * * *", "and this has 4"),
        ("PT30M", "dates and durations of ISO 8601 are not accepted: write */30 * * * *"),
        ("2024-05-01T00:00:00Z", "dates and durations of ISO 8601 are not accepted"),
        ("@daily", "write 0 0 * * *"),
    ],
)
def test_a_schedule_that_ncrontab_refuses_is_wrong(schedule: str, sentence: str) -> None:
    """The sentence names the field and the reason."""
    (said,) = check_schedule(schedule)
    assert sentence in said


@pytest.mark.parametrize(
    ("schedule", "sentence", "fires"),
    [
        ("*/120 * * * *", "the minute's step in */120 is longer than its range: only minute 0 is hit", ({0}, 0)),
        ("007 * * * *", None, ({7}, 0)),
        ("0 22-6 * * *", "the hours 22-6 run backwards and are read as 6-22", (set(range(6, 23)), 1)),
        ("0 0 * * SAT-SUN", "the weekdays SAT-SUN run backwards and are read as 0-6", (set(range(7)), 4)),
        ("*/0 * * * *", "the minute's step in */0 is below 1 and means every minute", (set(range(60)), 0)),
        ("*/-5 * * * *", "below 1", (set(range(60)), 0)),
        ("0 9 * * mo", None, ({1}, 4)),
        ("0 9 * * S", None, ({0}, 4)),
        ("0 0 * j *", None, ({1}, 3)),
        ("5/10 * * * *", None, ({5, 15, 25, 35, 45, 55}, 0)),
        ("5/1 * * * *", None, ({5}, 0)),
        ("0 0 30 2 *", "it never fires: no such month has such a day", ({30}, 2)),
        ("0 0 31 4,6,9,11 *", "it never fires", ({31}, 2)),
        ("0 0 1 * 1", "day 1 and weekday 1 must both hold; cron would take either", ({1}, 2)),
    ],
)
def test_a_valid_schedule_that_is_probably_a_mistake_is_a_warning(
    schedule: str, sentence: str | None, fires: tuple[set[int], int]
) -> None:
    """The warning says what NCrontab does with it."""
    assert check_schedule(schedule) == []
    found = firing_times(schedule)
    assert found is not None
    assert set(found[fires[1]]) == fires[0]
    told = schedule_warnings(schedule)
    assert told == [] if sentence is None else sentence in told[0]


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


_LOGIN = {"userName": {"value": "u", "type": "Opaque"}, "password": {"value": "c4nary", "type": "Opaque"}}


@pytest.mark.parametrize(
    ("registries", "sentence"),
    [
        ({"https://h": _LOGIN}, '["https://h"]: is not a login server, such as myregistry.azurecr.io'),
        ({"h.io": _LOGIN, "H.io": _LOGIN}, '["H.io"]: is given twice; the case of hosts does not count'),
        ({"h.io": {}}, '["h.io"]: has neither user_name and password nor an identity'),
        ({"h.io": {"password": {"value": "c4nary"}}}, '["h.io"].user_name: is missing beside password'),
        ({"h.io": {"userName": {"value": "u"}}}, '["h.io"].password: is missing beside user_name'),
        ({"h.io": {**_LOGIN, "password": {}}}, '["h.io"].password.value: is missing'),
        (
            {"h.io": {**_LOGIN, "password": {"value": "c4nary", "type": "Vaultsecret"}}},
            '["h.io"].password.value: is not a URL; with type Vaultsecret it is the URL of a Key Vault secret',
        ),
        ({"h.io": {"identity": "[system]"}}, "[\"h.io\"].identity: is '[system]', and the task has no system-assigned"),
        ({"h.io": {"identity": "system"}}, "[\"h.io\"].identity: is 'system', and the task has no system-assigned"),
        ({"h.io": {**_LOGIN, "userName": {"type": "Opaque"}}}, '["h.io"].user_name.value: is missing'),
    ],
)
def test_credentials_that_cannot_work_are_refused(registries: dict[str, Any], sentence: str) -> None:
    """No password is printed."""
    said = [str(p) for p in check_credentials({"customRegistries": registries}, "credentials")]
    assert any(line.startswith(f"credentials.custom_registries{sentence}") for line in said), said
    assert "c4nary" not in "".join(said)


def test_credentials_that_can_work_are_right() -> None:
    """A login, an identity's client id, the system's identity of a task, and a vault's secret are accepted."""
    registries = {
        "a.azurecr.io": _LOGIN,
        "b.azurecr.io:5000": {"identity": "00000000-0000-0000-0000-000000000000"},
        "c": {"identity": "[system]"},
        "d": {**_LOGIN, "password": {"value": "https://v.vault.azure.net/secrets/s", "type": "vaultsecret"}},
    }
    for identity in ({"type": "SystemAssigned"}, {"type": UNKNOWN}, UNKNOWN):
        assert check_credentials({"customRegistries": registries}, "credentials", identity=identity) == []


@pytest.mark.parametrize(
    ("identity", "sentence"),
    [
        ({"type": "UserAssigned"}, "identity.user_assigned_identities: is missing for type 'UserAssigned'"),
        (
            {"type": "SystemAssigned", "userAssignedIdentities": {"/x": {}}},
            "identity.type: is 'SystemAssigned', although there",
        ),
        ({"userAssignedIdentities": {"/x": {}}}, 'identity.user_assigned_identities["/x"]: is not the ARM id'),
    ],
)
def test_identities_must_fit_together(identity: dict[str, Any], sentence: str) -> None:
    """The type and the ids are compared."""
    said = [str(problem) for problem in check_identity(identity, "identity")]
    assert any(line.startswith(sentence) for line in said), said


def _source(**members: Any) -> dict[str, Any]:
    auth = {"tokenType": "PAT", "token": "c4nary"}
    repository = {"sourceControlType": "Github", "repositoryUrl": "https://x", "sourceControlAuthProperties": auth}
    return {"name": "s", "sourceRepository": repository, "sourceTriggerEvents": ["commit"], **members}


@pytest.mark.parametrize(
    ("trigger", "sentence"),
    [
        (
            {"timerTriggers": [{"name": "t", "schedule": "0 9 * * *"}, {"name": "t", "schedule": "0 8 * * *"}]},
            "trigger.timer_triggers: has 2 triggers named 't'",
        ),
        (
            {"timerTriggers": [{"name": "t", "schedule": "0 9 * * *"}, {"name": "u", "schedule": "0  9 * * *"}]},
            "trigger.timer_triggers[1].schedule: is the schedule of trigger.timer_triggers[0] too",
        ),
        (
            {
                "timerTriggers": [
                    {"name": "t", "schedule": "*/30 9 * jan Mon-Fri"},
                    {"name": "u", "schedule": "0,30 9 * 1 1-5"},
                ]
            },
            "trigger.timer_triggers[1].schedule: is the schedule of trigger.timer_triggers[0] too",
        ),
        ({"timerTriggers": [{"name": "t", "schedule": "x"}]}, "trigger.timer_triggers[0].schedule: is 'x'"),
        (
            {"sourceTriggers": [_source(sourceRepository={"sourceControlType": "Github", "repositoryUrl": "x"})]},
            "trigger.source_triggers[0].source_repository.source_control_auth_properties: is missing",
        ),
        (
            {"sourceTriggers": [_source(sourceTriggerEvents=[])]},
            "trigger.source_triggers[0].source_trigger_events: is empty",
        ),
        ({"sourceTriggers": [_source(), _source()]}, "trigger.source_triggers: has 2 triggers named 's'"),
    ],
)
def test_triggers_that_cannot_work_are_refused(trigger: dict[str, Any], sentence: str) -> None:
    """Names, schedules and the token for the webhook are checked."""
    said = [str(problem) for problem in check_trigger(trigger, "trigger")]
    assert any(line.startswith(sentence) for line in said), said


@pytest.mark.parametrize("context", ["/dev/null", "oci://registry/artifact:1"])
def test_a_source_trigger_needs_a_repository(context: str) -> None:
    """A context that is not a repository has no commits."""
    (problem,) = check_trigger({"sourceTriggers": [_source()]}, "trigger", context_path=context)
    assert problem.path == "trigger.source_triggers"


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
