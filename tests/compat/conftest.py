"""A real dynamic server in a process of its own, and a stand-in for the engine that talks to it over gRPC."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc

# What the SDK's serialisation makes of a class in an importable module: a reference.
PROBE = base64.b64encode(b"\x80\x02cprobe\nProbe\n)\x81.").decode()
URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/acr-tasks:Run::image"


class Engine(engine_pb2_grpc.EngineServicer):
    """Records what is logged."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self._changed = threading.Condition()

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        with self._changed:
            self.messages.append(request)
            self._changed.notify_all()
        return empty_pb2.Empty()

    def await_message(self, text: str) -> None:
        """Returns when `text` has been logged."""
        with self._changed:
            assert self._changed.wait_for(lambda: text in [message.message for message in self.messages], timeout=60)


class DynamicServer:
    """The dynamic server, driven as the engine does."""

    def __init__(self, stub: Any, engine: Engine) -> None:
        self._stub = stub
        self.engine = engine

    def create(self, do: str, timeout: float = 0.0) -> Any:
        """Starts a Create; `.result()` gives its outputs or raises grpc.RpcError."""
        properties = struct_pb2.Struct()
        properties.update({"__provider": PROBE, "do": do})
        request = provider_pb2.CreateRequest(urn=URN, properties=properties, timeout=timeout)
        return self._stub.Create.future(request, timeout=120)

    def outputs(self, do: str, timeout: float = 0.0) -> dict[str, Any]:
        """Creates, and gives the outputs."""
        return dict(self.create(do, timeout).result().properties)

    def error(self, do: str) -> str:
        """Creates, and gives the text with which that fails."""
        with pytest.raises(grpc.RpcError) as failed:
            self.create(do).result()
        return str(failed.value.details())

    def cancel(self) -> None:
        self._stub.Cancel(empty_pb2.Empty(), timeout=60)


@pytest.fixture
def server() -> Iterator[DynamicServer]:
    """A dynamic server that was started and configured."""
    engine = Engine()
    engine_server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, engine_server)
    port = engine_server.add_insecure_port("127.0.0.1:0")
    engine_server.start()
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "pulumi.dynamic", f"127.0.0.1:{port}"],
        cwd=Path(__file__).parent,  # the probe is importable from there
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        with process.stdout, grpc.insecure_channel(f"127.0.0.1:{process.stdout.readline().strip()}") as channel:
            stub: Callable[..., Any] = provider_pb2_grpc.ResourceProviderStub(channel)
            stub.Configure(provider_pb2.ConfigureRequest(args=struct_pb2.Struct()), timeout=60)
            yield DynamicServer(stub, engine)
    finally:
        process.kill()
        process.wait(timeout=60)
        engine_server.stop(None).wait(timeout=60)
