"""Task files in base64, made from text, dictionaries, files and commands."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi.runtime import rpc

from pulumi_acr_tasks import EncodedTaskRunRequestArgs, EncodedTaskStepArgs, SetValueArgs, outputs
from pulumi_acr_tasks.errors import ValidationError
from pulumi_acr_tasks.validate.task_file.file import check_task_file
from pulumi_acr_tasks.validate.task_file.yaml import load

_TEXT = "version: v1.1.0\nsteps:\n  - cmd: busybox echo '{{.Values.who}}'\n"
_PURGE = "acr purge --filter 'web:.*' --ago 30d"


@pytest.fixture(autouse=True)
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.AbstractEventLoop]:
    """Run an event loop, which outputs need, as a program has one."""
    monkeypatch.setattr(rpc.settings, "monitor_supports_feature", lambda _: True)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    asyncio.set_event_loop(None)
    loop.close()


def _text(content: Any) -> str:
    if isinstance(content, pulumi.Output):
        content = asyncio.get_event_loop().run_until_complete(content.future())
    return base64.b64decode(content).decode()


def test_a_text_is_taken_as_it_stands() -> None:
    """Only the margin of an indented string is removed: the agent needs the version at the beginning of a line."""
    indented = "".join(f"        {line}\n" for line in _TEXT.splitlines())
    for text in (_TEXT, indented):
        assert _text(EncodedTaskStepArgs.from_yaml(text).encoded_task_content) == _TEXT


def test_a_dictionary_and_a_list_of_steps_become_the_same_yaml() -> None:
    """A list gets the version in which aliases work."""
    steps = [{"cmd": "busybox true", "timeout": 60, "when": None}]
    contents = [
        EncodedTaskRunRequestArgs.from_yaml(task).encoded_task_content
        for task in (steps, tuple(steps), {"version": "v1.1.0", "steps": steps})
    ]
    assert {_text(content) for content in contents} == {"version: v1.1.0\nsteps:\n- cmd: busybox true\n  timeout: 60\n"}


@pytest.mark.parametrize(
    "value",
    ["no", "y", "010", "1e5", "12:30:00", "2020-01-01", "~", "", "a: b # c", "a\nb\n", '{{ index .Values "a" }}', "é"],
)
def test_a_string_stays_a_string_for_the_agent(value: str) -> None:
    """The agent reads YAML 1.1, in which more words are booleans."""
    import yaml  # the SDK's, which reads 1.1

    text = _text(EncodedTaskStepArgs.from_yaml([{"cmd": "a", "id": value}]).encoded_task_content)
    assert yaml.safe_load(text)["steps"] == [{"cmd": "a", "id": value}]
    assert value in text or "\n" in value


def test_objects_like_plain_ones_are_accepted(loop: asyncio.AbstractEventLoop) -> None:
    """Enumerations, values of a YAML library, and outputs of resources are accepted."""
    read = load("steps:\n  - cmd: 'busybox true'\n")[0]
    level = Enum("Level", {"HIGH": "high"}, type=str).HIGH
    output = pulumi.Output.from_input(outputs.SetValue(name="a", value=level))
    texts = [
        _text(EncodedTaskStepArgs.from_yaml(task).encoded_task_content)
        for task in (read, {"steps": [{"cmd": "a", "id": level}]}, {"steps": [output]})
    ]
    assert texts == [
        "steps:\n- cmd: busybox true\n",
        "steps:\n- cmd: a\n  id: high\n",
        "steps:\n- name: a\n  value: high\n",
    ]


def test_a_line_that_the_agent_would_drop_is_quoted() -> None:
    """It drops lines that begin with #, inside blocks too."""
    text = _text(EncodedTaskStepArgs.from_yaml([{"cmd": "sh -c 'a\n # b\n'"}]).encoded_task_content)
    assert load(text)[0]["steps"][0]["cmd"] == "sh -c 'a\n # b\n'"
    assert not any(line.lstrip().startswith("#") for line in text.splitlines())


def test_a_file_is_read_beside_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its values file is read too; line ends of Windows make the same task."""
    monkeypatch.chdir(tmp_path)
    Path("acb.yaml").write_bytes(_TEXT.replace("\n", "\r\n").encode())
    Path("values.yaml").write_text("who: you\n")
    for step in (
        EncodedTaskStepArgs.from_file("acb.yaml", values="values.yaml"),
        EncodedTaskStepArgs.from_file(tmp_path / "acb.yaml", values=tmp_path / "values.yaml"),
        EncodedTaskStepArgs.from_file("acb.yaml", values={"who": "you"}, context_path="https://example.com/a.git"),
    ):
        assert _text(step.encoded_task_content) == _TEXT
        assert _text(step.encoded_values_content) == "who: you\n"
    assert step.context_path == "https://example.com/a.git"


def test_a_command_is_the_task_file_that_az_writes() -> None:
    """The bytes are those of az's template, so a task of az is taken over without a change."""
    step, request = EncodedTaskStepArgs.from_cmd(_PURGE), EncodedTaskRunRequestArgs.from_cmd(_PURGE, timeout=600)
    assert _text(step.encoded_task_content) == (
        f"version: v1.1.0\nsteps: \n  - cmd: {_PURGE}\n    disableWorkingDirectoryOverride: true\n    timeout: 3600\n"
    )
    assert _text(request.encoded_task_content).endswith("timeout: 600\n")
    assert request.timeout == 600


@pytest.mark.parametrize("cmd", ["bash -c 'a: b' # c", "acr purge \\\n  --ago 30d", "'quoted' x"])
def test_a_command_is_quoted_where_yaml_needs_it(cmd: str) -> None:
    """The file is valid for any command; a continued line becomes one line."""
    text = _text(EncodedTaskStepArgs.from_cmd(cmd).encoded_task_content)
    assert check_task_file(text) == []
    assert load(text)[0]["steps"][0]["cmd"] == cmd.replace("\\\n  ", "")


def test_outputs_and_secrets_may_be_anywhere_within(loop: asyncio.AbstractEventLoop) -> None:
    """The result is an output, and secret where one of them is; a number from the engine is whole again."""
    name, secret = pulumi.Output.from_input("web"), pulumi.Output.secret("s3cret")
    made = {
        "dict": EncodedTaskStepArgs.from_yaml([{"cmd": name, "timeout": pulumi.Output.from_input(60.0)}]),
        "text": EncodedTaskStepArgs.from_yaml(pulumi.Output.format("steps:\n  - cmd: {0}\n", secret)),
        "cmd": EncodedTaskStepArgs.from_cmd(pulumi.Output.concat("acr purge --filter ", name)),
    }
    contents: dict[str, Any] = {key: step.encoded_task_content for key, step in made.items()}
    assert "- cmd: web\n  timeout: 60\n" in _text(contents["dict"])
    assert "cmd: s3cret" in _text(contents["text"])
    assert "--filter web\n" in _text(contents["cmd"])
    secrets = {key: loop.run_until_complete(content.is_secret()) for key, content in contents.items()}
    assert secrets == {"dict": False, "text": True, "cmd": False}


def test_values_are_a_file_or_a_list() -> None:
    """The items of a list are secret one by one; a dictionary is encrypted as a whole."""
    values = [SetValueArgs(name="who", value="you", is_secret=True)]
    step = EncodedTaskStepArgs.from_yaml(_TEXT, values=values)
    assert (step.values, step.encoded_values_content) == (values, None)
    request = EncodedTaskRunRequestArgs.from_cmd("busybox {{.Values.who}}", values={"who": "you"})
    assert (request.values, _text(request.encoded_values_content)) == (None, "who: you\n")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: EncodedTaskStepArgs.from_yaml("acb.yaml"), "'acb.yaml' is the name of a file: call from_file"),
        (lambda: EncodedTaskStepArgs.from_yaml(Path("acb.yaml")), "this is a PosixPath: call from_file"),
        (lambda: EncodedTaskStepArgs.from_yaml(_PURGE), "this is a command: call from_cmd"),
        (
            lambda: EncodedTaskStepArgs.from_yaml(b"steps:"),
            "the text of a task file, a dict or a list of steps; this is",
        ),
        (lambda: EncodedTaskStepArgs.from_yaml([]), "a dict or a list of steps; this is empty"),
        (lambda: EncodedTaskStepArgs.from_yaml([{"cmd": object()}]), "YAML has no form for an object of object"),
        (lambda: EncodedTaskStepArgs.from_file("gone.yaml"), "there is no file 'gone.yaml' (relative to "),
        (lambda: EncodedTaskStepArgs.from_file("."), "'.' cannot be read: "),
        (lambda: EncodedTaskStepArgs.from_file(__file__, values=5), "values is a dict, the text of a values file or"),
        (lambda: EncodedTaskStepArgs.from_cmd(" "), "from_cmd takes a command line"),
        (lambda: EncodedTaskStepArgs.from_cmd("a\nb"), "from_cmd takes one line"),
        (
            lambda: EncodedTaskRunRequestArgs.from_cmd("a", retries=2),
            "EncodedTaskRunRequestArgs has no argument 'retries'",
        ),
    ],
)
def test_a_wrong_argument_is_an_error_with_the_line_of_the_program(make: Any, sentence: str) -> None:
    """The sentence names the constructor that was meant."""
    with pytest.raises(ValidationError) as caught:
        make()
    assert sentence in str(caught.value)
    assert str(caught.value).startswith("test_encoded.py, line ")
