"""Which request of the engine is being served: its URN and its timeout.

The dynamic server hands neither to a provider's methods (`facts/pulumi.md` sections 0 and 2.4), but it keeps the whole
request in a local variable named `request`, a few frames up the same thread's stack.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import FrameType
from typing import Any

LOST = "resource names in messages, and custom timeouts"


@dataclass(frozen=True)
class Request:
    """The engine's request that the calling thread serves.

    `urn`: the resource's URN, None when it cannot be found. `timeout`: seconds of the resource's custom timeout, 0.0
    without one. `ignore_changes`: the option's paths as they reached the engine.
    """

    urn: str | None
    timeout: float = 0.0
    ignore_changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Urn:
    """A URN taken apart: `urn:pulumi:<stack>::<project>::<parent types$type>::<name>`.

    `type` is the resource's own type, without its parents'. `name` may itself contain `::`.
    """

    stack: str
    project: str
    type: str
    name: str

    @classmethod
    def parse(cls, urn: str) -> Urn:
        """Take `urn` apart.

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


def current_request() -> Request:
    """Find the engine's request that the calling thread serves.

    Only the thread on which the provider's method was called knows it: ask there, and hand the answer on.
    """
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
    return Request(urn=None)


def attach() -> None:
    """Check that the request can be found from here.

    Raises LookupError when it cannot; every resource then goes without a name and a timeout.
    """
    if current_request().urn is None:
        raise LookupError("no frame of the dynamic server holds a request with a URN")
