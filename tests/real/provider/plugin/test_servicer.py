"""The plugin's server, called over gRPC as the engine calls it, with an emulator behind it."""

from __future__ import annotations

import base64
import itertools
import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2
from pulumi.runtime.rpc import UNKNOWN, wrap_rpc_secret

import acr_tasks_emulator
from pulumi_acr_tasks import engine
from pulumi_acr_tasks.engine import cancel, shortened_errors
from pulumi_acr_tasks.plugin.server import serve

TASK, RUN = "acr-tasks:index:Task", "acr-tasks:index:Run"
CANARY = "c4nary-0123"
STEP = {"type": "EncodedTask", "encodedTaskContent": "c3RlcHM6IFt7Y21kOiBidXN5Ym94IHRydWV9XQ=="}
NUMBERS = itertools.count(600)
NEWS: dict[str, Any] = {"platform": {"os": "Linux"}, "step": STEP}


def struct(values: dict[str, Any]) -> Any:
    message = struct_pb2.Struct()
    message.update(values)
    return message


def plain(message: Any) -> Any:
    return json_format.MessageToDict(message)


def urn(type_: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{type_}::{name}"


class Plugin:
    """The engine's side of one configured provider."""

    def __init__(self, stub: Any, emulator: Any) -> None:
        self.stub, self.emulator = stub, emulator
        part = emulator.registries[0].split("/")
        self.config = {
            "endpoint": emulator.endpoint,
            "subscriptionId": part[2],
            "resourceGroupName": part[4],
            "registryName": part[8],
        }

    def check(self, name: str, news: dict[str, Any], type_: str = TASK, **olds: Any) -> Any:
        request = provider_pb2.CheckRequest(urn=urn(type_, name), type=type_, news=struct(news), olds=struct(olds))
        return self.stub.Check(request)

    def create(self, name: str, news: dict[str, Any], type_: str = TASK, preview: bool = False) -> Any:
        checked = self.check(name, news, type_)
        assert not checked.failures
        return self.stub.Create(
            provider_pb2.CreateRequest(
                urn=urn(type_, name), type=type_, properties=checked.inputs, preview=preview, timeout=30
            )
        )

    def diff(self, name: str, made: Any, old: dict[str, Any], new: dict[str, Any]) -> Any:
        old_inputs = self.check(name, old).inputs
        news = self.check(name, new, **plain(old_inputs)).inputs
        return self.stub.Diff(
            provider_pb2.DiffRequest(
                id=made.id, urn=urn(TASK, name), type=TASK, olds=made.properties, news=news, old_inputs=old_inputs
            )
        )

    def writes(self) -> list[str]:
        # Without `verify`, each request would load the certificates, which takes longer than the request.
        told = httpx.get(f"{self.emulator.endpoint}/_emulator/requests", verify=False).json()
        return [each["method"] for each in told["value"] if each["method"] != "GET"]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Any]:
    """An emulator whose runs stay in the queue."""
    with acr_tasks_emulator.serve(executor="simulated", switches={"agent-delay": 3600}) as running:
        yield running


@pytest.fixture
def plugin(emulator: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugin]:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setattr(shortened_errors, "_shown", {})
    httpx.post(f"{emulator.endpoint}/_emulator/reset", verify=False).raise_for_status()
    server, port = serve()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        asked = Plugin(provider_pb2_grpc.ResourceProviderStub(channel), emulator)
        asked.stub.Configure(
            provider_pb2.ConfigureRequest(
                urn=urn("pulumi:providers:acr-tasks", "default"),
                # Other settings make a service of its own for each test: a service remembers what it knows of tasks.
                args=struct({**asked.config, "answerTimeout": str(next(NUMBERS))}),
            )
        )
        yield asked
    server.stop(0).wait()


def test_wrong_keys_and_values_are_reported_together(plugin: Plugin) -> None:
    """No failure names a property, and a client secret is marked although the program has not marked it."""
    wrong = struct({"endpont": "embedded", "credential": "magic", "version": "0.1.0", "clientSecret": CANARY})
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(urn=urn("pulumi:providers:acr-tasks", "p"), news=wrong))
    assert [failure.property for failure in answer.failures] == ["", ""]
    assert "did you mean acr-tasks:endpoint?" in answer.failures[0].reason
    assert answer.failures[1].reason.startswith("acr-tasks:credential is 'magic'")
    assert plain(answer.inputs)["clientSecret"] == wrap_rpc_secret(CANARY)


def test_another_endpoint_replaces_no_provider(plugin: Plugin) -> None:
    """A replaced provider would replace all its resources; each of them refuses another endpoint itself."""
    olds, news = struct({"endpoint": "http://127.0.0.1:1"}), struct({"endpoint": "http://127.0.0.1:2"})
    answer = plugin.stub.DiffConfig(provider_pb2.DiffRequest(olds=olds, news=news))
    assert (answer.changes, list(answer.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, [])


def test_a_wrong_value_is_reported_by_its_path(plugin: Plugin) -> None:
    """The failure names no property: the engine would print its value."""
    [failure] = plugin.check("build", {**NEWS, "timeout": 7}).failures
    assert failure.property == ""
    assert failure.reason.startswith("timeout: is 7")


def test_problems_spell_names_as_the_schema_does(plugin: Plugin) -> None:
    """This holds for paths and for names within sentences, not for quoted text and keys of maps."""
    news: dict[str, Any] = {
        "taskName": "task_name!",
        "registryId": plugin.emulator.registries[0],
        "registryName": "emulator",
        "platform": {"os": "Linux"},
        "step": {"type": "Docker", "dockerFilePat": "Dockerfile"},
        "credentials": {"customRegistries": {"user_name": {}}},
    }
    assert [failure.reason for failure in plugin.check("build", news).failures] == [
        "registryId: is given together with registryName; give one or the other",
        "taskName: is 'task_name!'; a task's name has 5 to 50 letters, digits, - and _",
        "step.dockerFilePat: is not a member of DockerBuildStep; did you mean dockerFilePath?",
        "step.dockerFilePath: is missing",
        'credentials.customRegistries["user_name"]: is not a login server, such as myregistry.azurecr.io',
        'credentials.customRegistries["user_name"]: has neither userName and password nor an identity',
    ]


def test_a_sentence_about_a_line_of_a_file_keeps_the_words_of_the_file(plugin: Plugin) -> None:
    """A variable of a step may have the name of a property; the path is the schema's all the same."""
    steps = b"version: v1.1.0\nsteps:\n  - cmd: busybox true\n    env: [image_names]\nenv: [a=b]\n"
    step = {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(steps).decode()}
    [failure] = plugin.check("build", {**NEWS, "step": step}).failures
    assert failure.reason.startswith("step.encodedTaskContent: line 4, column 11: 'image_names' has no value")
    assert failure.reason.endswith("write image_names=")


def test_problems_of_functions_and_runs_spell_names_as_the_schema_does(plugin: Plugin) -> None:
    """Programs of any language call them."""
    request = {"type": "DockerBuildRequest", "platform": {"os": "Linux"}}
    reasons = [failure.reason for failure in plugin.check("run", {"runRequest": request}, RUN).failures]
    assert reasons == [
        "context: is missing; a DockerBuildRequest needs files: "
        "give context, a local folder or archive, or runRequest.sourceLocation, an address"
    ]
    request = {"type": "TaskRunRequest", "taskId": "tasks/nightly"}
    [failure] = plugin.check("run", {"runRequest": request}, RUN).failures
    assert failure.reason.startswith(
        "runRequest.taskId: belongs to later versions of the API; give taskName ('nightly')"
    )
    args = struct({"taskName": "x", "registryName": "y"})
    answer = plugin.stub.Invoke(provider_pb2.InvokeRequest(tok="acr-tasks:index:getTask", args=args))
    assert answer.failures[0].reason.splitlines() == [
        "registryName: is 'y'; a registry's name has 5 to 50 letters and digits",
        "taskName: is 'x'; a task's name has 5 to 50 letters, digits, - and _",
    ]


def test_secret_marks_are_kept(plugin: Plugin) -> None:
    """Inputs are marked leaf by leaf, outputs by whole lists; the service gets the values."""
    values = [{"name": "a", "value": "shown"}, {"name": "b", "value": wrap_rpc_secret(CANARY)}]
    news = {**NEWS, "timeout": wrap_rpc_secret(600), "step": {**STEP, "values": values}}
    inputs = plain(plugin.check("build", news).inputs)
    assert inputs["timeout"] == wrap_rpc_secret(600.0)
    assert inputs["step"]["values"] == values
    made = plugin.create("build", news)
    outs = plain(made.properties)
    assert outs["timeout"] == wrap_rpc_secret(600.0)
    assert outs["step"]["values"] == wrap_rpc_secret([values[0], {"name": "b", "value": CANARY}])
    assert CANARY not in made.id


def test_a_preview_makes_no_request(plugin: Plugin) -> None:
    """Values that the service will set are unknown, and values of the program are known."""
    made = plugin.create("build", {**NEWS, "timeout": 600, "identity": {"type": "SystemAssigned"}}, preview=True)
    outs = plain(made.properties)
    assert (outs["timeout"], outs["creationDate"], outs["identity"]["principalId"]) == (600.0, UNKNOWN, UNKNOWN)
    assert plugin.writes() == []


def test_a_diff_has_the_path_of_each_change(plugin: Plugin) -> None:
    """An item of a list is known by its number, a removed one by its old number."""
    timers = [{"name": f"t{number}", "schedule": f"{number} 3 * * *"} for number in (1, 2, 3)]
    old = {**NEWS, "timeout": 600, "trigger": {"timerTriggers": timers}}
    new = {**NEWS, "tags": {"a": "b"}, "trigger": {"timerTriggers": [{**timers[1], "schedule": "0 4 * * *"}]}}
    made, kinds = plugin.create("build", old), provider_pb2.PropertyDiff
    found = plugin.diff("build", made, old, {**new, "timeout": 700})
    assert {path: each.kind for path, each in found.detailedDiff.items()} == {
        "timeout": kinds.UPDATE,
        "tags": kinds.ADD,
        "trigger.timerTriggers[0]": kinds.UPDATE,  # the first one is removed, and the second one changed
        "trigger.timerTriggers[2]": kinds.DELETE,
    }
    assert plugin.diff("build", made, old, old).changes == provider_pb2.DiffResponse.DIFF_NONE
    secret_since = plugin.diff("build", made, old, {**old, "timeout": wrap_rpc_secret(600)})
    assert secret_since.changes == provider_pb2.DiffResponse.DIFF_UNKNOWN
    moved = plugin.diff("build", made, old, {**old, "taskName": "another"})
    assert moved.detailedDiff["taskName"].kind == kinds.UPDATE_REPLACE
    assert (list(moved.replaces), moved.deleteBeforeReplace) == (["taskName"], True)


def test_a_replacement_that_only_an_option_asks_for_is_announced(
    plugin: Plugin, capsys: pytest.CaptureFixture[str]
) -> None:
    """Outside Python no path of the option reaches the provider: a check without old inputs after the diff shows it."""
    made = plugin.create("build", {**NEWS, "timeout": 600})
    plugin.check("other", NEWS)  # a new resource
    plugin.diff("build", made, {**NEWS, "timeout": 600}, {**NEWS, "timeout": 900})
    assert "replaced" not in capsys.readouterr().err
    plugin.check("build", {**NEWS, "timeout": 900})
    assert (
        "build: replaced, because an option of the resource asks for it (replaceOnChanges)" in capsys.readouterr().err
    )
    plugin.check("build", {**NEWS, "timeout": 900})
    assert "replaced" not in capsys.readouterr().err


def test_a_create_whose_answer_is_lost_is_kept_in_state(plugin: Plugin) -> None:
    """The engine reads id, outputs and reason from the details of the error, and secrets are marked there too."""
    lost = {"match": {"method": "PUT", "path": "/tasks/"}, "times": 50, "drop": "after"}
    httpx.put(f"{plugin.emulator.endpoint}/_emulator/faults", verify=False, json=[lost]).raise_for_status()
    with pytest.raises(grpc.RpcError) as caught:
        plugin.create("build", {**NEWS, "timeout": wrap_rpc_secret(600)})
    metadata = dict(caught.value.trailing_metadata())
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    failure = provider_pb2.ErrorResourceInitFailed()
    assert status.details[0].Unpack(failure)
    assert failure.id.endswith("/tasks/build")
    assert plain(failure.properties)["timeout"] == wrap_rpc_secret(600.0)
    assert "may have been made all the same" in failure.reasons[0]


def test_a_defect_keeps_its_traceback_and_shows_no_secret(plugin: Plugin) -> None:
    """A malformed id of a registry is a defect of the state; it is quoted without the secret in it."""
    step = {**STEP, "contextAccessToken": wrap_rpc_secret(CANARY)}
    properties = struct({**NEWS, "step": step, "registryId": f"/{CANARY}", "taskName": "build"})
    with pytest.raises(grpc.RpcError) as caught:
        plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(TASK, "a"), type=TASK, properties=properties))
    assert "Traceback" in caught.value.details()
    assert CANARY not in caught.value.details()


def test_a_task_is_read_by_its_id_alone(plugin: Plugin) -> None:
    """For `pulumi import` the answer has inputs that check takes, and with which nothing differs."""
    made = plugin.create("build", {**NEWS, "tags": {"a": "b"}})
    read = plugin.stub.Read(provider_pb2.ReadRequest(id=made.id, urn=urn(TASK, "build"), type=TASK))
    inputs = plain(read.inputs)
    assert (inputs["taskName"], inputs["tags"]) == ("build", {"a": "b"})
    found = plugin.diff("build", read, inputs, inputs)
    assert found.changes == provider_pb2.DiffResponse.DIFF_NONE


@pytest.mark.parametrize(
    ("method", "request_", "sentence"),
    [
        ("Check", provider_pb2.CheckRequest(type="acr-tasks:index:Tusk"), "did you mean acr-tasks:index:Task?"),
        ("Read", provider_pb2.ReadRequest(id="build", type=TASK, inputs=struct({})), "is not the id of a task, which"),
        (
            "Read",
            provider_pb2.ReadRequest(id="cf1", type=RUN, inputs=struct({})),
            "is not the id of a run, which looks",
        ),
    ],
)
def test_a_mistake_of_the_program_is_a_sentence(method: str, request_: Any, sentence: str, plugin: Plugin) -> None:
    """Of every language's: a type that does not exist, and an id of `get` that is of something else."""
    with pytest.raises(grpc.RpcError) as caught:
        getattr(plugin.stub, method)(request_)
    assert sentence in caught.value.details()
    assert "Traceback" not in caught.value.details()


def test_a_task_that_exists_is_refused_with_every_cure(plugin: Plugin) -> None:
    """`pulumi up --replace` asks no provider which of the two is first, so the option is one of the cures."""
    plugin.create("build", NEWS)
    inputs = plugin.check("build", NEWS).inputs
    # Another service does not know that this process has made the task.
    plugin.stub.Configure(
        provider_pb2.ConfigureRequest(urn=urn("pulumi:providers:acr-tasks", "p"), args=struct(plugin.config))
    )
    with pytest.raises(grpc.RpcError) as caught:
        plugin.stub.Create(provider_pb2.CreateRequest(urn=urn(TASK, "other"), type=TASK, properties=inputs))
    for cure in ("the option aliases", "the option deleteBeforeReplace", "set adopt", "delete it first"):
        assert cure in caught.value.details()


def test_a_function_answers_through_the_service(plugin: Plugin) -> None:
    """A wrong argument is a failure, not an error."""
    plugin.create("build", NEWS)
    listed = plugin.stub.Invoke(provider_pb2.InvokeRequest(tok="acr-tasks:index:listTasks"))
    assert [task["name"] for task in plain(getattr(listed, "return"))["tasks"]] == ["build"]


def test_cancel_ends_every_wait(plugin: Plugin, monkeypatch: pytest.MonkeyPatch) -> None:
    """An awaited run is canceled at the service, and its create ends."""
    canceled = threading.Event()
    monkeypatch.setattr(engine, "canceled", canceled)
    monkeypatch.setattr(cancel, "canceled", canceled)
    monkeypatch.setattr(cancel, "_callbacks", [])
    request = {
        "type": "EncodedTaskRunRequest",
        "platform": {"os": "Linux"},
        "encodedTaskContent": STEP["encodedTaskContent"],
    }
    inputs = plugin.check("run", {"runRequest": request}, RUN).inputs
    create = plugin.stub.Create.future(
        provider_pb2.CreateRequest(urn=urn(RUN, "run"), type=RUN, properties=inputs, timeout=60)
    )
    while "POST" not in plugin.writes():
        assert not create.done()
        time.sleep(0.05)  # between two looks
    plugin.stub.Cancel(empty_pb2.Empty())
    assert "canceled" in create.exception(timeout=30).details()
