"""The call of the engine that a thread serves, and the consoles of its resource and of the stack."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from pulumi_acr_tasks.engine.log import Console

WORKERS = 512
"""Threads of a host's pool, more than the engine ever uses at once: its parallelism is 4 x cores unless `--parallel`
says otherwise. A thread that is not needed is never started."""

_DETAILS = "grpc-status-details-bin"
_UNKNOWN = 2  # the gRPC status that both hosts fail with: the details count only with the same


@dataclass(frozen=True)
class Request:
    """A request of the engine.

    `urn` is the resource's URN, empty when it cannot be found. `timeout` is the resource's custom timeout in seconds,
    0.0 without one. `ignore_changes` has the option's paths as they reached the engine. `organization` is the stack's,
    `replace_on_changes` has that option's paths, and `task_file` is the path of the file that the encoded task was read
    from, where the program handed them on with a `check`.
    """

    urn: str = ""
    timeout: float = 0.0
    ignore_changes: tuple[str, ...] = ()
    organization: str = ""
    replace_on_changes: tuple[str, ...] = ()
    task_file: str = ""


@dataclass(frozen=True)
class Urn:
    """The parts of a URN: `urn:pulumi:<stack>::<project>::<parent types$type>::<name>`.

    `type` is the resource's own type, without its parents'. `name` may itself contain `::`.
    """

    stack: str
    project: str
    type: str
    name: str

    @classmethod
    def parse(cls, urn: str) -> Urn:
        """Return the parts of `urn`.

        Raises ValueError when it is no URN of a resource.
        """
        parts = urn.split("::", 3)
        if len(parts) != 4 or not parts[0].startswith("urn:pulumi:"):
            raise ValueError(f"{urn!r} is not a URN of a Pulumi resource")
        return cls(
            stack=parts[0].removeprefix("urn:pulumi:"),
            project=parts[1],
            type=parts[2].rpartition("$")[2],
            name=parts[3],
        )


_NONE = Request()
_current: ContextVar[Request] = ContextVar("request", default=_NONE)


@contextlib.contextmanager
def serving(request: Request) -> Iterator[Request]:
    """Make `request` the one that `current_request` returns in the block."""
    token = _current.set(request)
    try:
        yield request
    finally:
        _current.reset(token)


def current_request() -> Request:
    """Return the request that this thread serves; one without a URN outside a call of the engine."""
    return _current.get()


def console(urn: str | None = None) -> Console:
    """Return the console of the resource with that URN; by default of the resource whose call is served."""
    return Console(current_request().urn if urn is None else urn)


def stack_console() -> Console:
    """Return the console of the stack."""
    return Console("")


def project() -> str:
    """Return the name of the project that the engine deploys."""
    return os.environ.get("PULUMI_PROJECT", "")


def partly_made(id_: str, properties: Any, inputs: Any, reason: str) -> tuple[tuple[str, bytes]]:
    """Return the trailing metadata of a failed create after which the engine keeps the resource, with the reason.

    `properties` and `inputs` are the protocol's messages.
    """
    from pulumi.runtime.proto import provider_pb2, status_pb2

    failure = provider_pb2.ErrorResourceInitFailed(id=id_, properties=properties, inputs=inputs, reasons=[reason])
    status = status_pb2.Status(code=_UNKNOWN, message=reason)
    status.details.add().Pack(failure)
    return ((_DETAILS, status.SerializeToString()),)
