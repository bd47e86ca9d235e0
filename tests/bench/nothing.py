"""The floor of both hosts: programs whose resources do nothing, and the plugin that serves them.

Each host has a floor of its own kind. A dynamic resource carries its provider, which a plugin's does not; beside one
floor for both, that would look like speed of our plugin.
"""

from __future__ import annotations

import shlex
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime import proto
from pulumi.runtime.proto import provider_pb2_grpc
from tests.e2e.host import DYNAMIC, PLUGIN, Host

_ROOT = Path(__file__).resolve().parents[2]

_RESOURCE = {
    DYNAMIC: """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

class NothingProvider(ResourceProvider):
    def create(self, props):
        return CreateResult("id", props)

    def update(self, _id, _olds, _news):
        return UpdateResult(_news)

class Nothing(Resource, module="bench", name="Nothing"):
    def __init__(self, name, props):
        super().__init__(NothingProvider(), name, props)
""",
    PLUGIN: """
import pulumi

class Nothing(pulumi.CustomResource):
    def __init__(self, name, props):
        super().__init__("bench:index:Nothing", name, props)
""",
}
_RESOURCES = """
for number in range({count}):
    Nothing(f"task-{{number:03}}", {{"timeout": 600 if number else 300}})
"""


def program(host: Host, count: int) -> str:
    """Return a program with so many resources that do nothing."""
    return _RESOURCE[host] + _RESOURCES.format(count=count)


def write_plugin(folder: Path) -> Path:
    """Write the plugin's command, for the engine to find on PATH; return it."""
    folder.mkdir()
    command = folder / "pulumi-resource-bench"
    run = f"PYTHONPATH={shlex.quote(str(_ROOT))} exec {shlex.quote(sys.executable)} -m {__name__}"
    command.write_text(f"#!/bin/sh\n{run}\n")
    command.chmod(0o755)
    return command


class NothingServicer(provider_pb2_grpc.ResourceProviderServicer):
    """A provider without any state and any request."""

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        return proto.PluginInfo(version="0.0.0")

    def CheckConfig(self, request: Any, context: Any) -> Any:
        return proto.CheckResponse(inputs=request.news)

    def Configure(self, request: Any, context: Any) -> Any:
        return proto.ConfigureResponse()

    def Check(self, request: Any, context: Any) -> Any:
        return proto.CheckResponse(inputs=request.news)

    def Diff(self, request: Any, context: Any) -> Any:
        differs = proto.DiffResponse.DIFF_SOME, proto.DiffResponse.DIFF_NONE
        return proto.DiffResponse(changes=differs[request.olds == request.news])

    def Create(self, request: Any, context: Any) -> Any:
        return proto.CreateResponse(id="id", properties=request.properties)

    def Read(self, request: Any, context: Any) -> Any:
        return proto.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Update(self, request: Any, context: Any) -> Any:
        return proto.UpdateResponse(properties=request.news)

    def Delete(self, request: Any, context: Any) -> Any:
        return empty_pb2.Empty()


def main() -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=512))  # as wide as our own plugin's
    provider_pb2_grpc.add_ResourceProviderServicer_to_server(NothingServicer(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
