"""The plugin's server, called over gRPC as the engine calls it, with an emulator behind it."""

from __future__ import annotations

import threading
import time

import grpc
import httpx
import pytest
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2, status_pb2
from pulumi.runtime.rpc import UNKNOWN, wrap_rpc_secret
from tests.real.provider.plugin.conftest import CANARY, NEWS, RUN, STEP, TASK, Plugin, plain, struct, urn

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.engine import cancel


def test_another_endpoint_replaces_no_provider(plugin: Plugin) -> None:
    """A replaced provider would replace all its resources; each of them refuses another endpoint itself."""
    olds, news = struct({"endpoint": "http://127.0.0.1:1"}), struct({"endpoint": "http://127.0.0.1:2"})
    answer = plugin.stub.DiffConfig(provider_pb2.DiffRequest(olds=olds, news=news))
    assert (answer.changes, list(answer.replaces)) == (provider_pb2.DiffResponse.DIFF_SOME, [])


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
