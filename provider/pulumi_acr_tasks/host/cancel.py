"""^C: an event that is set when the engine cancels.

The dynamic server answers Cancel without telling anybody (`facts/pulumi.md` section 2.6), and the engine then waits
for what is in flight without a limit. The handler was bound when the server started, so the method cannot be
replaced, but its code can.

Cancel also comes at the normal end of every command: the event means something only to those who still wait.
"""

from __future__ import annotations

import sys
import threading
from typing import Any

LOST = "^C: a run in flight goes on until it ends, and pulumi waits for it"

canceled = threading.Event()
"""Set when the engine sends Cancel; never cleared: the process ends with the command."""


def _cancel(self: Any, request: Any, context: Any) -> Any:
    """Set the event, then answer as the stock method does. Runs with the server's globals, so it imports what it
    needs."""
    from google.protobuf import empty_pb2  # type: ignore[import-untyped]

    from pulumi_acr_tasks.host.cancel import canceled

    canceled.set()
    return empty_pb2.Empty()


def attach() -> None:
    """Make the server's Cancel set `canceled`.

    Raises AttributeError when the server has no such method, ValueError when its code cannot be exchanged.
    """
    method = sys.modules["__main__"].DynamicResourceProviderServicer.Cancel
    method.__code__ = _cancel.__code__
