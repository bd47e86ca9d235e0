"""What runs a job, and which one is taken."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.log import RunLog
from acr_tasks_emulator.execution.simulated import SimulatedExecutor
from acr_tasks_emulator.execution.stop import Stop

if TYPE_CHECKING:
    from acr_tasks_emulator.execution.registry import OciRegistry
    from acr_tasks_emulator.supervisor import Supervisor

KINDS = ("auto", "buildah", "docker", "simulated")


class ExecutorError(Exception):
    """The executor that was asked for does not work here; the text says why and what to do."""


class Executor(Protocol):
    """Runs jobs; several threads call it at once."""

    name: str

    def run(self, job: Job, log: RunLog, stop: Stop) -> Outcome:
        """Run a job to its end. When `stop` is asked, end everything that was started, at once, and return."""
        ...


def choose(kind: str, data: Path, oci: OciRegistry, supervisor: Supervisor) -> Executor:
    """The executor of that kind; `auto` is buildah where it works, else simulated.

    kind: one of KINDS. data: the emulator's data folder. A simulated executor that `auto` fell back to has its reason,
    a sentence for the caller to print, in `why`. Raises ExecutorError when what was asked for by name does not work
    here.
    """
    if kind == "simulated":
        return SimulatedExecutor()
    if kind == "docker":
        raise ExecutorError("the docker executor is not available yet: use --executor buildah, or simulated")
    if kind not in KINDS:
        raise ExecutorError(f"executor {kind!r} is unknown: it is one of {', '.join(KINDS)}")
    from acr_tasks_emulator.execution.buildah import BuildahExecutor, open_store
    from acr_tasks_emulator.execution.store import StoreError

    try:
        return BuildahExecutor(data, open_store(data, supervisor), oci)
    except StoreError as error:
        if kind == "buildah":
            raise ExecutorError(f"buildah does not work here: {error}") from error
        return SimulatedExecutor(str(error))
