"""A call of the engine, on either host: its request, its console, its cancellation, and a watch on the engine."""

from __future__ import annotations

from pulumi_acr_tasks.engine.cancel import canceled, end_command, on_cancel
from pulumi_acr_tasks.engine.log import Console, command
from pulumi_acr_tasks.engine.request import (
    WORKERS,
    Request,
    Urn,
    console,
    current_request,
    partly_made,
    project,
    serving,
    stack_console,
)

__all__ = [
    "WORKERS",
    "Console",
    "Request",
    "Urn",
    "canceled",
    "command",
    "console",
    "current_request",
    "end_command",
    "on_cancel",
    "partly_made",
    "project",
    "serving",
    "stack_console",
]
