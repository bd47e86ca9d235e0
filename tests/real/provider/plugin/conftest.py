"""The engine's side of the plugin's server, with an emulator behind it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from google.protobuf import json_format, struct_pb2
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

import acr_tasks_emulator
from pulumi_acr_tasks.engine import shortened_errors
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
