"""A `cmd:` step: its line, `[options] image arguments...`, and its container."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from acr_tasks_emulator.execution.build.base_images import BaseImageError, BaseImageFinder
from acr_tasks_emulator.execution.build.image_name import ImageName, ImageNameError
from acr_tasks_emulator.execution.container_tool import Container
from acr_tasks_emulator.execution.programs import ToolError
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.shell.docker_options import OptionError, Options, read_run, takes_an_image
from acr_tasks_emulator.execution.shell.run_line import run_line
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.task_file.graph import WORKING_DIRECTORY, Step

NOT_RUN = 125
"""Docker's exit status for a container that could not be started."""

HOME = "/acb/home"
"""The home folder of all steps' containers: what one leaves there, such as a sign-in, the next one finds."""

_HONOURED = {"env", "user", "workdir", "entrypoint", "detach"}
_BY_DOCKER = {"publish", "expose", "privileged", "cpus", "isolation"}
_WITHOUT_A_WORD = {"rm", "interactive", "name", "quiet", "sig-proxy", "label"}

Start = Callable[[Options, ImageName], int]
"""A function that starts a container with a line that docker accepts, and returns its exit status."""


def run_command(step: Step, run: RunContext, own_networks: bool, start: Start) -> int:
    """Carry out the step's line of the agent's shell; return its exit status.

    The step's members and its command make one line, as in the service. start: called with the options once docker
    would accept it. own_networks: as of Tool.
    """

    def act(words: list[str]) -> int:
        try:
            options = read_run(words)
            _note_ignored_options(options, len(members), run, own_networks)
            name = run.full_name(options.arguments[0])
        except OptionError as error:
            run.log.line(f"docker: {error}")
            run.log.line("See 'docker run --help'.")
            return error.status
        except ImageNameError as error:
            run.log.line(str(error))
            return NOT_RUN
        if cut_short(step):
            run.log.say(
                "A value of the step's members, such as env or workingDirectory, ends at a blank without quotes, and "
                "docker takes what follows for the image. Write quotes for the agent's shell inside of those of YAML: "
                "'NAME=\"two words\"'"
            )
        return start(options, name)

    members = _members(step)
    return run_line("docker run", " ".join([*members, step.cmd or ""]), act, run.log)


def cut_short(step: Step) -> bool:
    """Tell whether docker takes a word of the step's members for the image, in place of the command's."""
    return takes_an_image(" ".join(_members(step)))


def _members(step: Step) -> list[str]:
    """Return the options that the agent makes of a step's members, in its order."""
    lists = {"publish": step.ports, "expose": step.expose}
    words = [f"--{name} {value}" for name, values in lists.items() for value in values]
    words += ["--privileged"] if step.privileged else []
    texts = {
        "user": step.user,
        "network": step.network,
        "isolation": step.isolation,
        "cpus": step.cpus,
        "entrypoint": step.entry_point,
    }
    words += [f"--{name} {value}" for name, value in texts.items() if value]
    words += [f"--volume {name}:{path}" for name, path in step.volume_mounts]
    words += [f"--env {item}" for item in step.env]
    if step.working_directory:
        words.append(f"--workdir {posixpath.normpath(posixpath.join(WORKING_DIRECTORY, step.working_directory))}")
    return words


def run_container(options: Options, name: ImageName, step: Step, run: RunContext, finder: BaseImageFinder) -> int:
    """Run the step's container to its end, its output going to the log; return its exit status.

    /workspace is the run's source, shared by all steps.
    """
    try:
        run.home.mkdir(exist_ok=True)
        folders = [(run.source, WORKING_DIRECTORY), (run.home, HOME)]
        directory = options.last("workdir")
        container = Container(
            name=f"{run.job.run_id}_{step.id}",
            image_id=_image(name, step, run, finder),
            step=_with_options(step, options),
            arguments=options.arguments[1:],
            folders=[*folders, *((run.volumes / name, path) for name, path in step.volume_mounts)],
            environment=[f"HOME={HOME}", *(item for item in options.all("env") if "=" in item)],
            working_directory=_made(run.source, directory) if directory else None,
        )
        return finder.tool.run(container, run, lambda text: run.note_retry_error(step, text))
    except (BaseImageError, ToolError, ValueError) as error:
        run.log.line(str(error))
        return NOT_RUN


def _with_options(step: Step, options: Options) -> Step:
    """Return the step with what its members and its command say before the image."""
    return replace(
        step,
        user=options.last("user"),
        entry_point=options.last("entrypoint"),
        ports=tuple(options.all("publish")),
        expose=tuple(options.all("expose")),
        privileged=options.flag("privileged"),
        cpus=options.last("cpus"),
        isolation=options.last("isolation"),
    )


def _note_ignored_options(options: Options, members: int, run: RunContext, own_networks: bool) -> None:
    """Log which options have no effect. members: how many of the first are of the step's members."""
    for name in dict.fromkeys(name for name, _ in options.given[members:]):
        if name == "env-file":
            raise OptionError(f"open {options.last(name)}: no such file or directory")  # it would be the agent's
        if name in ("volume", "mount", "volumes-from"):
            run.log.say(f"docker run's option --{name} is accepted: it means folders of the agent, which are not here")
        elif name not in _HONOURED | _WITHOUT_A_WORD and not (name in _BY_DOCKER and own_networks):
            run.log.say(f"docker run's option --{name} is accepted, and has no effect here")
    for item in options.all("env"):
        if "=" not in item:
            run.log.say(
                f"docker run takes the variable {item} from the agent, which has none of that name: it is left out"
            )


def _image(name: ImageName, step: Step, run: RunContext, finder: BaseImageFinder) -> str:
    """Return an image that this run built, else one from elsewhere."""
    if str(name) in run.built:
        return run.built[str(name)]
    if step.pull:
        run.log.say("Step specified pull. Performing an explicit pull...")
    for left in range(step.download_retries, 0, -1):
        try:
            return finder.fetch(name, run, fresh=step.pull)
        except BaseImageError as error:
            run.log.line(str(error))
            run.log.say(f"Waiting {step.download_retry_delay} seconds before downloading again, retries left: {left}")
            if run.cancellation.wait(step.download_retry_delay):
                raise
    return finder.fetch(name, run, fresh=step.pull)


def _made(source: Path, directory: str) -> str:
    """Return the working directory inside the container; below /workspace it is made, as Docker does."""
    inside = posixpath.normpath(posixpath.join(WORKING_DIRECTORY, directory))
    if inside.startswith(f"{WORKING_DIRECTORY}/"):
        folder = (source / posixpath.relpath(inside, WORKING_DIRECTORY)).resolve()
        if not folder.is_relative_to(source.resolve()):
            raise SourceError(f"{directory} is outside of the source")
        folder.mkdir(parents=True, exist_ok=True)
    return inside
