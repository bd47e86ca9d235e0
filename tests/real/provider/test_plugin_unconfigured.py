"""The plugin's server before the engine has configured it, and with values that are not known yet."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf import struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN

from pulumi_acr_tasks.plugin.server import serve

URN = "urn:pulumi:dev::shop::acr-tasks:index:Task::build"
NEED_CONFIGURATION = {
    "Check": provider_pb2.CheckRequest(urn=URN),
    "Diff": provider_pb2.DiffRequest(urn=URN),
    "Create": provider_pb2.CreateRequest(urn=URN),
    "Read": provider_pb2.ReadRequest(urn=URN),
    "Update": provider_pb2.UpdateRequest(urn=URN),
    "Delete": provider_pb2.DeleteRequest(urn=URN),
    "Invoke": provider_pb2.InvokeRequest(tok="acr-tasks:index:getTask"),
}


@pytest.fixture
def stub() -> Iterator[Any]:
    server, port = serve()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)
    server.stop(0).wait()


def refusal(call: Any, request: Any) -> str:
    with pytest.raises(grpc.RpcError) as caught:
        call(request)
    return str(caught.value.details())


def test_a_call_before_the_configuration_is_refused_with_a_sentence(stub: Any) -> None:
    sentence = "the provider has no configuration yet; the engine sends it first (Configure)"
    for name, request in NEED_CONFIGURATION.items():
        assert refusal(getattr(stub, name), request) == sentence


def test_the_schema_and_the_checks_of_a_configuration_need_none(stub: Any) -> None:
    """The engine reads the schema of a plugin that it never configures."""
    assert stub.GetSchema(provider_pb2.GetSchemaRequest()).schema.startswith("{")
    assert not stub.CheckConfig(provider_pb2.CheckRequest(urn=URN)).failures
    assert stub.DiffConfig(provider_pb2.DiffRequest(urn=URN)).changes == provider_pb2.DiffResponse.DIFF_NONE


def test_what_the_plugin_cannot_do_is_said_with_a_cure(stub: Any) -> None:
    """`pulumi package add PLUGIN WORD` hands on parameters, and PULUMI_DEBUG_PROVIDERS attaches to a running plugin."""
    assert "leave out the arguments" in refusal(stub.Parameterize, provider_pb2.ParameterizeRequest())
    assert "unset PULUMI_DEBUG_PROVIDERS" in refusal(stub.Attach, plugin_pb2.PluginAttach(address="127.0.0.1:1"))


@pytest.mark.parametrize(
    ("function", "argument"),
    [("getTask", "taskName"), ("getRun", "runId"), ("listTasks", "registryName"), ("contextHash", "context")],
)
def test_a_function_of_an_unknown_argument_makes_no_request(function: str, argument: str, stub: Any) -> None:
    """The answer is empty, as the engine's own is while the configuration is not known."""
    config, args = struct_pb2.Struct(), struct_pb2.Struct()
    config.update({"endpoint": "http://127.0.0.1:1"})
    args.update({argument: UNKNOWN})
    stub.Configure(provider_pb2.ConfigureRequest(args=config))
    answer = stub.Invoke(provider_pb2.InvokeRequest(tok=f"acr-tasks:index:{function}", args=args))
    assert answer == provider_pb2.InvokeResponse()
