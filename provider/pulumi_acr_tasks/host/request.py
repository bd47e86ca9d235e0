"""The call of the engine that a thread serves: its URN, its timeout, its configuration, and its answer when it fails.

The dynamic server hands none of these to a provider's methods. It keeps the whole request in a local variable named
`request`, and its gRPC context in one named `context`, a few frames up the same thread's stack.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from types import FrameType
from typing import Any

from pulumi_acr_tasks.engine.log import shown
from pulumi_acr_tasks.engine.request import Request, partly_made


def find_request() -> Request:
    """Return the request of the engine, found up the stack of the thread on which a provider's method was called."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if "request" in frame.f_code.co_varnames:
            message: Any = frame.f_locals.get("request")
            # Other code names its locals `request` too: only a message of the engine's protocol counts.
            descriptor = getattr(type(message), "DESCRIPTOR", None)
            if getattr(descriptor, "full_name", "").startswith("pulumirpc.") and getattr(message, "urn", ""):
                return Request(
                    urn=str(message.urn),
                    timeout=float(getattr(message, "timeout", 0.0)),
                    ignore_changes=tuple(getattr(message, "ignoreChanges", ())),
                )
        frame = frame.f_back
    return Request()


def configuration(req: Any) -> dict[str, Any] | None:
    """Return all that the engine said at `configure`, by its full key; None when the SDK hides it.

    The SDK gives a value only to a caller who knows its key. A provider that does not see the other keys cannot tell a
    misspelt key from one that is not set.
    """
    props = getattr(req.config, "_props", None)
    return dict(props) if isinstance(props, Mapping) else None


def keep_partly_made(id_: str, outputs: dict[str, Any], reason: str) -> bool:
    """Have the engine keep the resource that the calling thread creates, although the create fails; say whether it
    will.

    The dynamic server has no such answer, but the engine reads one from an error's details. The resource then stands
    in state with the reason: the next update updates it, and destroy deletes it. `outputs` include `__provider`. Call
    it where the provider's `create` was called, and then raise.
    """
    try:
        _attach_details(id_, outputs, shown(reason))
    except Exception:
        # Deliberately any: a private part that moved may fail in any way, and then the engine keeps nothing, as always.
        return False
    return True


def _attach_details(id_: str, outputs: dict[str, Any], reason: str) -> None:
    """Put the details of the failure into the metadata that the server sends with its error."""
    from pulumi.runtime import rpc

    request, context = _request_and_context()
    serialized = asyncio.run(rpc.serialize_properties(outputs, {}))
    context.set_trailing_metadata(partly_made(id_, serialized, request.properties, reason))


def _request_and_context() -> tuple[Any, Any]:
    """Return the request and the context of the call that this thread serves.

    Raises LookupError outside a call.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        found = frame.f_locals
        if hasattr(found.get("context"), "set_trailing_metadata") and hasattr(found.get("request"), "properties"):
            return found["request"], found["context"]
        frame = frame.f_back
    raise LookupError("no frame of the dynamic server holds a request and its context")


def attach() -> None:
    """Check that the request can be found from here.

    Raises LookupError when it cannot; every resource then goes without a name and a timeout.
    """
    if not find_request().urn:
        raise LookupError("no frame of the dynamic server holds a request with a URN")


def attach_configuration() -> None:
    """Check that the configuration's keys can be seen.

    Raises LookupError when they cannot.
    """
    from pulumi.dynamic import Config, ConfigureRequest

    if configuration(ConfigureRequest(Config({"a:b": "c"}, "a"))) != {"a:b": "c"}:
        raise LookupError("the SDK's configuration does not hold its keys where they were")
