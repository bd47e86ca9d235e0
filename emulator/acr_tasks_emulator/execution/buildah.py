"""The executor that builds and runs with buildah."""

from __future__ import annotations

from pathlib import Path

from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.log import RunLog
from acr_tasks_emulator.execution.registry import OciRegistry
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.supervisor import Supervisor


def why_not(data: Path, supervisor: Supervisor) -> str | None:
    """Why buildah does not work here, in a sentence; None when it does."""
    return "builds with buildah are not there yet"


class BuildahExecutor:
    """Builds images and runs containers with buildah."""

    name = "buildah"

    def __init__(self, data: Path, oci: OciRegistry, supervisor: Supervisor) -> None:
        self._data = data

    def run(self, job: Job, log: RunLog, stop: Stop) -> Outcome:
        """Run a job."""
        return Outcome("Failed", error_message="builds with buildah are not there yet")
