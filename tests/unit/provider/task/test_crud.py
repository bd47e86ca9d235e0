"""Create, read, update and delete of a task, against a service that keeps tasks and masks secrets."""

from __future__ import annotations

import contextlib
import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import embedded, engine, errors
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.journal.journal import TASK, Journal, request_hash
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.secrets import masked
from pulumi_acr_tasks.schema.values import UNKNOWN
from pulumi_acr_tasks.service import Service, service_for
from pulumi_acr_tasks.settings.settings import Settings
from pulumi_acr_tasks.task import announce, crud, drift

_ENDPOINT = "https://arm.example.org"
_REGISTRY = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/registry"
_TASK = f"{_REGISTRY}/tasks/build"
_INPUTS: dict[str, Any] = {
    "registryId": _REGISTRY,
    "taskName": "build",
    "endpoint": _ENDPOINT,
    "platform": {"os": "Linux"},
    "step": {
        "type": "Docker",
        "dockerFilePath": "Dockerfile",
        "arguments": [{"name": "x", "value": "1"}, {"name": "y", "value": "c4nary", "isSecret": True}],
    },
    "identity": {"type": "SystemAssigned"},
    "timeout": 600,
}


@dataclass
class FakeService:
    """One registry in westeurope, with its tasks as the service answers them."""

    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    has_registry: bool = True
    missing: str = "ResourceGroupNotFound"
    refusals: dict[str, int] = field(default_factory=dict)
    stubborn: dict[str, Any] = field(default_factory=dict)
    requests: list[tuple[str, str, Any]] = field(default_factory=list)
    page_size: int = 100

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path, body = request.url.path, json.loads(request.content) if request.content else None
        self.requests.append((request.method, path.removeprefix(_REGISTRY), body))
        status = self.refusals.get(f"{request.method} {path.removeprefix(_REGISTRY)}")
        if status:
            return httpx.Response(status, json={"error": {"code": "No", "message": "no"}})
        if not self.has_registry:
            return httpx.Response(404, json={"error": {"code": self.missing, "message": "no group"}})
        if path == _REGISTRY:
            return httpx.Response(200, json={"location": "westeurope", "properties": {}})
        if path == f"{_REGISTRY}/tasks":
            return self.page(int(request.url.params.get("page", 0)))
        name = path.removeprefix(f"{_REGISTRY}/tasks/").removesuffix("/listDetails")
        if request.method == "PUT":
            self.tasks[name] = {"name": name, **body}
        elif name not in self.tasks:
            return httpx.Response(204 if request.method == "DELETE" else 404)
        elif request.method == "PATCH":
            self.tasks[name]["properties"].update(body.get("properties", {}))
        elif request.method == "DELETE":
            del self.tasks[name]
            return httpx.Response(200)
        if request.method in self.stubborn:
            self.tasks[name]["properties"].update(self.stubborn[request.method])
        return httpx.Response(200, json=self.answer(name, clear=path.endswith("/listDetails")))

    def page(self, number: int) -> httpx.Response:
        names = sorted(self.tasks)[number * self.page_size :]
        more = {"nextLink": f"{_ENDPOINT}{_REGISTRY}/tasks?page={number + 1}"} if len(names) > self.page_size else {}
        return httpx.Response(200, json={"value": [self.answer(name) for name in names[: self.page_size]], **more})

    def answer(self, name: str, *, clear: bool = False) -> dict[str, Any]:
        answer = copy.deepcopy(self.tasks[name])
        answer["type"] = "Microsoft.ContainerRegistry/registries/tasks"
        answer["systemData"] = {"createdBy": "x"}
        answer["properties"].update(provisioningState="Succeeded", creationDate="2025-04-08T08:17:33.8618426+00:00")
        if "identity" in answer and answer["identity"]["type"] != "None":
            answer["identity"].update(principalId="p", tenantId="t")
        if not clear:
            step = answer["properties"]["step"]
            step["arguments"] = [item for item in step.get("arguments", []) if not item.get("isSecret")]
            registries = answer["properties"].get("credentials", {}).get("customRegistries", {})
            registries.update(dict.fromkeys(registries))
        return answer


@dataclass
class Messages:
    """The messages that the console was given."""

    lines: list[str] = field(default_factory=list)

    def info(self, text: str) -> None:
        self.lines.append(text)

    error = warning = status = info


@pytest.fixture
def fake() -> FakeService:
    return FakeService()


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Messages:
    console = Messages()
    monkeypatch.setattr(engine, "console", lambda *_: console)
    monkeypatch.setattr(engine, "stack_console", lambda: console)
    return console


@pytest.fixture
def service(fake: FakeService, said: Messages) -> Service:
    service = Service(Settings(endpoint=_ENDPOINT))
    service._client = Client(transport(httpx.Client(transport=httpx.MockTransport(fake))), _ENDPOINT)
    return service


def _create(service: Service, inputs: dict[str, Any], urn: str = "") -> tuple[str, dict[str, Any]]:
    with engine.serving(engine.Request(urn)):
        return crud.create(service, inputs)


def _update(service: Service, old: dict[str, Any], new: dict[str, Any], urn: str = "") -> dict[str, Any]:
    with engine.serving(engine.Request(urn)):
        return crud.update(service, old, new)


def _read(service: Service, id_: str, props: dict[str, Any], urn: str = "") -> Any:
    """Return the outputs and the inputs of the refreshed state; None when the task is dropped from it."""
    with engine.serving(engine.Request(urn)):
        found, outs, inputs = crud.read(service, id_, props)
    return (outs, drift.inputs_of(props) if inputs is None else inputs) if found else None


def _delete(service: Service, id_: str, props: dict[str, Any], urn: str = "") -> None:
    with engine.serving(engine.Request(urn)):
        crud.delete(service, id_, props)


def _journal(service: Service) -> Journal:
    with engine.serving(engine.Request(_URN)):
        return service.journal()


def _next_process(service: Service) -> Service:
    """Another command of the engine: nothing is known any more but what the state and the journal say."""
    later = Service(service.settings)
    later._client = service._client
    return later


def test_create_puts_the_task_where_its_registry_is(service: Service, fake: FakeService) -> None:
    """The location is looked up, the secrets are sent, and the outputs echo the inputs."""
    id_, outs = _create(service, _INPUTS)
    assert id_ == _TASK
    assert [request[:2] for request in fake.requests] == [("GET", ""), ("GET", "/tasks"), ("PUT", "/tasks/build")]
    assert fake.requests[2][2] == {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {key: _INPUTS[key] for key in ("platform", "step", "timeout")},
    }
    assert outs == {
        **_INPUTS,
        "identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"},
        "type": "Microsoft.ContainerRegistry/registries/tasks",
        "provisioningState": "Succeeded",
        "creationDate": "2025-04-08T08:17:33.8618426+00:00",
        "systemData": {"createdBy": "x"},
    }


def test_the_registry_is_looked_up_once(service: Service, fake: FakeService) -> None:
    """However many tasks it gets."""
    for name in ("build", "build2", "build3"):
        _create(service, {**_INPUTS, "taskName": name})
    assert [path for method, path, _ in fake.requests if path == ""] == [""]


def test_another_location_is_refused_before_anything_is_written(service: Service, fake: FakeService) -> None:
    """The registry's own is right in any spelling."""
    with pytest.raises(errors.ValidationError, match="location: 'eastus' is not the location of registry registry"):
        _create(service, {**_INPUTS, "location": "eastus"})
    assert fake.tasks == {}
    _create(service, {**_INPUTS, "location": "West Europe"})
    assert fake.tasks["build"]["location"] == "westeurope"


def test_an_existing_task_is_refused(service: Service, fake: FakeService) -> None:
    """Somebody else's, perhaps; the sentence says what to do."""
    _create(service, _INPUTS)
    with pytest.raises(errors.TaskExistsError, match="adopt=True"):
        _create(service, {**_INPUTS, "timeout": 700})
    assert fake.tasks["build"]["properties"]["timeout"] == 600


def test_an_adopted_task_is_changed_only_where_it_differs(service: Service, fake: FakeService) -> None:
    """By the same PATCH as an update; one that does not differ is only read."""
    _create(service, _INPUTS)
    fake.requests.clear()
    _, outs = _create(_next_process(service), {**_INPUTS, "adopt": True})
    assert [request[:2] for request in fake.requests] == [
        ("GET", ""),
        ("GET", "/tasks"),
        ("POST", "/tasks/build/listDetails"),
    ]
    assert outs["provisioningState"] == "Succeeded"
    _create(service, {**_INPUTS, "adopt": True, "timeout": 700})
    assert fake.requests[-1] == ("PATCH", "/tasks/build", {"properties": {"timeout": 700}})


def test_what_an_adopted_task_has_beyond_the_program_goes(service: Service, fake: FakeService) -> None:
    """Afterwards it is what the program says, and nothing else."""
    more = {**_INPUTS, "trigger": {"timerTriggers": [{"name": "t", "schedule": "0 9 * * *"}]}, "status": "Disabled"}
    _create(service, more)
    _create(service, {**_INPUTS, "adopt": True})
    assert fake.requests[-1][0] == "PUT"
    assert "trigger" not in fake.tasks["build"]["properties"]


def test_a_task_is_adopted_unseen_without_the_permission_to_see_secrets(
    service: Service, fake: FakeService, said: Messages
) -> None:
    """All of it is replaced, and a warning says why."""
    _create(service, _INPUTS)
    fake.refusals["POST /tasks/build/listDetails"] = 403
    _create(service, {**_INPUTS, "adopt": True})
    assert fake.requests[-1][0] == "PUT"
    assert fake.requests[-1][2]["identity"] == {"type": "SystemAssigned"}
    assert "listDetails is not permitted" in said.lines[0]


def test_a_registry_that_does_not_exist_fails_the_creation(service: Service, fake: FakeService) -> None:
    """With the service's own words."""
    fake.has_registry = False
    with pytest.raises(errors.RegistryNotFoundError, match="no group"):
        _create(service, _INPUTS)


def test_an_update_is_one_patch(service: Service, fake: FakeService) -> None:
    """Exactly one request, and the new outputs."""
    _, outs = _create(service, _INPUTS)
    fake.requests.clear()
    new = {**_INPUTS, "timeout": 700}
    updated = _update(service, outs, new)
    assert fake.requests == [("PATCH", "/tasks/build", {"properties": {"timeout": 700}})]
    assert updated == {**outs, "timeout": 700}


_TIMER = {"name": "t", "schedule": "0 9 * * *"}
_ADDED = {"name": "added", "schedule": "0 7 * * *", "later": {"a": 1}}


def _changed_by_hand(fake: FakeService) -> None:
    """What others do to a task, and what a later version of the service has in it."""
    properties = fake.tasks["build"]["properties"]
    properties.update(agentPoolName="pool", timeout=5000)
    properties["trigger"]["timerTriggers"].append(_ADDED)
    properties["step"]["later"] = "x"
    properties["step"]["arguments"][1]["value"] = "changed by hand"


def test_what_patch_cannot_say_is_put_into_what_the_service_has(service: Service, fake: FakeService) -> None:
    """What others added, what no definition of ours has, and what the program leaves alone survive, in two requests."""
    _, outs = _create(service, {**_INPUTS, "trigger": {"timerTriggers": [_TIMER]}})
    _changed_by_hand(fake)
    wanted = copy.deepcopy(fake.tasks["build"]["properties"])
    wanted["trigger"] = {"timerTriggers": [_ADDED]}
    fake.requests.clear()
    _update(service, outs, _INPUTS)
    assert [request[:2] for request in fake.requests] == [
        ("POST", "/tasks/build/listDetails"),
        ("PUT", "/tasks/build"),
    ]
    assert fake.requests[-1][2] == {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": wanted,
    }


def test_without_the_permission_to_see_secrets_a_put_is_the_program_s(
    service: Service, fake: FakeService, said: Messages
) -> None:
    """A lasting message names what could not be kept."""
    _, outs = _create(service, {**_INPUTS, "trigger": {"timerTriggers": [_TIMER]}})
    _changed_by_hand(fake)
    fake.refusals["POST /tasks/build/listDetails"] = 403
    _update(service, outs, _INPUTS)
    assert fake.requests[-1][2]["properties"] == {key: _INPUTS[key] for key in ("platform", "step", "timeout")}
    assert said.lines == [
        "task build is put from the program alone, because listDetails is not permitted; "
        "not kept: timeout, trigger.timerTriggers[added], agentPoolName, step.later, trigger.timerTriggers.later"
    ]


def test_what_a_patch_does_not_change_is_put_once(service: Service, fake: FakeService, said: Messages) -> None:
    """A lasting message says which property."""
    _, outs = _create(service, _INPUTS)
    fake.stubborn["PATCH"] = {"timeout": 600}
    _update(service, outs, {**_INPUTS, "timeout": 700, "status": "Disabled"})
    assert [request[0] for request in fake.requests[-3:]] == ["PATCH", "POST", "PUT"]
    assert fake.tasks["build"]["properties"]["timeout"] == 700
    assert said.lines == ["PUT (PATCH did not change timeout)"]


def test_what_a_put_does_not_change_is_an_error(service: Service, fake: FakeService) -> None:
    """Otherwise each update would send a PUT; members that did not change are not compared."""
    _, outs = _create(service, _INPUTS)
    fake.stubborn = {verb: {"timeout": 600, "status": "Disabled"} for verb in ("PATCH", "PUT")}
    with pytest.raises(errors.UpdateError, match=r"its answer shows the old timeout$"):
        _update(service, outs, {**_INPUTS, "timeout": 700})


def test_an_update_that_changes_nothing_at_the_service_makes_no_request(service: Service, fake: FakeService) -> None:
    """`adopt` counts only at creation; what the service set stays in the outputs."""
    _, outs = _create(service, _INPUTS)
    fake.requests.clear()
    assert _update(service, outs, {**_INPUTS, "adopt": True}) == {**outs, "adopt": True}
    assert fake.requests == []


def test_another_location_is_refused_in_an_update(service: Service, fake: FakeService) -> None:
    """Before anything is written; the registry's own costs no PATCH."""
    _, outs = _create(service, _INPUTS)
    fake.requests.clear()
    with pytest.raises(errors.ValidationError, match="location"):
        _update(service, outs, {**_INPUTS, "location": "eastus", "timeout": 700})
    _update(service, outs, {**_INPUTS, "location": "westeurope"})
    assert fake.requests == []


def test_a_task_that_is_gone_is_created_again(service: Service, fake: FakeService, said: Messages) -> None:
    """Where its registry exists; a warning says so."""
    _, outs = _create(service, _INPUTS)
    fake.tasks.clear()
    _update(service, outs, {**_INPUTS, "timeout": 700})
    assert fake.tasks["build"]["properties"]["timeout"] == 700
    assert said.lines == [
        "task build was gone; it is created again; its system-assigned identity has another principal id"
    ]


def test_a_refresh_of_what_did_not_drift_changes_nothing(service: Service) -> None:
    """Outputs and inputs come back as they were, secrets included."""
    _, outs = _create(service, _INPUTS)
    assert _read(_next_process(service), _TASK, outs) == (outs, _INPUTS)


def test_a_refresh_shows_what_somebody_changed(service: Service, fake: FakeService) -> None:
    """In outputs and inputs alike."""
    _, outs = _create(service, _INPUTS)
    fake.tasks["build"]["properties"]["timeout"] = 5000
    found = _read(_next_process(service), _TASK, outs)
    assert found == ({**outs, "timeout": 5000}, {**_INPUTS, "timeout": 5000})


def test_a_task_that_is_gone_is_dropped(service: Service, fake: FakeService, said: Messages) -> None:
    """Its own GET proves it, the registry exists, and a warning names the task."""
    _, outs = _create(service, _INPUTS)
    fake.tasks.clear()
    assert _read(_next_process(service), _TASK, outs) is None
    assert [request[:2] for request in fake.requests[-3:]] == [("GET", "/tasks"), ("GET", "/tasks/build"), ("GET", "")]
    assert said.lines == ["task build does not exist any more; the task is dropped from the state"]


def test_a_list_that_is_not_found_drops_nothing(service: Service, fake: FakeService) -> None:
    """Each task is asked for by itself then."""
    made = [_create(service, {**_INPUTS, "taskName": f"build{number}"}) for number in range(3)]
    fake.refusals["GET /tasks"] = 404
    later = _next_process(service)
    assert all(_read(later, id_, outs) is not None for id_, outs in made)


@pytest.mark.parametrize("secret_drift", [False, True])
def test_tasks_whose_registry_is_gone_are_dropped(
    service: Service, fake: FakeService, said: Messages, secret_drift: bool
) -> None:
    """A warning names what is gone, which is asked for once."""
    made = [_create(service, {**_INPUTS, "taskName": f"build{number}"}) for number in range(3)]
    fake.has_registry = False
    fake.requests.clear()
    later = _drifting(service) if secret_drift else _next_process(service)
    assert [_read(later, id_, outs) for id_, outs in made] == [None] * 3
    assert set(said.lines) == {"resource group G does not exist any more; the task is dropped from the state"}
    assert [path for _, path, _ in fake.requests].count("") == 1


@pytest.mark.parametrize("code", ["SubscriptionNotFound", "NotFound", ""])
def test_a_404_that_proves_nothing_drops_nothing(
    service: Service, fake: FakeService, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A wrong subscription, or a proxy, must not empty the state; nor does destroy take it for success."""
    _, outs = _create(service, _INPUTS)
    fake.has_registry, fake.missing = False, code
    for call in (_read, _delete):
        with pytest.raises(errors.ServiceError):
            call(_next_process(service), _TASK, outs)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "Unauthorized"), (403, "Forbidden"), (429, "Throttled"), (503, "Unavailable")]
)
def test_what_cannot_be_read_is_an_error(service: Service, fake: FakeService, status: int, kind: str) -> None:
    """Not signed in, not allowed, too busy, or ill: a refresh that read nothing is not green."""
    _, outs = _create(service, _INPUTS)
    fake.refusals["GET /tasks"] = status
    with pytest.raises(getattr(errors, f"{kind}Error")):
        _read(_next_process(service), _TASK, outs)


def test_reads_of_a_service_that_does_not_answer_are_given_up(service: Service) -> None:
    """After three in a row: hundreds of tasks do not each wait for their retries. An answer begins anew."""
    asked = []

    def read(*, fails: bool) -> None:
        with service.reading():
            asked.append(fails)
            if fails:
                raise errors.TransportError("no answer")

    for fails in (True, True, False, True, True, True):
        with contextlib.suppress(errors.TransportError):
            read(fails=fails)
    with pytest.raises(errors.TransportError, match="no answer"):
        read(fails=False)
    assert len(asked) == 6


def test_a_task_that_is_looked_up_by_its_id_must_exist(service: Service) -> None:
    """`opts.id` has nothing that could be gone."""
    with pytest.raises(errors.NotFoundError):
        _read(service, _TASK, _INPUTS)


def test_deleting_with_the_registry_succeeds_and_says_so(service: Service, fake: FakeService, said: Messages) -> None:
    """What is gone is named."""
    fake.has_registry = False
    _delete(service, _TASK, _INPUTS)
    assert said.lines == ["resource group G was gone already"]


def test_delete_is_one_request(service: Service, fake: FakeService, said: Messages) -> None:
    """And none more."""
    _, outs = _create(service, _INPUTS)
    fake.requests.clear()
    _delete(service, _TASK, outs)
    assert fake.requests == [("DELETE", "/tasks/build", None)]
    assert said.lines == []


@pytest.mark.parametrize("status", [404, None])
def test_deleting_what_is_gone_succeeds_and_says_so(
    service: Service, fake: FakeService, said: Messages, status: int | None
) -> None:
    """204 live; a 404 means the same."""
    if status:
        fake.refusals["DELETE /tasks/build"] = status
    _delete(service, _TASK, _INPUTS)
    assert said.lines == ["task build was gone already"]


@pytest.mark.parametrize("doing", ["update", "read", "delete"])
def test_a_task_at_another_endpoint_is_not_touched(service: Service, fake: FakeService, doing: str) -> None:
    """Neither changed, nor dropped, nor deleted."""
    outs = {**_INPUTS, "endpoint": "embedded"}
    calls = {
        "update": lambda: _update(service, outs, _INPUTS),
        "read": lambda: _read(service, _TASK, outs),
        "delete": lambda: _delete(service, _TASK, outs),
    }
    sentence = f"this task lives at embedded; the stack now points to {_ENDPOINT}"
    with pytest.raises(errors.EndpointError, match=re.escape(sentence)):
        calls[doing]()
    assert fake.requests == []


def test_user_assigned_identities_keep_the_program_s_spelling(service: Service, fake: FakeService) -> None:
    """The service's principals stand beside the program's ids, and go again on a refresh."""
    inputs = {**_INPUTS, "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/A": {}}}}
    answer = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a": {"principalId": "q"}}}}
    outs = drift.outputs(inputs, answer)
    assert outs["identity"]["userAssignedIdentities"] == {"/A": {"principalId": "q"}}
    assert drift.inputs_of(outs)["identity"] == inputs["identity"]


def test_one_process_has_one_service_for_equal_settings() -> None:
    """So that its tasks share a client."""
    assert service_for(Settings("embedded")) is service_for(Settings("embedded"))
    assert service_for(Settings("embedded")) is not service_for(Settings("embedded", log_level="info"))


def test_each_stack_has_an_emulator_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Pulumi's home, unless the configuration names a folder."""
    monkeypatch.setenv("PULUMI_HOME", "/home/pulumi")
    monkeypatch.setenv("PULUMI_PROJECT", "shop")
    urn = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::build"
    with engine.serving(engine.Request(urn)):
        assert str(embedded.data_folder(Settings("embedded"))) == "/home/pulumi/acr-tasks-emulator/shop/dev"
        assert str(embedded.data_folder(Settings("embedded", embedded_data="/data"))) == "/data"
    assert str(embedded.data_folder(Settings("embedded"))) == "/home/pulumi/acr-tasks-emulator/shop"


def test_a_renamed_stack_gets_the_folders_of_its_emulator_s_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An empty emulator would have none of its tasks. A folder of its own raises nothing, nor does a lone stack."""
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setattr(engine, "current_request", lambda: engine.Request(_URN.replace(":dev:", ":prod:")))
    service, state = Service(Settings("embedded")), {"endpoint": "embedded"}
    service.refuse_other_endpoint("task", state)
    former = tmp_path / "acr-tasks-emulator" / "shop" / "dev"
    former.mkdir(parents=True)
    with pytest.raises(errors.EndpointError) as raised:
        service.refuse_other_endpoint("task", state)
    assert f"mv FORMER {former.parent / 'prod'}" in str(raised.value)
    assert str(former) in str(raised.value)
    Service(Settings("embedded", embedded_data=str(former))).refuse_other_endpoint("task", state)
    (former.parent / "prod").mkdir()
    service.refuse_other_endpoint("task", state)


_URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Task::build"
_LOGIN = {"userName": {"value": "u"}, "password": {"value": "c4nary-password"}}
_WITH_LOGIN: dict[str, Any] = {**_INPUTS, "credentials": {"customRegistries": {"a.example": _LOGIN}}}


def test_many_creates_and_a_refresh_share_what_they_ask(service: Service, fake: FakeService) -> None:
    """N tasks cost N requests, one list and one GET; to refresh them costs the list."""
    names = [f"build{number}" for number in range(10)]
    made = [_create(service, {**_INPUTS, "taskName": name}) for name in names]
    assert [request[0] for request in fake.requests] == ["GET", "GET", *["PUT"] * 10]
    fake.requests.clear()
    later = _next_process(service)
    assert [_read(later, id_, outs) is not None for id_, outs in made] == [True] * 10
    assert [request[:2] for request in fake.requests] == [("GET", "/tasks")]


def test_two_resources_of_one_program_do_not_make_the_same_task(service: Service, fake: FakeService) -> None:
    """Neither of them overwrites the other."""
    assert service.tasks(RegistryId.parse(_REGISTRY)).claim("build")
    with pytest.raises(errors.TaskExistsError, match="another resource of this program"):
        _create(service, _INPUTS)
    assert fake.tasks == {}


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    return tmp_path


def _check(service: Service, urn: str = _URN, olds: dict[str, Any] | None = None, **changes: Any) -> Any:
    news = {key: value for key, value in {**_INPUTS, **changes}.items() if value is not None}
    with engine.serving(engine.Request(urn)):
        inputs, problems = announce.check(service, olds or {}, news)
    return inputs.get("taskName"), [str(problem) for problem in problems]


def test_a_task_has_its_resource_s_name_until_it_has_its_own(service: Service, home: Path) -> None:
    """The name in the old inputs stays; so it does when the engine asks again without them, for a replacement."""
    assert _check(service, taskName=None) == ("build", [])
    assert _check(service, f"{_URN}-two", taskName=None) == ("build-two", [])
    renamed = f"{_URN}-renamed"
    assert _check(service, renamed, {"taskName": "before"}, taskName=None) == ("before", [])
    assert _check(service, renamed, taskName=None) == ("before", [])
    assert _check(service, renamed, taskName="given") == ("given", [])
    assert _check(service, "", {"taskName": "before"}, taskName=None) == ("before", [])
    _, problems = _check(service, "", taskName=None)
    assert len(problems) == 1
    assert problems[0].startswith("task_name: ")


def test_a_task_that_is_declared_twice_is_a_problem_of_both(service: Service, said: Messages, home: Path) -> None:
    """Both are named; another registry or endpoint is another task."""
    assert _check(service) == ("build", [])
    _, problems = _check(service, f"{_URN}-two", taskName="BUILD")
    assert problems == [
        f"task_name: is 'BUILD'; {_URN} declares the same task in registry registry (the case of names does not count)"
    ]
    assert said.lines == [
        f"task_name: is 'BUILD'; {_URN}-two declares the same task in registry registry "
        "(the case of names does not count)"
    ]
    assert _check(service, f"{_URN}-two", registryId=f"{_REGISTRY}2")[1] == []
    assert _check(service, f"{_URN}-two", registryId=UNKNOWN)[1] == []


def test_preview_says_that_an_existing_task_will_be_adopted(service: Service, said: Messages, home: Path) -> None:
    """Once the resource is in state there is nothing to adopt."""
    _check(service, adopt=True)
    assert said.lines == ["task build of registry registry is taken over if it exists"]
    _check(service, adopt=True, olds=_INPUTS)
    assert len(said.lines) == 1


def test_a_task_that_has_an_heir_is_only_forgotten(
    service: Service, fake: FakeService, said: Messages, home: Path
) -> None:
    """Another resource of the program has adopted it; without one the task is deleted."""
    _create(service, _INPUTS, _URN)
    later, heir = _next_process(service), f"{_URN}-heir"
    _create(later, {**_INPUTS, "adopt": True}, heir)
    fake.requests.clear()
    _delete(later, _TASK, _INPUTS, _URN)
    assert fake.requests == []
    assert said.lines[-1] == f"task build is not deleted: it belongs to build-heir now ({heir})"
    _delete(later, _TASK, _INPUTS, heir)
    assert fake.requests == [("DELETE", "/tasks/build", None)]


def test_destroy_warns_of_a_task_that_a_killed_update_may_have_left(
    service: Service, fake: FakeService, said: Messages, home: Path
) -> None:
    """Once, and not while the program declares it or the resource is only replaced."""
    killed = f"{_URN}-killed"
    service.organization = "acme"
    _create(service, {**_INPUTS, "taskName": "killed"}, killed)
    _create(service, _INPUTS, _URN)
    for declared, warnings in [(_URN, 0), (killed, 0), ("", 1), ("", 1)]:
        later = _next_process(service)
        if declared:
            _check(later, declared)
        said.lines.clear()
        _delete(later, _TASK, _INPUTS, _URN)
        _delete(later, _TASK, _INPUTS, _URN)
        left = [line for line in said.lines if "build-killed may have been made" in line]
        assert len(left) == warnings
    assert left[0].endswith(f"delete it: {_REGISTRY}/tasks/killed")


def test_a_task_of_this_program_is_not_adopted(service: Service, fake: FakeService, home: Path) -> None:
    """It would be two resources'."""
    _create(service, _INPUTS, _URN)
    fake.requests.clear()
    with pytest.raises(errors.TaskExistsError, match="belongs to another resource of this program"):
        _create(service, {**_INPUTS, "adopt": True, "timeout": 900}, f"{_URN}-two")
    assert fake.requests == []


def test_what_a_killed_update_made_is_taken_over(
    service: Service, fake: FakeService, said: Messages, home: Path
) -> None:
    """Only by the same URN; it is changed where the program has changed since, and a message says so."""
    _create(service, _INPUTS, _URN)
    later, new = _next_process(service), {**_INPUTS, "timeout": 700}
    with pytest.raises(errors.TaskExistsError):
        _create(later, new, f"{_URN}-of-another")
    fake.requests.clear()
    id_, outs = _create(later, new, _URN)
    assert (id_, outs["timeout"]) == (_TASK, 700)
    assert fake.requests[-1] == ("PATCH", "/tasks/build", {"properties": {"timeout": 700}})
    assert said.lines == ["task build was made by an earlier update that did not end, and is taken over: PATCH timeout"]


@pytest.mark.parametrize("doing", ["update", "read", "delete"])
def test_what_the_engine_has_shown_is_not_taken_over(service: Service, home: Path, doing: str) -> None:
    """From then on the state knows whose it is."""
    _, outs = _create(service, _INPUTS, _URN)
    calls = {
        "update": lambda: _update(service, outs, _INPUTS, _URN),
        "read": lambda: _read(_next_process(service), _TASK, outs, _URN),
        "delete": lambda: _delete(service, _TASK, outs, _URN),
    }
    calls[doing]()
    assert _journal(service).find(TASK, endpoint=_ENDPOINT) is None


@pytest.mark.parametrize(("status", "kept"), [(400, False), (409, False), (503, True)])
def test_a_create_that_was_refused_leaves_nothing_in_the_journal(
    service: Service, fake: FakeService, home: Path, status: int, kept: bool
) -> None:
    """One that was answered by a service that is ill may have made the task, and the error says so."""
    fake.refusals["PUT /tasks/build"] = status
    with pytest.raises(errors.ServiceError) as raised:
        _create(service, _INPUTS, _URN)
    assert (_journal(service).find(TASK, endpoint=_ENDPOINT) is not None) is kept
    assert (f"task build may have been made all the same ({_TASK})" in str(raised.value)) is kept
    assert (raised.value.unconfirmed is not None) is kept
    fake.refusals.clear()
    assert _create(service, _INPUTS, _URN)[0] == _TASK


@pytest.mark.parametrize("failure", [errors.SignInError("no token"), httpx.ConnectError("refused")])
def test_a_create_that_was_not_sent_leaves_nothing_in_the_journal(
    service: Service, fake: FakeService, home: Path, failure: Exception
) -> None:
    """No connection, no sign-in: there is nothing that a later update could find."""

    def fails(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            raise failure
        return fake(request)

    service._client = Client(transport(httpx.Client(transport=httpx.MockTransport(fails))), _ENDPOINT)
    with pytest.raises(errors.AcrTasksError):
        _create(service, _INPUTS, _URN)
    assert _journal(service).find(TASK, endpoint=_ENDPOINT) is None


@pytest.mark.parametrize("there", [True, False])
def test_what_may_have_been_made_is_looked_for(service: Service, fake: FakeService, there: bool) -> None:
    """It is changed where it differs, or made; a refresh drops what is not there."""
    if there:
        _create(service, {**_INPUTS, "timeout": 900})
    kept = {**_INPUTS, "provisioningState": crud.UNCONFIRMED}
    later = _next_process(service)
    fake.requests.clear()
    assert _update(later, kept, _INPUTS)["provisioningState"] == "Succeeded"
    assert fake.tasks["build"]["properties"]["timeout"] == 600
    assert ("PATCH" if there else "PUT") in [method for method, _, _ in fake.requests]
    del fake.tasks["build"]
    assert _read(_next_process(service), _TASK, kept) is None


def test_the_journal_holds_no_secret(service: Service, home: Path) -> None:
    """Nor a hash that a password could be guessed from: two passwords have the same."""
    _create(service, _WITH_LOGIN, _URN)
    (file,) = home.rglob("*.json")
    text = file.read_text()
    assert "c4nary" not in text
    other = copy.deepcopy(_WITH_LOGIN)
    other["credentials"]["customRegistries"]["a.example"]["password"]["value"] = "another"
    assert request_hash(masked(other, Kind("Task"))) in text


def _drifting(service: Service) -> Service:
    later = Service(Settings(endpoint=_ENDPOINT, secret_drift=True))
    later._client = service._client
    return later


def test_a_password_that_somebody_changed_is_drift(service: Service, fake: FakeService) -> None:
    """With secretDrift, by listDetails; tasks without secrets come from the list."""
    _, outs = _create(service, _WITH_LOGIN)
    plain = {**_INPUTS, "taskName": "plain", "step": {**_INPUTS["step"], "arguments": []}}
    plain_id, plain_outs = _create(service, plain)
    fake.requests.clear()
    later = _drifting(service)
    assert _read(later, _TASK, outs) == (outs, _WITH_LOGIN)
    assert _read(later, plain_id, plain_outs) == (plain_outs, plain)
    assert [request[:2] for request in fake.requests] == [("POST", "/tasks/build/listDetails"), ("GET", "/tasks")]

    fake.tasks["build"]["properties"]["credentials"]["customRegistries"]["a.example"]["password"]["value"] = "by hand"
    found = _read(later, _TASK, outs)
    assert found is not None
    seen = found[1]["credentials"]["customRegistries"]["a.example"]
    assert seen == {"userName": {"value": "u"}, "password": {"value": "by hand"}}
    _update(service, found[0], _WITH_LOGIN)
    assert fake.requests[-1] == (
        "PATCH",
        "/tasks/build",
        {"properties": {"credentials": {"customRegistries": {"a.example": _LOGIN}}}},
    )


def test_secrets_that_may_not_be_seen_are_warned_of_once_a_registry(
    service: Service, fake: FakeService, said: Messages
) -> None:
    """And the tasks are read without them."""
    made = [_create(service, {**_WITH_LOGIN, "taskName": name}) for name in ("build", "build2")]
    for name in ("build", "build2"):
        fake.refusals[f"POST /tasks/{name}/listDetails"] = 403
    fake.requests.clear()
    later = _drifting(service)
    for id_, outs in made:
        assert _read(later, id_, outs) == (outs, {**_WITH_LOGIN, "taskName": outs["taskName"]})
    assert [request[0] for request in fake.requests] == ["POST", "GET"]
    assert len(said.lines) == 1
    assert said.lines[0].startswith("secrets of registry registry are not compared")


def test_an_update_uses_the_difference_that_diff_found_for_the_same_values_alone(
    service: Service, fake: FakeService, home: Path
) -> None:
    """Inputs that changed after `diff` are compared anew."""
    _, outs = _create(service, _INPUTS, _URN)
    for asked, updated, body in [
        ({"timeout": 700}, {"timeout": 700}, {"timeout": 700}),
        ({"timeout": 700}, {"status": "Disabled"}, {"status": "Disabled"}),
    ]:
        with engine.serving(engine.Request(_URN)):
            assert announce.diff(service, _TASK, outs, {**_INPUTS, **asked}).changes is None
        fake.requests.clear()
        _update(service, outs, {**_INPUTS, **updated}, _URN)
        assert fake.requests == [("PATCH", "/tasks/build", {"properties": body})]
        outs = {**outs, "timeout": 600}
