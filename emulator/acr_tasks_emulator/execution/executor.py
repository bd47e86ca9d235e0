"""The interface of executors, and the choice of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.simulated_executor import SimulatedExecutor

if TYPE_CHECKING:
    from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
    from acr_tasks_emulator.process.supervisor import Supervisor


class ExecutorError(Exception):
    """An executor that does not work here; the text says why and what to do."""


class Executor(Protocol):
    """An executor of jobs, called by several threads at once."""

    name: str

    def run(self, job: Job, log: RunLog, cancellation: Cancellation) -> Outcome:
        """Run a job to its end. On cancellation, end everything that was started, at once, and return."""


def choose(kind: str, data: Path, oci: OciRegistry, supervisor: Supervisor) -> Executor:
    """Return the executor of that kind; `auto` is buildah where it works, else docker where a daemon answers, else
    simulated.

    kind: one of `settings.EXECUTORS`. data: the emulator's data folder. When `auto` falls back to the simulated
    executor, its `why` is the reason, a sentence. Raises ExecutorError when the one that was named does not work here.
    """
    if kind == "simulated":
        return SimulatedExecutor(folder=data / "runs")
    from acr_tasks_emulator.execution.buildah.buildah_tool import open_buildah
    from acr_tasks_emulator.execution.container_tool import Tool
    from acr_tasks_emulator.execution.docker.docker_tool import open_docker
    from acr_tasks_emulator.execution.programs import ToolError
    from acr_tasks_emulator.execution.tool_executor import ToolExecutor

    openers: dict[str, Callable[[Path, Supervisor], Tool]] = {"buildah": open_buildah, "docker": open_docker}
    reasons = []
    for name in openers if kind == "auto" else (kind,):
        try:
            return ToolExecutor(data, openers[name](data, supervisor), oci)
        except ToolError as error:
            reasons.append(f"{name} does not work here: {error}")
    if kind != "auto":
        raise ExecutorError(reasons[0])
    return SimulatedExecutor("; ".join(reasons), data / "runs")
