"""docker, as a tool: not written yet."""

from __future__ import annotations

from pathlib import Path

from acr_tasks_emulator.execution.tool import Tool, ToolError
from acr_tasks_emulator.supervisor import Supervisor


def open_docker(data: Path, supervisor: Supervisor) -> Tool:
    """docker with the daemon that answers. Raises ToolError with a sentence when there is none."""
    raise ToolError("it is not available yet")
