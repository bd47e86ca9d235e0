"""The simulated executor: it judges runs and runs nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

from acr_tasks_emulator.execution.build.dependency_scan import ScanError
from acr_tasks_emulator.execution.build.docker_build import refused, scanned
from acr_tasks_emulator.execution.build.image_name import ImageNameError
from acr_tasks_emulator.execution.build.push import cannot_be_pushed
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.run_context import RunContext, check_texts
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.shell.build_step import build_of, names_of, run_build
from acr_tasks_emulator.execution.shell.cmd_step import NOT_RUN, cut_short, run_command
from acr_tasks_emulator.execution.shell.docker_options import Options
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.location import is_address, requested_address
from acr_tasks_emulator.execution.steps import StepFailedError, run_steps
from acr_tasks_emulator.execution.task_file.docker_step import docker_graph
from acr_tasks_emulator.execution.task_file.graph import Graph, Step
from acr_tasks_emulator.execution.task_file.load import TaskFileError, load
from acr_tasks_emulator.execution.template.nodes import TemplateError


class SimulatedExecutor:
    """An executor that judges runs without building, running or pushing; it reports no image.

    What fails on the agent for its words alone fails here too: a task file, a line of the agent's shell, a Dockerfile
    of an uploaded source, a push of a bare name. Steps do nothing else, in the order in which they would be run, each
    after its `startDelay`: so a run can be kept under way, until it is canceled or times out. why: a sentence on why
    nothing is run, printed into each log. folder: where sources are unpacked, so that the next start removes those of
    an emulator that was killed; None for the system's own folder.
    """

    name = "simulated"

    def __init__(self, why: str = "the executor is `simulated`", folder: Path | None = None) -> None:
        self.why = why
        self._folder = folder
        if folder is not None:
            folder.mkdir(exist_ok=True)

    def run(self, job: Job, log: RunLog, cancellation: Cancellation) -> Outcome:
        """Judge the source, the task file and each step, and say that nothing was done."""
        log.say(f"simulated: nothing is built, run or pushed ({self.why}).")
        try:
            with tempfile.TemporaryDirectory(prefix="acr-tasks-", dir=self._folder) as folder:
                run = RunContext(job, log, cancellation, Path(folder))
                graph = _graph(run)
                if graph is not None:
                    run_steps(graph.on_host(), _StepJudge(run, graph).act, run)
        except StepFailedError as failure:
            return Outcome("Failed", error_message=f"failed during run, err: {failure}")
        except (SourceError, TaskFileError, TemplateError, ImageNameError) as error:
            return Outcome("Failed", error_message=str(error))
        if cancellation.requested:
            return Outcome("Canceled")
        for image in job.step.get("imageNames") or []:
            log.say(f"simulated: {image} was not built and not pushed; there is no digest.")
        return Outcome("Succeeded")


def _graph(run: RunContext) -> Graph | None:
    """Return the steps of a run; None without a task file, or on cancellation.

    Raises SourceError, TaskFileError, TemplateError.
    """
    check_texts(run.job)
    if run.job.fetched_from:
        requested_address(run.job.fetched_from, of_step=False)
    run.unpack()
    if run.cancellation.requested:
        return None
    if run.job.kind == "Docker":
        return docker_graph(run)
    if run.job.kind == "FileTask" and run.job.fetched_from:
        run.log.say("simulated: the source is not fetched: nothing is known of its task file.")
        return None
    return load(run.job, run.source)


class _StepJudge:
    """A judge of steps: it does what precedes the start of their programs."""

    def __init__(self, run: RunContext, graph: Graph) -> None:
        self._linux = str((run.job.platform or {}).get("os") or "linux").lower() == "linux"
        first = next((number for number, step in enumerate(graph.steps) if step.cmd), len(graph.steps))
        self._behind_commands = {step.id for step in graph.steps[first:]}

    def act(self, step: Step, run: RunContext) -> int:
        """Return the exit status that a step has for its words alone. Raises what the real executor raises for them."""
        if not self._linux:
            run.log.say("simulated: lines for the shell of Windows are not judged.")
            status = 0
        elif step.push:
            names = map(run.full_name, step.push)
            status = int(any(cannot_be_pushed(name, run) for name in names))
        elif step.build is not None:
            status = run_build(step, run, lambda options: self._build(options, step, run))
        else:
            status = run_command(step, run, False, lambda *_: self._command(step, run))
        if not status:
            run.log.say(f"simulated: step {step.id} does nothing.")
        return status

    def _command(self, step: Step, run: RunContext) -> int:
        if not cut_short(step):
            return 0
        run.log.say("simulated: no image is looked for; such a word is taken to be none.")
        return NOT_RUN

    def _build(self, options: Options, step: Step, run: RunContext) -> int:
        run.built.update(dict.fromkeys(names_of(options, run), ""))
        if is_address(options.arguments[0]):
            requested_address(options.arguments[0], of_step=True)
        if is_address(options.arguments[0]) or run.job.fetched_from:
            run.log.say("simulated: the context is not fetched: its Dockerfile is not judged.")
            return 0
        try:
            task = build_of(options, step, run)
            text, _ = scanned(task, run)
            status = int(refused(task, text, run))
        except (SourceError, ScanError) as error:
            if step.id not in self._behind_commands:
                raise
            run.log.line(str(error))
            status = 1
        if status and step.id in self._behind_commands:
            run.log.say("simulated: the build would fail, unless a step before it changes the files of the source.")
            return 0
        return status
