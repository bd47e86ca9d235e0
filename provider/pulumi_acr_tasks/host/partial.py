"""A resource that may have been made although its create fails: the engine keeps it, with the reason.

The dynamic server has no such answer, but the engine reads one from an error's details (`facts/pulumi.md` sections 0
and 2.5). The resource then stands in state, the next update updates it, and destroy deletes it.
"""

from __future__ import annotations

import asyncio
import sys
from types import FrameType
from typing import Any

from pulumi_acr_tasks.host.log import shown

_DETAILS = "grpc-status-details-bin"
_UNKNOWN = 2  # the gRPC status that the server aborts with: the details count only with the same


def keep_partly_made(id_: str, outputs: dict[str, Any], reason: str) -> bool:
    """Have the engine keep the resource that the calling thread creates; say whether it will.

    `outputs` include `__provider`. Call it where the provider's `create` was called, and then raise.
    """
    try:
        _attach(id_, outputs, shown(reason))
    except Exception:
        # Deliberately any: a private part that moved may fail in any way, and then the engine keeps nothing, as always.
        return False
    return True


def _attach(id_: str, outputs: dict[str, Any], reason: str) -> None:
    """Put the details of the failure into the metadata that the server sends with its error."""
    from pulumi.runtime import rpc
    from pulumi.runtime.proto import provider_pb2, status_pb2

    request, context = _call()
    serialized = asyncio.run(rpc.serialize_properties(outputs, {}))
    failure = provider_pb2.ErrorResourceInitFailed(
        id=id_, properties=serialized, inputs=request.properties, reasons=[reason]
    )
    status = status_pb2.Status(code=_UNKNOWN, message=reason)
    status.details.add().Pack(failure)
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))


def _call() -> tuple[Any, Any]:
    """Return the request and the context of the call that this thread serves; raise LookupError where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        found = frame.f_locals
        if hasattr(found.get("context"), "set_trailing_metadata") and hasattr(found.get("request"), "properties"):
            return found["request"], found["context"]
        frame = frame.f_back
    raise LookupError("no frame of the dynamic server holds a request and its context")
