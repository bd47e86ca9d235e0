"""The program for existing tasks: it declares them without defaults, and reads secrets from the configuration."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from typer.testing import CliRunner

from pulumi_acr_tasks.__main__ import commands
from pulumi_acr_tasks.export.program import Program
from pulumi_acr_tasks.export.python_source import WIDTH

_ID = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ContainerRegistry/registries/registry"
_TEXT = "version: v1.1.0\nsteps:\n  - cmd: busybox echo 'a \"b\"'\n"
_DETAILS: dict[str, Any] = {
    "location": "westeurope",
    "tags": {"a": "b"},
    "identity": {
        "type": "UserAssigned",
        "userAssignedIdentities": {f"/identities/{'long' * 18}": {"principalId": "p", "clientId": "c"}},
    },
    "properties": {
        "provisioningState": "Succeeded",
        "creationDate": "2026-01-01T00:00:00.0000000+00:00",
        "status": "Enabled",
        "platform": {"os": "linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": {
            "type": "EncodedTask",
            "encodedTaskContent": base64.b64encode(_TEXT.encode()).decode(),
            "encodedValuesContent": "c4nary",
            "contextAccessToken": "c4nary",
            "values": [{"name": "plain", "value": "1"}, {"name": "hid den", "value": "c4nary", "isSecret": True}],
        },
        "trigger": {"timerTriggers": [{"name": "t1", "schedule": "0 3 * * *", "status": "Disabled"}]},
        "credentials": {
            "customRegistries": {
                "r.example": {"userName": {"value": "c4nary", "type": "Opaque"}, "password": {"value": "c4nary"}}
            }
        },
    },
}


def _program(**tasks: dict[str, Any]) -> Program:
    program = Program(_ID)
    for name, answer in tasks.items():
        program.add(name, answer)
    return program


def _declared(program: Program, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Run a program with resources that only record their arguments, and with secrets that are called `!`."""
    import pulumi

    import pulumi_acr_tasks

    found: dict[str, dict[str, Any]] = {}

    class Config:
        def require_secret(self, key: str) -> str:
            assert key in program.secrets
            return "!"

    monkeypatch.setattr(pulumi, "Config", Config)
    monkeypatch.setitem(vars(pulumi_acr_tasks), "Task", lambda name, **given: found.update({name: given}))
    exec(compile(str(program), "program", "exec"), {})
    return found


def test_a_program_declares_the_tasks_of_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    """Arguments are typed, and the task file is text; location, defaults and members of the service are left out."""
    declared = _declared(_program(greeting=_DETAILS), monkeypatch)["greeting"]
    assert set(declared) == {"registry_id", "platform", "step", "trigger", "credentials", "identity", "tags", "adopt"}
    assert declared["registry_id"] == _ID
    assert declared["adopt"] is True
    assert declared["platform"].architecture == "amd64"
    step = declared["step"]
    assert base64.b64decode(step.encoded_task_content).decode() == _TEXT
    assert [step.context_access_token, step.encoded_values_content, step.values[1].value] == ["!", "!", "!"]
    assert step.values[0].value == "1"
    assert declared["trigger"].timer_triggers[0].status == "Disabled"
    assert declared["credentials"].custom_registries["r.example"].user_name.value == "!"
    assert declared["identity"].user_assigned_identities == [f"/identities/{'long' * 18}"]


def test_a_program_holds_no_secret() -> None:
    """It names each secret, by task, item and member."""
    program = _program(greeting=_DETAILS)
    assert "c4nary" not in str(program)
    assert "c4nary" not in repr(program)
    assert program.secrets == [
        "greeting-contextAccessToken",
        "greeting-encodedValuesContent",
        "greeting-hid-den",
        "greeting-r-example-userName",
        "greeting-r-example-password",
    ]


def test_the_secret_of_an_address_is_left_to_the_configuration() -> None:
    """An address may carry a token, also within a task file, and `listDetails` shows both."""
    address = "https://x:c4nary@example.com/a.git"
    file = base64.b64encode(f"steps:\n  - build: {address}\n".encode()).decode()
    step = {"type": "EncodedTask", "contextPath": address, "encodedTaskContent": file}
    program = _program(
        build={**_DETAILS, "tags": {"from": address}, "properties": {**_DETAILS["properties"], "step": step}}
    )
    text = str(program)
    assert "c4nary" not in text
    assert file not in text
    assert {"build-contextPath", "build-encodedTaskContent", "build-from"} <= {*program.secrets}


def test_two_secrets_never_share_a_name() -> None:
    """Names that differ only in characters that a key cannot have get different keys."""
    values = [{"name": name, "value": "x", "isSecret": True} for name in ("a.b", "a-b")]
    step = {"type": "FileTask", "taskFilePath": "f", "values": values}
    assert _program(task=_DETAILS | {"properties": {"platform": {"os": "Linux"}, "step": step}}).secrets == [
        "task-a-b",
        "task-a-b-too",
    ]


@pytest.mark.parametrize("content", ["bm90IHlhbWw", "/w==", "", base64.b64encode(b"  steps: []").decode()])
def test_another_content_stays_as_it_is(content: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A content that would not come out the same stays in base64."""
    step = {"type": "EncodedTask", "encodedTaskContent": content}
    program = _program(task={"properties": {"platform": {"os": "Linux"}, "step": step}})
    assert _declared(program, monkeypatch)["task"]["step"].encoded_task_content == content
    assert "base64" not in str(program)
    assert "import pulumi\n" not in str(program)


def test_a_task_file_is_shown_as_people_write_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is text, or the command that az was given; either makes the same base64."""
    az = "version: v1.1.0\nsteps: \n  - cmd: acr purge --ago 30d\n"
    az += "    disableWorkingDirectoryOverride: true\n    timeout: {}\n"
    sources = {
        az.format(3600): 'EncodedTaskStepArgs.from_cmd("acr purge --ago 30d")',
        az.format(60): 'EncodedTaskStepArgs.from_cmd("acr purge --ago 30d", timeout=60)',
        "steps:\n  - cmd: gr\u00fc\u00dfe\n": '"  - cmd: gr\u00fc\u00dfe\\n"',
        az.format(3600).replace(" 30d", " 30d # x"): "EncodedTaskStepArgs.from_yaml(",
    }
    for text, source in sources.items():
        content = base64.b64encode(text.encode()).decode()
        step = {"type": "EncodedTask", "encodedTaskContent": content}
        program = _program(task={"properties": {"platform": {"os": "Linux"}, "step": step}})
        assert source in str(program)
        assert _declared(program, monkeypatch)["task"]["step"].encoded_task_content == content


def test_lines_that_can_be_short_are_short() -> None:
    """Arguments that do not fit on a line have a line each."""
    lines = str(_program(greeting=_DETAILS)).splitlines()
    assert [line for line in lines if len(line) > WIDTH and "REGISTRY =" not in line] == []
    assert '        timer_triggers=[TimerTriggerArgs(schedule="0 3 * * *", status="Disabled", name="t1")],' in lines


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--registry", "/x"], "'/x' is not a registry's id"),
        (["--registry", _ID, "--endpoint", "embedded"], "an embedded emulator is not started here"),
        (["--registry", _ID, "--endpoint", "ftp://x"], "acr-tasks:endpoint is 'ftp://x'; it is `embedded` or a URL"),
    ],
)
def test_an_error_is_a_sentence_without_a_program(options: list[str], sentence: str) -> None:
    """It is on stderr, with exit status 1, and stdout is empty."""
    done = CliRunner().invoke(commands, ["export", *options])
    assert done.exit_code == 1
    assert sentence in done.stderr
    assert done.stdout == ""
