"""The check of a run before any request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from pulumi_acr_tasks.run.check import check
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.settings.settings import Settings

SETTINGS = Settings.load({"endpoint": "embedded"}.get, {})
BUILD = {"type": "DockerBuildRequest"}


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program's folder, with a context `app`."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "app" / "wrong.yaml").write_text("steps:\n  - id: nothing\n")
    (tmp_path / "app" / "binary.yml").write_bytes(b"\xff\xfe")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PULUMI_HOME", raising=False)
    return tmp_path


def problems(**inputs: Any) -> list[str]:
    return [str(problem) for problem in check(inputs, SETTINGS)[1]]


def checked(**inputs: Any) -> dict[str, Any]:
    resolved, found = check(inputs, SETTINGS)
    assert found == []
    return resolved


def test_a_good_run_is_completed() -> None:
    """Registry, endpoint, platform, Dockerfile and hash are filled in; the context stays as it was written."""
    inputs = checked(context="./app", runRequest={**BUILD, "imageNames": ["a:v1"]})
    assert inputs["registryId"].endswith("/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/emulator")
    assert inputs["endpoint"] == "embedded"
    assert inputs["context"] == "./app"
    assert inputs["runRequest"] == {
        "type": "DockerBuildRequest",
        "imageNames": ["a:v1"],
        "platform": {"os": "Linux"},
        "dockerFilePath": "Dockerfile",
    }
    assert inputs["contextHash"].startswith("sha256:")


def test_what_the_program_says_is_never_overwritten(program: Path) -> None:
    """Defaults only fill in members that are left out."""
    (program / "app" / "web").touch()
    request = {**BUILD, "platform": {"os": "Windows"}, "dockerFilePath": "web"}
    assert checked(context="app", runRequest=request)["runRequest"] == request


def test_a_task_run_request_gets_no_defaults() -> None:
    """The task itself has them."""
    request = {"type": "TaskRunRequest", "taskName": "greeting"}
    inputs = checked(runRequest=request)
    assert inputs["runRequest"] == request
    assert "contextHash" not in inputs


ENCODED = {"type": "EncodedTaskRunRequest", "encodedTaskContent": "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="}
MISTAKES = [
    ({"runRequest": None}, "run_request: is missing"),
    ({"runRequest": {"type": "Docker"}}, "run_request.type: is 'Docker'; it is one of DockerBuildRequest, "),
    ({"context": "nowhere"}, "context: the folder nowhere does not exist"),
    ({"context": "~/app"}, "context: the folder ~/app does not exist (relative to"),
    ({"context": ""}, "context: is empty; give a folder, '.' for the program's own, or leave it out"),
    ({"context": "app/Dockerfile"}, "context: app/Dockerfile is neither a folder nor an archive"),
    ({"context": None}, "context: is missing; a DockerBuildRequest needs files"),
    ({"context": 5}, "context: is a number; a string is expected"),
    ({"runRequest": {**BUILD, "dockerFilePath": "web"}}, "run_request.docker_file_path: there is no file 'web' in the"),
    ({"runRequest": {**BUILD, "dockerFilePath": "../web"}}, "run_request.docker_file_path: there is no file '../web'"),
    ({"context": "app.tgz"}, "context: the archive app.tgz does not exist"),
    ({"context": "file:///app"}, "context: is an address of file; the service fetches git, http, https, oci"),
    (
        {"runRequest": {"type": "FileTaskRunRequest", "taskFilePath": "../task.yaml"}},
        "run_request.task_file_path: '../task.yaml' is outside the",
    ),
    (
        {"runRequest": {**BUILD, "dockerFilePath": "/web"}},
        "run_request.docker_file_path: '/web' is absolute; it is relative to the context app: '../",
    ),
    (
        {"runRequest": {"type": "FileTaskRunRequest", "taskFilePath": "task.yaml"}},
        "run_request.task_file_path: there is no file 'task.yaml' in the context app",
    ),
    (
        {"runRequest": {"type": "FileTaskRunRequest", "taskFilePath": "wrong.yaml"}},
        "run_request.task_file_path: 'wrong.yaml', line 2, column 5: a step has exactly one of cmd, build and push",
    ),
    (
        {"runRequest": {"type": "FileTaskRunRequest", "taskFilePath": "binary.yml"}},
        "run_request.task_file_path: is not text in UTF-8",
    ),
    (
        {
            "context": None,
            "runRequest": {**ENCODED, "credentials": {"customRegistries": {"h": {"identity": "system"}}}},
        },
        "run_request.credentials.custom_registries[\"h\"].identity: is 'system', and a run has no identity of its own",
    ),
    ({"runRequest": {**BUILD, "platform": {"os": "Plan9"}}}, "run_request.platform.os: is 'Plan9'; it is one of Linux"),
    (
        {"runRequest": {**BUILD, "platform": {"os": "Linux", "architecture": "ppc"}}},
        "run_request.platform.architecture: is 'ppc'; it is one of amd64, x86, arm",
    ),
    ({"runRequest": {**BUILD, "sourceLocation": "https://x/y.git"}}, "context: is given together with run_request.sou"),
    ({"runRequest": {"type": "TaskRunRequest", "taskName": "greet"}}, "context: is given with a TaskRunRequest"),
    ({"context": None, "runRequest": {"type": "TaskRunRequest"}}, "run_request.task_name: is missing"),
    ({"context": None, "runRequest": {"type": "TaskRunRequest", "taskName": "a b"}}, "run_request.task_name: is 'a b'"),
    (
        {"runRequest": {**BUILD, "imageName": "a"}},
        "run_request.imageName: is not a member of DockerBuildRequest; did you",
    ),
    ({"runRequest": {**BUILD, "timeout": 5}}, "run_request.timeout: is 5; it is 300 to 28800 seconds"),
    ({"runRequest": {**BUILD, "agentConfiguration": {"cpu": 3}}}, "run_request.agent_configuration.cpu: is 3"),
    ({"logs": "tail"}, "logs: is 'tail'; it is one of stream, on-failure, none"),
    ({"wait": "yes"}, "wait: is a string; a boolean is expected"),
    ({"queueTimeout": 0}, "queue_timeout: is 0; it is a number of seconds, 1 or more"),
    ({"queueTimeout": 5, "wait": False}, "queue_timeout: is given for a run that is not awaited"),
    ({"registryName": "no-dashes!"}, "registry_name: is 'no-dashes!'; a registry's name has 5 to 50"),
    ({"registryId": "/subscriptions/x"}, "registry_id: '/subscriptions/x' is not a registry's id"),
]


@pytest.mark.parametrize(("change", "sentence"), MISTAKES)
def test_a_mistake_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    """It begins with the property, as Python spells it."""
    inputs = {"context": "app", "runRequest": BUILD, **change}
    found = problems(**{name: value for name, value in inputs.items() if value is not None})
    assert len(found) == 1, found
    assert found[0].startswith(sentence), found[0]


def test_everything_wrong_is_said_at_once() -> None:
    """One `up` shows all mistakes of a resource."""
    found = problems(context="nowhere", logs="x", registryName="!", runRequest={**BUILD, "timeout": 1, "platform": {}})
    assert [problem.split(":")[0] for problem in found] == [
        "registry_name",
        "run_request.platform.os",
        "run_request.timeout",
        "logs",
        "context",
    ]


ADDRESSES = [
    "https://github.com/Azure-Samples/acr-build-helloworld-node.git#main:app",
    "github.com/Azure-Samples/acr-build-helloworld-node.git",
    "oci://contoso.azurecr.io/context:v1",
    "https://example.com/context.tar.gz",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_left_to_the_service(address: str) -> None:
    """An address has no hash, and stays as it was written."""
    inputs = checked(context=address, runRequest=BUILD)
    assert inputs["context"] == address
    assert "contextHash" not in inputs
    assert "sourceLocation" not in inputs["runRequest"]


def test_a_dockerfile_may_lie_outside(program: Path) -> None:
    """Its content is a part of the hash."""
    (program / "docker").mkdir()
    (program / "docker" / "web").write_text("FROM scratch\n")
    request = {**BUILD, "dockerFilePath": "../docker/web"}
    before = checked(context="app", runRequest=request)["contextHash"]
    (program / "docker" / "web").write_text("FROM busybox\n")
    assert checked(context="app", runRequest=request)["contextHash"] != before


def test_a_file_that_cannot_be_sent_is_a_problem(program: Path) -> None:
    """The sentence is the packer's own; a link is sent wherever it points."""
    (program / "app" / "link").symlink_to("/etc/passwd")
    assert problems(context="app", runRequest=BUILD) == []
    os.mkfifo(program / "app" / "queue")
    assert problems(context="app", runRequest=BUILD)[0].startswith("context: queue in the context is a pipe")


def test_a_lone_exclamation_mark_is_a_problem(program: Path) -> None:
    """The ignore file is refused before the upload, as docker refuses it."""
    (program / "app" / ".dockerignore").write_text("node_modules\n!\n")
    assert "The ignore pattern '!' re-includes nothing" in problems(context="app", runRequest=BUILD)[0]


def test_files_that_the_services_builder_leaves_out_are_a_warning(program: Path) -> None:
    """The warning names some of the files and the cure, and stops nothing."""
    (program / "app" / "src").mkdir()
    for name in "abcde":
        (program / "app" / "src" / f"{name}.py").touch()
    (program / "app" / ".dockerignore").write_text("*\n!**/*.py\n")
    inputs, found = check({"context": "app", "runRequest": BUILD}, SETTINGS)
    ((path, message, warning),) = [(problem.path, problem.message, problem.warning) for problem in found]
    assert (path, warning, "contextHash" in inputs) == ("context", True, True)
    assert "leaves out of its build: src/a.py, src/b.py, src/c.py and 2 more. For" in message


def test_the_hash_in_state_stays_for_the_same_context(program: Path) -> None:
    """A machine without executable bits or an older release wrote it; another content has another hash."""
    (program / "app" / "run.sh").write_text("#!/bin/sh\n")
    (program / "app" / "run.sh").chmod(0o755)
    given = {"context": "app", "runRequest": BUILD}
    linux = checked(**given)
    for file in (program / "app").iterdir():
        file.chmod(0o777)  # as on a drive of Windows
    windows = checked(**given)
    assert windows["contextHash"] != linux["contextHash"]
    assert windows["contextContents"] == linux["contextContents"]
    assert check(given, SETTINGS, linux)[0]["contextHash"] == linux["contextHash"]
    for file in (program / "app").iterdir():
        file.chmod(0o755 if file.name == "run.sh" else 0o644)
    assert check(given, SETTINGS, windows)[0]["contextHash"] == windows["contextHash"]
    older = {"contextHash": linux["contextHash"]}
    assert check(given, SETTINGS, older)[0]["contextHash"] == linux["contextHash"]
    (program / "app" / "run.sh").write_text("#!/bin/sh\necho\n")
    assert check(given, SETTINGS, windows)[0]["contextHash"] not in (linux["contextHash"], windows["contextHash"])


@pytest.mark.parametrize(
    "inputs",
    [
        {"context": UNKNOWN, "runRequest": BUILD},
        {"context": "app", "runRequest": {**BUILD, "dockerFilePath": UNKNOWN}},
    ],
)
def test_the_hash_of_an_unknown_context_is_unknown(inputs: dict[str, Any]) -> None:
    """This preview says nothing of the context."""
    assert checked(**inputs)["contextHash"] is UNKNOWN


@pytest.mark.parametrize(
    "inputs",
    [
        {"runRequest": UNKNOWN},
        {"context": "app", "runRequest": {**BUILD, "imageNames": UNKNOWN, "platform": UNKNOWN, "timeout": UNKNOWN}},
        {"runRequest": {"type": "TaskRunRequest", "taskName": UNKNOWN, "values": UNKNOWN}},
        {"runRequest": {**BUILD, "sourceLocation": UNKNOWN}, "registryName": UNKNOWN},
        {"runRequest": ENCODED, "logs": UNKNOWN, "wait": UNKNOWN, "queueTimeout": UNKNOWN, "triggers": UNKNOWN},
    ],
)
def test_an_unknown_value_is_not_a_problem(inputs: dict[str, Any]) -> None:
    """It may turn out to be right."""
    checked(**inputs)


def test_a_hash_that_the_program_gives_is_dropped() -> None:
    """Only check makes the hash; without a context there is no hash."""
    assert "contextHash" not in checked(runRequest=ENCODED, contextHash="sha256:0")


def test_pulumi_home_does_not_belong_to_a_context(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise every command would change the context."""
    monkeypatch.setenv("PULUMI_HOME", str(program / "app" / "home"))
    before = checked(context="app", runRequest=BUILD)["contextHash"]
    (program / "app" / "home").mkdir()
    (program / "app" / "home" / "credentials.json").touch()
    assert checked(context="app", runRequest=BUILD)["contextHash"] == before


def test_a_context_that_begins_with_a_tilde_is_refused_with_the_cure() -> None:
    """Neither Pulumi nor Python expands the tilde."""
    (problem,) = problems(context="~/app", runRequest=BUILD)
    assert problem.endswith("; only a shell expands ~: write os.path.expanduser")
