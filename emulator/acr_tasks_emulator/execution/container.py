"""Runs a step's command in a container: `cmd: image arguments...`."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.bases import BaseImageError, Bases
from acr_tasks_emulator.execution.graph import WORKING_DIRECTORY, Step
from acr_tasks_emulator.execution.image_name import ImageNameError
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.store import Store, StoreError
from acr_tasks_emulator.execution.workspace import Workspace

NOT_RUN = 125
NOT_FOUND = 127
"""Docker's exit statuses for a container that could not be started, and for a program that is not in it."""

_BUILDER_NOISE = re.compile(r"subprocess exited with status \d+|Error: exit status \d+")
_NOT_FOUND = re.compile(r"process failed to start with error: (exec: .*: executable file not found in \$PATH).*")


def run_command(step: Step, run: Workspace, store: Store, bases: Bases, stop: Stop) -> int:
    """Run the step's container to its end, its output going to the log; return its exit status.

    /workspace is the run's source, shared by all steps. The command is split as a shell would, but no shell expands it.
    """
    try:
        image, *arguments = shlex.split(step.cmd or "")
        image_id = _image(image, run, bases, stop)
        config = store.image_config(image_id, stop)
        argv = command_line(config, arguments, step.entry_point)
    except (BaseImageError, ImageNameError, StoreError, ValueError) as error:
        run.log.line(str(error))
        return NOT_RUN
    container = f"{run.job.run_id}_{step.id}"
    options = ["--isolation", "chroot", "-v", f"{run.source}:{WORKING_DIRECTORY}"]
    options += [part for item in step.env for part in ("-e", item)]
    options += [part for name, path in step.volume_mounts for part in ("-v", f"{run.volumes / name}:{path}")]
    options += ["--user", step.user] if step.user else []
    if step.working_directory:
        options += ["--workingdir", _made(run.source, step.working_directory)]
    try:
        store.ask(["from", "--pull=never", "--name", container, image_id], stop)
        said = _Said(lambda line: run.look_at(step, line))
        status = store.run(["run", *options, container, "--", *argv], run.log, stop, rename=said.line)
        return NOT_FOUND if status and said.not_found else status
    except StoreError as error:
        run.log.line(str(error))
        return NOT_RUN
    finally:
        _remove(container, store)


def command_line(config: dict[str, Any], arguments: list[str], entry_point: str | None) -> list[str]:
    """What Docker would run: the entry point (the image's, unless overridden), then the arguments or else the image's
    own.

    Raises ValueError when that is nothing.
    """
    argv = [entry_point] if entry_point else list(config.get("Entrypoint") or [])
    argv += arguments or ([] if entry_point else list(config.get("Cmd") or []))
    if not argv:
        raise ValueError("no command specified: neither the step nor the image has one")
    return argv


def _image(text: str, run: Workspace, bases: Bases, stop: Stop) -> str:
    """An image that this run built, under either reading of its name, else one from elsewhere."""
    name = run.full_name(text, run_local=False)
    for candidate in (name, run.full_name(text)):
        if str(candidate) in run.built:
            return run.built[str(candidate)]
    return bases.fetch(name, run.job, stop, run.authfile)


def _made(source: Path, directory: str) -> str:
    """The working directory inside the container; below /workspace it is made, as Docker does."""
    inside = posixpath.normpath(posixpath.join(WORKING_DIRECTORY, directory))
    if inside.startswith(f"{WORKING_DIRECTORY}/"):
        folder = (source / posixpath.relpath(inside, WORKING_DIRECTORY)).resolve()
        if not folder.is_relative_to(source.resolve()):
            raise SourceError(f"{directory} is outside of the source")
        folder.mkdir(parents=True, exist_ok=True)
    return inside


def _remove(container: str, store: Store) -> None:
    try:
        store.ask(["rm", container], Stop())
    except StoreError:
        store.mark_dirty()  # removed with the leftovers when no run holds the store


class _Said:
    """What the container prints, without what buildah adds to it."""

    not_found = False

    def __init__(self, look_at: Callable[[str], None]) -> None:
        self._look_at = look_at

    def line(self, text: str) -> str | None:
        self._look_at(text)
        found = _NOT_FOUND.fullmatch(text)
        if found:
            self.not_found = True
            return found.group(1)
        return None if _BUILDER_NOISE.fullmatch(text) else text
