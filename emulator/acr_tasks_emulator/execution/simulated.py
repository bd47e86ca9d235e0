"""The executor that runs nothing, and says so."""

from __future__ import annotations

from pathlib import Path

from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.log import RunLog
from acr_tasks_emulator.execution.source import SourceError, names_in
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.task_file import TaskFileError, load


class SimulatedExecutor:
    """Ends every run as Succeeded without building, running or pushing anything; reports no image.

    What is cheap to know is checked all the same: that the archive can be read and holds the Dockerfile or task file,
    and that an encoded task is one. why: a sentence on why nothing is run, printed into each log.
    """

    name = "simulated"

    def __init__(self, why: str = "the executor is `simulated`") -> None:
        self.why = why

    def run(self, job: Job, log: RunLog, stop: Stop) -> Outcome:
        """Check the source, say that nothing was done, and succeed."""
        log.say(f"simulated: nothing is built, run or pushed ({self.why}).")
        if job.kind == "EncodedTask":
            try:
                load(job, Path())
            except TaskFileError as error:
                return Outcome("Failed", error_message=str(error))
        wanted = {"Docker": "dockerFilePath", "FileTask": "taskFilePath"}.get(job.kind)
        if wanted is not None and job.source is not None:
            missing = _missing(job.source, str(job.step.get(wanted) or ""))
            if missing is not None:
                return Outcome("Failed", error_message=missing)
        if stop.asked:
            return Outcome("Canceled")
        for image in job.step.get("imageNames") or []:
            log.say(f"simulated: {image} was not built and not pushed; there is no digest.")
        return Outcome("Succeeded")


def _missing(archive: Path, wanted: str) -> str | None:
    try:
        names = names_in(archive)
    except SourceError as error:
        return str(error)
    if wanted.removeprefix("./") in names:
        return None
    return f"unable to find {wanted} in the source: the archive holds {len(names)} entries, none of that name"
