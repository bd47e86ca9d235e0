"""The engine's side of the provider protocol: a process of a host, the calls of one command, and their results."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime.proto import engine_pb2_grpc, provider_pb2, provider_pb2_grpc, status_pb2
from tests.e2e.cheap_commands import FOLDER
from tests.real.twins.values import Values, annotated, marshal, unmarshal

from pulumi_acr_tasks import RunProvider, TaskProvider

TIMEOUT = 120  # seconds for a call: beyond it the test fails


@dataclass(frozen=True)
class Host:
    """A host: the module of its server, the types of its resources, and the namespace of its configuration.

    `secrets`: whether it takes and gives marks of secrets. `previews`: whether it is called in a preview, too.
    `internal`: what each kind of resource has beside its properties.
    """

    name: str
    module: str
    type: str
    namespace: str
    secrets: bool
    internal: Mapping[str, Values]


DYNAMIC = Host(
    "dynamic",
    "pulumi.dynamic",
    "pulumi-python:dynamic/acr-tasks:{}",
    "acr-tasks:",
    False,
    {kind.__name__[:-8]: {"__provider": serialize_provider(kind())} for kind in (TaskProvider, RunProvider)},
)
PLUGIN = Host("plugin", "pulumi_acr_tasks.plugin", "acr-tasks:index:{}", "", True, {"Task": {}, "Run": {}})
HOSTS = (DYNAMIC, PLUGIN)


@dataclass(frozen=True)
class Resource:
    """A resource in the state. `unsettled`: its create has failed, and the state has it all the same."""

    id: str
    inputs: Values
    outputs: Values
    unsettled: bool = False


@dataclass(frozen=True)
class Diff:
    """A diff as the engine understands it. `paths` are those of the detailed diff, empty without one."""

    some: bool
    replaces: tuple[str, ...]
    delete_first: bool
    paths: tuple[str, ...] = field(default=(), compare=False)


class Messages(engine_pb2_grpc.EngineServicer):
    """The engine's server, which providers send their lines to."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, bool]] = []

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's name
        name = request.urn.rpartition("::")[2]
        self.lines.append((f"{request.severity} {name}", request.message, request.ephemeral))
        return empty_pb2.Empty()


@contextlib.contextmanager
def listening() -> Iterator[tuple[str, Messages]]:
    """Serve as the engine until the block ends; yield the address."""
    messages, server = Messages(), grpc.server(futures.ThreadPoolExecutor(max_workers=4))
    engine_pb2_grpc.add_EngineServicer_to_server(messages, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}", messages
    finally:
        server.stop(None).wait()


@contextlib.contextmanager
def process(host: Host, home: Path, address: str, forks: Path) -> Iterator[Any]:
    """Run a host's server in a process of its own, for the engine at that address; yield its stub."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        "ACR_TASKS_FORKS": str(forks),
        "PULUMI_HOME": str(home),
        "PULUMI_PROJECT": "shop",
    }
    command = [str(FOLDER / "launcher.py"), "-u", "-m", host.module, address]
    with subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        try:
            port = server.stdout.readline().strip()
            assert port, f"the process of {host.module} has ended before it printed its port"
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield provider_pb2_grpc.ResourceProviderStub(channel)
        finally:
            server.kill()


class Provider:
    """A configured provider of one command. `calls` has the result of each call, `previewed` a preview's outputs."""

    def __init__(self, stub: Any, host: Host, urn: str, config: Values) -> None:
        self.stub, self.host = stub, host
        self.calls: list[tuple[str, Any]] = []
        self.previewed: Values = {}
        self._of = {"urn": urn, "type": urn.split("::")[2], "name": urn.split("::")[3]}
        args = marshal({f"{host.namespace}{key}": value for key, value in config.items()}, secrets=True)
        own = "urn:pulumi:dev::shop::pulumi:providers:acr-tasks::default"
        stub.Configure(provider_pb2.ConfigureRequest(urn=own, args=args, acceptSecrets=True), timeout=TIMEOUT)

    def check(self, olds: Values, news: Values) -> Values | None:
        """Return the checked inputs, None where there are failures."""
        answer = self._call("check", "Check", "CheckRequest", olds=self._sent(olds), news=self._sent(news))
        if answer is None:
            return None
        if answer.failures:
            self._note("failures", [(failure.property, failure.reason) for failure in answer.failures])
            return None
        inputs = self._got(answer.inputs, news)
        self._note("inputs", inputs)
        return inputs

    def diff(self, old: Resource, news: Values, ignored: Sequence[str]) -> Any:
        """Return the difference as the engine understands the answer; None after an error."""
        answer = self._call(
            "diff",
            "Diff",
            "DiffRequest",
            **self._change(old, news, ignored),
        )
        if answer is None:
            return None
        some = answer.changes == answer.DIFF_SOME
        if answer.changes == answer.DIFF_UNKNOWN:
            some = old.inputs != news
        found = Diff(some, tuple(sorted(answer.replaces)), answer.deleteBeforeReplace, tuple(answer.detailedDiff))
        self._note("diff", found)
        return found

    def create(self, inputs: Values, timeout: float = 0.0, *, preview: bool = False) -> Resource | None:
        """Return the resource for the state; None after a failure that leaves nothing."""
        message = {"properties": self._sent(inputs), "timeout": timeout, "preview": preview}
        try:
            answer = self.stub.Create(provider_pb2.CreateRequest(**self._of, **message), timeout=TIMEOUT)
        except grpc.RpcError as error:
            self._note("error of create", _details(error))
            failure = _partly_made(error)
            if failure is None:
                return None
            self._note("reasons", list(failure.reasons))
            kept = self._got(failure.properties, inputs)
            return self._made(failure.id, inputs, kept, unsettled=True)
        return self._made(answer.id, inputs, self._got(answer.properties, inputs))

    def update(self, old: Resource, news: Values, ignored: Sequence[str], timeout: float, *, preview: bool) -> Any:
        """Return the resource for the state; after a failure, the old one."""
        answer = self._call(
            "update",
            "Update",
            "UpdateRequest",
            **self._change(old, news, ignored),
            timeout=timeout,
            preview=preview,
        )
        return old if answer is None else self._made(old.id, news, self._got(answer.properties, news))

    def read(self, old: Resource) -> Resource | None:
        """Return the refreshed resource for the state; None where it is gone."""
        sent = {"inputs": self._sent(old.inputs), "properties": self._sent(old.outputs)}
        answer = self._call("read", "Read", "ReadRequest", id=old.id, **sent)
        if answer is None or not answer.id:
            return old if answer is None else None
        outputs = unmarshal(answer.properties)
        inputs = unmarshal(answer.inputs) if answer.HasField("inputs") else None
        if not self.host.secrets:
            outputs = annotated(outputs, old.outputs)
            inputs = None if inputs is None else annotated(inputs, old.inputs)
        inputs = old.inputs if inputs is None else inputs
        return replace(old, id=answer.id, inputs=inputs, outputs=outputs)

    def imported(self, id_: str) -> Resource | None:
        """Return the resource that an import finds by the id alone; None after an error."""
        answer = self._call("import", "Read", "ReadRequest", id=id_)
        if answer is None:
            return None
        return Resource(answer.id, unmarshal(answer.inputs), unmarshal(answer.properties))

    def delete(self, old: Resource, timeout: float = 0.0) -> bool:
        """Delete; return whether it succeeded."""
        sent = {"old_inputs": self._sent(old.inputs), "properties": self._sent(old.outputs)}
        return self._call("delete", "Delete", "DeleteRequest", id=old.id, timeout=timeout, **sent) is not None

    def _change(self, old: Resource, news: Values, ignored: Sequence[str]) -> dict[str, Any]:
        """Return the fields that the messages of a difference and of an update share."""
        return {
            "id": old.id,
            "olds": self._sent(old.outputs),
            "old_inputs": self._sent(old.inputs),
            "news": self._sent(news),
            "ignoreChanges": list(ignored),
        }

    def _call(self, name: str, method: str, message: str, **fields: Any) -> Any:
        """Call the provider; return None for an error, which is noted."""
        request = getattr(provider_pb2, message)(**self._of, **fields)
        try:
            return getattr(self.stub, method)(request, timeout=TIMEOUT)
        except grpc.RpcError as error:
            self._note(f"error of {name}", _details(error))
            return None

    def _note(self, what: str, found: Any) -> None:
        self.calls.append((what, found))

    def _sent(self, values: Values) -> Any:
        return marshal(values, secrets=self.host.secrets)

    def _got(self, message: Any, ins: Values) -> Values:
        found = unmarshal(message)
        return found if self.host.secrets else annotated(found, ins)

    def _made(self, id_: str, inputs: Values, outputs: Values, *, unsettled: bool = False) -> Resource:
        return Resource(id_, inputs, outputs, unsettled)


def _details(error: Any) -> str:
    assert error.code() == grpc.StatusCode.UNKNOWN, error
    return str(error.details())


def _partly_made(error: Any) -> Any:
    """Return the part of the error by which the engine keeps a resource whose create fails, None without one."""
    metadata = dict(error.trailing_metadata() or ())
    if "grpc-status-details-bin" not in metadata:
        return None
    failure = provider_pb2.ErrorResourceInitFailed()
    status = status_pb2.Status.FromString(metadata["grpc-status-details-bin"])
    assert status.details[0].Unpack(failure)
    return failure
