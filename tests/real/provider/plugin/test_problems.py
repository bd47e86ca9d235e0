"""Problems of a program, as the plugin reports them to the engine."""

from __future__ import annotations

import base64
from typing import Any

import grpc
import pytest
from pulumi.runtime.proto import provider_pb2
from pulumi.runtime.rpc import wrap_rpc_secret
from tests.real.provider.plugin.conftest import CANARY, NEWS, RUN, TASK, Plugin, plain, struct, urn


def test_wrong_keys_and_values_are_reported_together(plugin: Plugin) -> None:
    """No failure names a property, and a client secret is marked although the program has not marked it."""
    wrong = struct({"endpont": "embedded", "credential": "magic", "version": "0.1.0", "clientSecret": CANARY})
    answer = plugin.stub.CheckConfig(provider_pb2.CheckRequest(urn=urn("pulumi:providers:acr-tasks", "p"), news=wrong))
    assert [failure.property for failure in answer.failures] == ["", ""]
    assert "did you mean acr-tasks:endpoint?" in answer.failures[0].reason
    assert answer.failures[1].reason.startswith("acr-tasks:credential is 'magic'")
    assert plain(answer.inputs)["clientSecret"] == wrap_rpc_secret(CANARY)


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
