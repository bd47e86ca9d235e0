"""The executor that runs nothing, and says so."""

from __future__ import annotations

import tempfile
from pathlib import Path

from acr_tasks_emulator.execution.docker_request import docker_graph
from acr_tasks_emulator.execution.graph import Graph, Step
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.log import RunLog
from acr_tasks_emulator.execution.source import SourceError, names_in, unpack
from acr_tasks_emulator.execution.steps import run_steps
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.task_file import TaskFileError, load
from acr_tasks_emulator.execution.templates import TemplateError


class SimulatedExecutor:
    """Ends runs as Succeeded without building, running or pushing anything; reports no image.

    What is cheap to know is checked all the same: that the archive can be read and holds the Dockerfile or task file,
    and that a task file can be run. Its steps do nothing in the order in which they would be run, each after its
    `startDelay`: so a run can be kept under way, until it is cancelled or times out. why: a sentence on why nothing is
    run, printed into each log.
    """

    name = "simulated"

    def __init__(self, why: str = "the executor is `simulated`") -> None:
        self.why = why

    def run(self, job: Job, log: RunLog, stop: Stop) -> Outcome:
        """Check the source and the task file, say that nothing was done, and succeed when the delays have passed."""
        log.say(f"simulated: nothing is built, run or pushed ({self.why}).")
        try:
            graph = _checked(job, stop)
            if job.kind == "Docker" and (job.source or job.source_location):
                docker_graph(job, log)  # the templates of its members
        except (SourceError, TaskFileError, TemplateError) as error:
            return Outcome("Failed", error_message=str(error))
        if graph is not None:
            run_steps(graph.on_host(), lambda step, _stop: _nothing(step, log), log, stop)
        if stop.asked:
            return Outcome("Canceled")
        for image in job.step.get("imageNames") or []:
            log.say(f"simulated: {image} was not built and not pushed; there is no digest.")
        return Outcome("Succeeded")


def _checked(job: Job, stop: Stop) -> Graph | None:
    """The steps of a task file; None where there is none at hand. Raises SourceError, TaskFileError."""
    if job.kind == "EncodedTask":
        return load(job, Path())
    if job.source is None:  # an address, which nobody fetches here
        return None
    if job.kind == "FileTask":
        with tempfile.TemporaryDirectory(prefix="acr-tasks-") as folder:
            unpack(job.source, Path(folder), stop)
            return None if stop.asked else load(job, Path(folder))
    wanted = str(job.step.get("dockerFilePath") or "")
    names = names_in(job.source)
    if wanted.removeprefix("./") not in names:
        raise SourceError(
            f"unable to find {wanted} in the source: the archive holds {len(names)} entries, none of that name"
        )
    return None


def _nothing(step: Step, log: RunLog) -> int:
    log.say(f"simulated: step {step.id} does nothing.")
    return 0
