"""Runs a step's command in a container: `cmd: image arguments...`."""

from __future__ import annotations

import posixpath
import shlex
from pathlib import Path

from acr_tasks_emulator.execution.bases import BaseImageError, Bases
from acr_tasks_emulator.execution.graph import WORKING_DIRECTORY, Step
from acr_tasks_emulator.execution.image_name import ImageNameError
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.tool import Container, Tool, ToolError
from acr_tasks_emulator.execution.workspace import Workspace

NOT_RUN = 125
"""Docker's exit status for a container that could not be started."""

HOME = "/acb/home"
"""The home folder of all steps' containers: what one leaves there, such as a sign-in, the next one finds."""


def run_command(step: Step, run: Workspace, tool: Tool, bases: Bases, stop: Stop) -> int:
    """Run the step's container to its end, its output going to the log; return its exit status.

    /workspace is the run's source, shared by all steps. The command is split as a shell would, but no shell expands it.
    """
    try:
        image, *arguments = shlex.split(step.cmd or "")
        run.home.mkdir(exist_ok=True)
        folders = [(run.source, WORKING_DIRECTORY), (run.home, HOME)]
        container = Container(
            name=f"{run.job.run_id}_{step.id}",
            run_id=run.job.run_id,
            image_id=_image(image, step, run, bases, stop),
            step=step,
            arguments=arguments,
            folders=[*folders, *((run.volumes / name, path) for name, path in step.volume_mounts)],
            environment=[f"HOME={HOME}", *step.env],
            working_directory=_made(run.source, step.working_directory) if step.working_directory else None,
        )
        return tool.run(container, run.log, stop, lambda line: run.look_at(step, line))
    except (BaseImageError, ImageNameError, ToolError, ValueError) as error:
        run.log.line(str(error))
        return NOT_RUN


def _image(text: str, step: Step, run: Workspace, bases: Bases, stop: Stop) -> str:
    """An image that this run built, under either reading of its name, else one from elsewhere."""
    name = run.full_name(text, run_local=False)
    for candidate in (name, run.full_name(text)):
        if str(candidate) in run.built:
            return run.built[str(candidate)]
    if step.pull:
        run.log.say("Step specified pull. Performing an explicit pull...")
    for left in range(step.download_retries, 0, -1):
        try:
            return bases.fetch(name, run.job, stop, run.authfile, fresh=step.pull)
        except BaseImageError as error:
            run.log.line(str(error))
            run.log.say(f"Waiting {step.download_retry_delay} seconds before downloading again, retries left: {left}")
            if stop.wait(step.download_retry_delay):
                raise
    return bases.fetch(name, run.job, stop, run.authfile, fresh=step.pull)


def _made(source: Path, directory: str) -> str:
    """The working directory inside the container; below /workspace it is made, as Docker does."""
    inside = posixpath.normpath(posixpath.join(WORKING_DIRECTORY, directory))
    if inside.startswith(f"{WORKING_DIRECTORY}/"):
        folder = (source / posixpath.relpath(inside, WORKING_DIRECTORY)).resolve()
        if not folder.is_relative_to(source.resolve()):
            raise SourceError(f"{directory} is outside of the source")
        folder.mkdir(parents=True, exist_ok=True)
    return inside
