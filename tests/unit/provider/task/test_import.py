"""The import of a task by its id alone, and what becomes of the placeholders of its secrets."""

from __future__ import annotations

import base64
import copy
import json
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.errors import AcrTasksError, ForbiddenError, ValidationError
from pulumi_acr_tasks.run import verbs as run_verbs
from pulumi_acr_tasks.schema.spelling import spelled
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task import announce, crud, read
from pulumi_acr_tasks.task import verbs as task_verbs
from pulumi_acr_tasks.task.placeholders import filled, unfilled, with_placeholders

_ENDPOINT = "https://arm.example.org"
_REGISTRY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/registry"
_ID = f"{_REGISTRY}/tasks/build"
_IDENTITY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
_FILE = "steps:\n  - build: https://x:c4nary-file@github.com/a/b.git\n"
_SECRET_FILE = base64.b64encode(_FILE.encode()).decode()
_AUTH = {"tokenType": "PAT", "token": "c4nary-pat", "scope": "repo"}
_DETAILS: dict[str, Any] = {
    "id": _ID,
    "name": "build",
    "type": "Microsoft.ContainerRegistry/registries/tasks",
    "location": "westeurope",
    "tags": {"team": "web"},
    "identity": {
        "type": "SystemAssigned, UserAssigned",
        "principalId": "p",
        "tenantId": "t",
        "userAssignedIdentities": {_IDENTITY: {"principalId": "q", "clientId": "c"}},
    },
    "properties": {
        "provisioningState": "Succeeded",
        "creationDate": "2025-04-08T08:17:33.8618426+00:00",
        "status": "Enabled",
        "platform": {"os": "Linux", "architecture": "amd64"},
        "agentConfiguration": {"cpu": 2},
        "timeout": 3600,
        "step": {
            "type": "Docker",
            "dockerFilePath": "Dockerfile",
            "contextPath": "https://x:c4nary-context@github.com/a/b.git",
            "contextAccessToken": "c4nary-token",
            "imageNames": [],
            "isPushEnabled": True,
            "noCache": False,
            "arguments": [
                {"name": "x", "value": "1", "isSecret": False},
                {"name": "y", "value": "c4nary-y", "isSecret": True},
            ],
        },
        "trigger": {
            "timerTriggers": [{"name": "nightly", "schedule": "0 3 * * *", "status": "Enabled"}],
            "sourceTriggers": [
                {
                    "name": "source",
                    "status": "Enabled",
                    "sourceTriggerEvents": ["commit"],
                    "sourceRepository": {
                        "sourceControlType": "Github",
                        "repositoryUrl": "https://github.com/a/b",
                        "sourceControlAuthProperties": _AUTH,
                    },
                }
            ],
        },
        "credentials": {
            "customRegistries": {
                "r.example": {
                    "userName": {"value": "bob", "type": "Opaque"},
                    "password": {"value": "c4nary-password", "type": "Opaque"},
                },
                "i.example": {"identity": "[system]"},
            }
        },
    },
}
_PATHS = [
    "step.contextPath",
    "step.contextAccessToken",
    "step.arguments[1].value",
    "trigger.sourceTriggers[0].sourceRepository.sourceControlAuthProperties.token",
    'credentials.customRegistries["r.example"].userName.value',
    'credentials.customRegistries["r.example"].password.value',
]


class Console:
    """A console that keeps what it shows."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def status(self, text: str) -> None:
        self.lines.append(text)

    info = warning = error = status


class Task:
    """The service, with the one task `build`: it answers listDetails and takes a PATCH."""

    def __init__(self) -> None:
        self.details = copy.deepcopy(_DETAILS)
        self.status = 200
        self.bodies: list[Any] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.status != 200:
            return httpx.Response(self.status, json={"error": {"code": "No", "message": "no"}})
        if request.method == "PATCH":
            body = json.loads(request.content)
            self.bodies.append(body)
            self.details["properties"]["step"].update(body["properties"]["step"])
        return httpx.Response(200, json=self.details)


@pytest.fixture
def task() -> Task:
    return Task()


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    console = Console()
    monkeypatch.setattr(engine, "console", lambda *_: console)
    return console


@pytest.fixture
def service(task: Task, console: Console) -> Service:
    client = Client(transport(httpx.Client(transport=httpx.MockTransport(task))), _ENDPOINT)
    return Service(Settings(endpoint=_ENDPOINT), client)


Imported = tuple[str, dict[str, Any], dict[str, Any]]


@pytest.fixture
def imported(service: Service) -> Imported:
    """The id, the outputs and the inputs of the imported task."""
    with engine.serving(engine.Request("")):
        return read.import_(service, _ID)


def _checked(service: Service, olds: dict[str, Any], news: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    news = spelled(news, task_verbs.kinds)
    with engine.serving(engine.Request("")):
        inputs, problems = announce.check(service, olds, news)
    return inputs, [str(problem) for problem in problems]


def _changes(service: Service, outs: dict[str, Any], news: dict[str, Any]) -> bool | None:
    with engine.serving(engine.Request("")):
        return announce.diff(service, _ID, outs, news).changes


def test_inputs_have_no_defaults_and_no_secret(imported: Imported) -> None:
    """Defaults of the service are left out; a secret is a placeholder."""
    id_, outs, inputs = imported
    assert id_ == _ID
    assert inputs == {
        "registryId": _REGISTRY,
        "taskName": "build",
        "endpoint": _ENDPOINT,
        "tags": {"team": "web"},
        "identity": {"type": "SystemAssigned, UserAssigned", "userAssignedIdentities": [_IDENTITY]},
        "platform": {"os": "Linux"},
        "step": {
            "type": "Docker",
            "dockerFilePath": "Dockerfile",
            "contextPath": "https://x:[secret]@github.com/a/b.git",
            "contextAccessToken": "[secret]",
            "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "[secret]", "isSecret": True}],
        },
        "trigger": {
            "timerTriggers": [{"name": "nightly", "schedule": "0 3 * * *"}],
            "sourceTriggers": [
                {
                    "name": "source",
                    "sourceTriggerEvents": ["commit"],
                    "sourceRepository": {
                        "sourceControlType": "Github",
                        "repositoryUrl": "https://github.com/a/b",
                        "sourceControlAuthProperties": {"tokenType": "PAT", "token": "[secret]"},
                    },
                }
            ],
        },
        "credentials": {
            "customRegistries": {
                "r.example": {"userName": {"value": "[secret]"}, "password": {"value": "[secret]"}},
                "i.example": {"identity": "[system]"},
            }
        },
    }
    assert outs["step"]["contextAccessToken"] == "c4nary-token"
    assert outs["provisioningState"] == "Succeeded"


def test_the_message_names_each_secret(imported: Imported, console: Console) -> None:
    """One warning names the paths, and shows no value."""
    (line,) = console.lines
    assert line.startswith(f"task build has secrets: {', '.join(_PATHS)}\n")
    assert "c4nary" not in line


def test_the_first_update_after_an_import_changes_nothing(service: Service, imported: Imported) -> None:
    """A placeholder stands for the secret that the task has; so does the secret itself."""
    _, outs, inputs = imported
    checked, problems = _checked(service, inputs, inputs)
    assert problems == []
    assert _changes(service, outs, checked) is False
    in_clear = filled(checked, outs)
    assert not any(unfilled(in_clear))
    assert _changes(service, outs, in_clear) is False


def test_another_secret_is_sent_alone(service: Service, task: Task, imported: Imported) -> None:
    """A secret that differs from the task's is a change; other placeholders in what is sent are the task's secrets."""
    _, outs, inputs = imported
    news = spelled(copy.deepcopy(inputs), task_verbs.kinds)
    news["step"]["arguments"][0]["value"] = "2"
    with engine.serving(engine.Request("")):
        found = crud.update(service, _ID, outs, news)
    arguments = [{"name": "x", "value": "2"}, {"name": "y", "value": "c4nary-y", "isSecret": True}]
    assert task.bodies == [{"properties": {"step": {"type": "Docker", "arguments": arguments}}}]
    assert found["step"]["arguments"] == arguments

    news["step"]["contextAccessToken"] = "new"
    with engine.serving(engine.Request("")):
        crud.update(service, _ID, found, news)
    assert task.bodies[1:] == [{"properties": {"step": {"type": "Docker", "contextAccessToken": "new"}}}]


def test_a_placeholder_without_a_secret_is_a_problem(service: Service, imported: Imported) -> None:
    """A new task gets no placeholder for a secret: check names each, as Python spells it."""
    _, _, inputs = imported
    _, problems = _checked(service, {}, inputs)
    assert [problem.partition(":")[0] for problem in problems] == [
        "step.context_path",
        "step.context_access_token",
        "step.arguments[1].value",
        "trigger.source_triggers[0].source_repository.source_control_auth_properties.token",
        'credentials.custom_registries["r.example"].user_name.value',
        'credentials.custom_registries["r.example"].password.value',
    ]
    assert all("write the secret instead of [secret]" in problem for problem in problems)


def test_items_are_found_by_name_and_hosts_without_case(imported: Imported) -> None:
    """The order of a list and the case of a host do not matter to a placeholder."""
    _, outs, inputs = imported
    news = copy.deepcopy(inputs)
    news["step"]["arguments"].reverse()
    registries = news["credentials"]["customRegistries"]
    registries["R.example"] = registries.pop("r.example")
    found = filled(news, outs)
    assert found["step"]["arguments"][0]["value"] == "c4nary-y"
    assert found["credentials"]["customRegistries"]["R.example"]["password"]["value"] == "c4nary-password"


def test_a_secret_in_a_task_file_is_masked_within_it() -> None:
    """The placeholder is the task file without the secret, in base64; it is still a task file."""
    task = {"step": {"type": "EncodedTask", "encodedTaskContent": _SECRET_FILE}}
    shown = with_placeholders(task)
    text = base64.b64decode(shown["step"]["encodedTaskContent"]).decode()
    assert text == _FILE.replace("c4nary-file", "[secret]")
    assert list(unfilled(shown)) == ["step.encodedTaskContent"]
    assert filled(shown, task) == task


@pytest.mark.parametrize("id_", ["build", f"{_REGISTRY}/runs/cf1", f"{_REGISTRY}", "/subscriptions/S/tasks/build"])
def test_an_id_that_is_not_a_task_s_is_a_sentence(id_: str, service: Service) -> None:
    """The sentence shows what the id of a task looks like."""
    with (
        engine.serving(engine.Request("")),
        pytest.raises(ValidationError, match="is not the id of a task, which looks"),
    ):
        read.import_(service, id_)


@pytest.mark.parametrize(
    ("status", "kind", "words"), [(404, ValidationError, "task build does not exist"), (403, ForbiddenError, "adopt")]
)
def test_a_task_that_cannot_be_read_is_an_error(
    status: int, kind: type[AcrTasksError], words: str, service: Service, task: Task
) -> None:
    """A missing task is an error; so is a missing permission, with the way that needs none."""
    task.status = status
    with engine.serving(engine.Request("")), pytest.raises(kind, match=words):
        read.import_(service, _ID)


def test_a_task_that_no_program_can_declare_is_refused(service: Service, task: Task) -> None:
    """The service's own `quicktask` has neither platform nor step."""
    del task.details["properties"]["step"]
    with engine.serving(engine.Request("")), pytest.raises(ValidationError, match="no platform or no step"):
        read.import_(service, _ID)


def test_a_run_cannot_be_imported(service: Service) -> None:
    """The sentence says why, and what to do instead."""
    with pytest.raises(ValidationError, match=r"(?s)cannot be imported.*declare the run"):
        run_verbs.import_(service, f"{_REGISTRY}/runs/cf1")
