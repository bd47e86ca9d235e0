"""The lines that the user sees of a resource while it is made: in the Info column, and in Diagnostics below it.

The SDK's own log does not reach the engine from a provider's process, but the engine's address is the process's last
argument.
"""

from __future__ import annotations

import re
import sys
import threading
from typing import Any

from pulumi_acr_tasks.schema.secrets import without_secrets
from pulumi_acr_tasks.terminal import readable

_DEADLINE = 5.0  # seconds; the engine is on this machine and answers within milliseconds
_lock = threading.Lock()
_stub: Any = None


class Console:
    """The messages of one resource, or of the stack where `urn` is empty. No method raises."""

    def __init__(self, urn: str) -> None:
        self._urn = urn

    def status(self, text: str) -> None:
        """Show `text` in the resource's Info column until the next one; a display that is not interactive prints it
        as a line."""
        if not _send("INFO", text, self._urn, ephemeral=True):
            # Deliberately nothing: on stderr each of thousands of lines would stay under Diagnostics.
            pass

    def info(self, text: str) -> None:
        """Keep `text` under Diagnostics."""
        self._keep("INFO", text)

    def warning(self, text: str) -> None:
        """Keep `text` under Diagnostics, as a warning."""
        self._keep("WARNING", text)

    def error(self, text: str) -> None:
        """Keep `text` under Diagnostics, as an error: the resource's row shows it, and the command goes on."""
        self._keep("ERROR", text)

    def _keep(self, severity: str, text: str) -> None:
        if not _send(severity, text, self._urn, ephemeral=False):
            name = self._urn.rpartition("::")[2]
            line = f"{severity.lower()}: {name + ': ' if name else ''}{shown(text)}"
            print(line, file=sys.stderr, flush=True)  # noqa: T201  # without an engine, stderr is the console


def attach() -> None:
    """Check that there is an engine to talk to.

    Raises LookupError when the process was not started by one.
    """
    engine_address()


def shown(text: str) -> str:
    """Return a text as the user may see it: without control sequences and secrets of addresses.

    What the engine would take for its own markup of colors is broken up: it would leave that out, and what follows.
    """
    return without_secrets(readable(text)).replace("<{%", "<{ %")


def engine_address() -> str:
    """Return the engine's `host:port`.

    Raises LookupError when the process was not started by an engine.
    """
    address = sys.argv[-1] if sys.argv else ""
    if not re.fullmatch(r"[^\s/]+:\d+", address):
        raise LookupError("the last argument is not the engine's address")
    return address


def command() -> str:
    """Return the name of this command for all its providers, the engine's address; empty without an engine."""
    try:
        return engine_address()
    except LookupError:
        return ""


def _engine() -> Any:
    """Return the engine's stub, opened by the first message: many processes never send one."""
    global _stub
    with _lock:
        if _stub is None:
            import grpc
            from pulumi.runtime.proto import engine_pb2_grpc

            _stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(engine_address()))
        return _stub


def _send(severity: str, text: str, urn: str, *, ephemeral: bool) -> bool:
    """Send one message; return False when the engine cannot be reached."""
    try:
        from pulumi.runtime.proto import engine_pb2

        text = shown(text)
        message = engine_pb2.LogRequest(
            severity=engine_pb2.LogSeverity.Value(severity), message=text, urn=urn, ephemeral=ephemeral
        )
        _engine().Log(message, timeout=_DEADLINE)
    except Exception:
        # Whatever it is, a message that cannot be shown must not fail a deployment.
        return False
    return True
