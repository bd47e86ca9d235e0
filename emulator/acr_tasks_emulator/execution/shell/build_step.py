"""A `build:` step: its line is the command line of `docker build`."""

from __future__ import annotations

import os
import posixpath
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path

from acr_tasks_emulator.execution.build.dependency_scan import ScanError
from acr_tasks_emulator.execution.container_tool import Build
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.shell.docker_options import OptionError, Options, read_build
from acr_tasks_emulator.execution.shell.run_line import run_line
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.fetch import SourceFetcher
from acr_tasks_emulator.execution.source.location import is_address
from acr_tasks_emulator.execution.source.paths import file_in
from acr_tasks_emulator.execution.task_file.graph import WORKING_DIRECTORY, Step

_HONOURED = {
    "tag",
    "image",
    "file",
    "build-arg",
    "label",
    "secret",
    "target",
    "platform",
    "no-cache",
    "iidfile",
    "pull",
}
_WITHOUT_A_WORD = {"rm", "force-rm", "quiet", "load", "disable-content-trust", "progress", "network", "isolation"}
_OF_BUILDKIT = {
    *("secret", "ssh", "output", "build-context", "cache-to", "no-cache-filter", "metadata-file", "provenance"),
}
"""What the classic builder's command line does not have."""


def run_build(step: Step, run: RunContext, start: Callable[[Options], int]) -> int:
    """Carry out the step's line of the agent's shell; return its exit status.

    start: called with the options of `docker build` once docker would accept the line. Raises ScanError,
    ImageNameError, and what `start` raises.
    """

    def act(words: list[str]) -> int:
        try:
            options = _checked(words, step, run)
        except OptionError as error:
            run.log.line(f"docker: {error}")
            return error.status
        return start(options)

    return run_line("docker build", step.build or "", act, run.log)


def _checked(words: Sequence[str], step: Step, run: RunContext) -> Options:
    options = read_build(words)
    _note_ignored_options(options, step, run)
    file = options.last("file")
    if file and any(character.isspace() for character in file):
        raise ScanError(f"error opening dockerfile: {file.split()[0]}: the agent takes no path with a blank")
    names_of(options, run)
    return options


def names_of(options: Options, run: RunContext) -> list[str]:
    """Return the full names that a build gives its image. Raises ImageNameError."""
    return [str(run.full_name(tag)) for name, tag in options.given if name in ("tag", "image")]


def fetch_context(options: Options, step: Step, run: RunContext, fetcher: SourceFetcher) -> Path | None:
    """Fetch a context at an address into a folder of the run; None where it is not at one. Raises SourceError."""
    if not is_address(options.arguments[0]):
        return None
    context = run.scratch / f"context-{step.id}-{uuid.uuid4().hex}"
    fetcher.fetch(options.arguments[0], context, run, of_step=True)
    return context


def build_of(options: Options, step: Step, run: RunContext, context: Path | None = None) -> Build:
    """Return what the options of `docker build` ask for; paths start at the step's working directory.

    context: the folder of one that was fetched, in which the Dockerfile is looked for. Raises SourceError.
    """
    given = options.arguments[0]
    file = options.last("file")
    directory = posixpath.join(WORKING_DIRECTORY, step.working_directory or "")
    if context is not None:
        dockerfile = file_in(context, file or "Dockerfile")
    else:
        context = _below(run.source, posixpath.join(directory, given))
        if not context.is_dir():
            raise SourceError(f"build: there is no folder {given} in the source")
        path = posixpath.join(directory, file or posixpath.join(given, "Dockerfile"))
        dockerfile = file_in(run.source, _relative(path))
    assignments = options.all("build-arg")
    return Build(
        context=context,
        dockerfile=dockerfile,
        names=names_of(options, run),
        arguments={name: value for name, equals, value in (item.partition("=") for item in assignments) if equals},
        assignments=assignments,
        target=options.last("target"),
        no_cache=options.flag("no-cache"),
        labels=options.all("label"),
        secrets=[_secret(item, run.source, directory) for item in options.all("secret")],
        platform=options.last("platform"),
        buildkit=step.buildkit,
        identity_file=_identity_file(options.last("iidfile"), run.source, directory),
    )


def _note_ignored_options(options: Options, step: Step, run: RunContext) -> None:
    for name in dict.fromkeys(name for name, _ in options.given):
        if name in _OF_BUILDKIT and not step.buildkit:
            raise OptionError(
                f"unknown flag: --{name}. This option needs BuildKit: give the step env: [DOCKER_BUILDKIT=1]"
            )
        if name not in _HONOURED | _WITHOUT_A_WORD:
            run.log.say(f"docker build's option --{name} is accepted, and has no effect here")


def _identity_file(name: str | None, source: Path, directory: str) -> Path | None:
    """Return where the image's id is written, on this machine. Raises SourceError for a place outside of the source."""
    if name is None:
        return None
    path = posixpath.join(directory, name)
    folder = _below(source, posixpath.dirname(path))
    if not folder.is_dir() or (folder / posixpath.basename(path)).is_symlink():
        raise SourceError(f"build: {name} cannot be written")
    return folder / posixpath.basename(path)


def _secret(item: str, source: Path, directory: str) -> str:
    """`id=NAME,src=FILE`, with the file's path on this machine. Raises SourceError."""
    parts = dict(part.partition("=")[::2] for part in item.split(","))
    name, file = parts.get("id"), parts.get("src") or parts.get("source")
    if not name or not file:
        raise SourceError(f"build: --secret {item} has to have an id and a src, a file of the source")
    return f"id={name},src={file_in(source, _relative(posixpath.join(directory, file)))}"


def _relative(path: str) -> str:
    """Return a path inside the container, as one relative to the source."""
    return posixpath.relpath(posixpath.normpath(path), WORKING_DIRECTORY)


def _below(source: Path, path: str) -> Path:
    folder = Path(os.path.realpath(source / _relative(path)))
    if not folder.is_relative_to(source.resolve()):
        raise SourceError(f"build: {path} is outside of the source")
    return folder
