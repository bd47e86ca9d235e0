"""Runs a step's command in a container: `cmd: [options] image arguments...`."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from acr_tasks_emulator.execution.agent_shell import carry_out
from acr_tasks_emulator.execution.bases import BaseImageError, Bases
from acr_tasks_emulator.execution.docker_options import OptionError, Options, read_run
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

_HONOURED = {"env", "user", "workdir", "entrypoint", "detach"}
_BY_DOCKER = {"publish", "expose", "privileged", "cpus", "isolation"}
_WITHOUT_A_WORD = {"rm", "interactive", "name", "quiet", "sig-proxy", "label"}


def run_command(step: Step, run: Workspace, tool: Tool, bases: Bases, stop: Stop) -> int:
    """Run the step's container to its end, its output going to the log; return its exit status.

    /workspace is the run's source, shared by all steps. The step's members and its command make one line of the agent's
    shell, as there.
    """
    words = [*(f"--env {item}" for item in step.env)]
    words += [f"--{name} {value}" for name, value in (("user", step.user), ("entrypoint", step.entry_point)) if value]
    line = " ".join([*words, step.cmd or ""])
    return carry_out("docker run", line, lambda found: _run(found, step, run, tool, bases, stop), run.log)


def _run(words: Sequence[str], step: Step, run: Workspace, tool: Tool, bases: Bases, stop: Stop) -> int:
    try:
        options = read_run(words)
        _say_what_is_not_honoured(options, run, tool)
        image, *arguments = options.arguments
        run.home.mkdir(exist_ok=True)
        folders = [(run.source, WORKING_DIRECTORY), (run.home, HOME)]
        directory = options.last("workdir") or step.working_directory
        container = Container(
            name=f"{run.job.run_id}_{step.id}",
            run_id=run.job.run_id,
            image_id=_image(image, step, run, bases, stop),
            step=_with_options(step, options),
            arguments=arguments,
            folders=[*folders, *((run.volumes / name, path) for name, path in step.volume_mounts)],
            environment=[f"HOME={HOME}", *(item for item in options.all("env") if "=" in item)],
            working_directory=_made(run.source, directory) if directory else None,
        )
        return tool.run(container, run.log, stop, lambda text: run.look_at(step, text))
    except OptionError as error:
        run.log.line(f"docker: {error}")
        run.log.line("See 'docker run --help'.")
        return error.status
    except (BaseImageError, ImageNameError, ToolError, ValueError) as error:
        run.log.line(str(error))
        return NOT_RUN


def _with_options(step: Step, options: Options) -> Step:
    """The step with what its command says before the image."""
    return replace(
        step,
        user=options.last("user"),
        entry_point=options.last("entrypoint"),
        ports=(*step.ports, *options.all("publish")),
        expose=(*step.expose, *options.all("expose")),
        privileged=step.privileged or options.flag("privileged"),
        cpus=options.last("cpus") or step.cpus,
        isolation=options.last("isolation") or step.isolation,
    )


def _say_what_is_not_honoured(options: Options, run: Workspace, tool: Tool) -> None:
    for name in dict.fromkeys(name for name, _ in options.given):
        if name == "env-file":
            raise OptionError(f"open {options.last(name)}: no such file or directory")  # it would be the agent's
        if name in ("volume", "mount", "volumes-from"):
            run.log.say(f"docker run's option --{name} is accepted: it means folders of the agent, which are not here")
        elif name not in _HONOURED | _WITHOUT_A_WORD and not (name in _BY_DOCKER and tool.own_networks):
            run.log.say(f"docker run's option --{name} is accepted, and has no effect here")
    for item in options.all("env"):
        if "=" not in item:
            run.log.say(
                f"docker run takes the variable {item} from the agent, which has none of that name: it is left out"
            )


def _image(text: str, step: Step, run: Workspace, bases: Bases, stop: Stop) -> str:
    """An image that this run built, else one from elsewhere."""
    name = run.full_name(text)
    if str(name) in run.built:
        return run.built[str(name)]
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
