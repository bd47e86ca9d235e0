"""A `build:` step is the command line of `docker build`."""

from __future__ import annotations

import argparse
import os
import posixpath
import re
import shlex
import uuid
from pathlib import Path
from typing import NoReturn

from acr_tasks_emulator.execution.graph import WORKING_DIRECTORY, Step
from acr_tasks_emulator.execution.remote import Remotes
from acr_tasks_emulator.execution.source import SourceError, file_in
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.execution.tool import Build
from acr_tasks_emulator.execution.workspace import Workspace

_REMOTE = re.compile(r"[a-z][a-z0-9+.-]*:|git@|github\.com/", re.IGNORECASE)


# These change nothing here: there is one network, one isolation, no limit, and containers are always removed.
_FLAGS = ("--pull", "--rm", "--force-rm", "-q --quiet", "--compress", "--squash", "--load", "--disable-content-trust")
_VALUES = (
    *("--network", "--isolation", "--cache-from", "--cache-to", "--progress", "--add-host", "-m --memory"),
    *("--memory-swap", "--cpu-period", "--cpu-quota", "-c --cpu-shares", "--cpuset-cpus", "--cpuset-mems"),
    *("--cgroup-parent", "--shm-size", "--ulimit", "--security-opt"),
)


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise SourceError(f"build: {message}")


def _options() -> _Options:
    options = _Options(prog="build", add_help=False, allow_abbrev=False)
    options.add_argument("context")
    options.add_argument("-t", "--tag", "--image", action="append", default=[])
    options.add_argument("-f", "--file")
    options.add_argument("--build-arg", action="append", default=[])
    options.add_argument("--label", action="append", default=[])
    options.add_argument("--secret", action="append", default=[])
    options.add_argument("--target")
    options.add_argument("--platform")
    options.add_argument("--no-cache", action="store_true")
    for name in _FLAGS:
        options.add_argument(*name.split(), action="store_true")
    for name in _VALUES:
        options.add_argument(*name.split(), action="append")
    return options


def parse_build(step: Step, run: Workspace, remotes: Remotes, stop: Stop) -> Build:
    """What a `build:` step asks for; paths start at its working directory. Raises SourceError, ImageNameError.

    A context at an address is fetched first; the Dockerfile is then looked for in it.
    """
    try:
        words = shlex.split(step.build or "")
    except ValueError as error:
        raise SourceError(f"build: {error}") from error
    given = _options().parse_args(words)
    directory = posixpath.join(WORKING_DIRECTORY, step.working_directory or "")
    if _REMOTE.match(given.context):
        context = run.scratch / f"context-{step.id}-{uuid.uuid4().hex}"
        remotes.fetch(given.context, context, run.scratch, run.job, run.log, stop)
        dockerfile = file_in(context, given.file or "Dockerfile")
    else:
        context = _below(run.source, posixpath.join(directory, given.context))
        if not context.is_dir():
            raise SourceError(f"build: there is no folder {given.context} in the source")
        path = posixpath.join(directory, given.file or posixpath.join(given.context, "Dockerfile"))
        dockerfile = file_in(run.source, _relative(path))
    return Build(
        context=context,
        dockerfile=dockerfile,
        names=[str(run.full_name(tag)) for tag in given.tag],
        arguments={name: value for name, equals, value in (item.partition("=") for item in given.build_arg) if equals},
        target=given.target,
        no_cache=given.no_cache,
        labels=given.label,
        secrets=[_secret(item, run.source, directory) for item in given.secret],
        platform=given.platform,
    )


def _secret(item: str, source: Path, directory: str) -> str:
    """`id=NAME,src=FILE`, with the file's path on this machine. Raises SourceError."""
    parts = dict(part.partition("=")[::2] for part in item.split(","))
    name, file = parts.get("id"), parts.get("src") or parts.get("source")
    if not name or not file:
        raise SourceError(f"build: --secret {item} has to have an id and a src, a file of the source")
    return f"id={name},src={file_in(source, _relative(posixpath.join(directory, file)))}"


def _relative(path: str) -> str:
    """A path inside the container, as one relative to the source."""
    return posixpath.relpath(posixpath.normpath(path), WORKING_DIRECTORY)


def _below(source: Path, path: str) -> Path:
    folder = Path(os.path.realpath(source / _relative(path)))
    if not folder.is_relative_to(source.resolve()):
        raise SourceError(f"build: {path} is outside of the source")
    return folder
