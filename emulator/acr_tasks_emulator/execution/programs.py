"""Child programs: they start with few of our environment variables, and end on cancellation."""

from __future__ import annotations

import os
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.process.supervisor import Supervisor

if TYPE_CHECKING:
    from acr_tasks_emulator.execution.run_context import RunContext

Rename = Callable[[str], "str | None"]
"""A function that returns the log line for a line of a program; None to omit it."""

_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "all_proxy")
NETWORK_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", *_PROXIES, *map(str.upper, _PROXIES))
"""The environment variables for programs that use the network."""


class ToolError(Exception):
    """A failure of a program; the text is the program's own last line."""


def inherited(names: Iterable[str] = ()) -> dict[str, str]:
    """Return the environment variables that programs inherit. There are few, as others may hold secrets of a cloud."""
    return {name: os.environ[name] for name in ("PATH", "LANG", "TZ", *names) if name in os.environ}


class Program(ABC):
    """A program that builds images and runs containers. folder: its working directory, in the data folder."""

    def __init__(self, folder: Path, supervisor: Supervisor) -> None:
        self.folder = folder
        self.supervisor = supervisor

    @abstractmethod
    def argv(self, arguments: Sequence[str]) -> list[str]:
        """Return the command line with these arguments."""

    @abstractmethod
    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of the program, with more variables."""

    def run_with_log(
        self,
        arguments: Sequence[str],
        run: RunContext,
        *,
        environment: Mapping[str, str] | None = None,
        rename: Rename | None = None,
    ) -> int:
        """Run the program with its output in the run's log; return its exit status. A cancellation ends it at once."""
        child = self._start(arguments, environment, subprocess.STDOUT)
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        with child.stdout, run.cancellation.when_canceled(lambda: self.supervisor.end(child)):
            run.log.copy_from(child.stdout, rename)
            return child.wait()

    def ask(
        self, arguments: Sequence[str], cancellation: Cancellation, environment: Mapping[str, str] | None = None
    ) -> str:
        """Run the program and return its output, without spaces around it. Raises ToolError when it fails."""
        child = self._start(arguments, environment, subprocess.PIPE)
        with cancellation.when_canceled(lambda: self.supervisor.end(child)):
            out, err = child.communicate()
        if child.returncode != 0:
            lines = err.decode("utf-8", "replace").strip().splitlines() or [f"exit status {child.returncode}"]
            raise ToolError(lines[-1].removeprefix("Error: "))
        return out.decode("utf-8", "replace").strip()

    def _start(self, arguments: Sequence[str], more: Mapping[str, str] | None, errors: int) -> subprocess.Popen[bytes]:
        return self.supervisor.start(
            self.argv(arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=self.environment(more),
            cwd=self.folder,
        )


def in_environment(
    option: str, values: Mapping[str, str], kept_out: Callable[[str], bool]
) -> tuple[list[str], dict[str, str]]:
    """Return options and environment variables that pass named values to a tool.

    Values go into the environment, as every user of the machine can read command lines. kept_out: returns whether a
    name has a meaning for the tool itself; such a value stays on the command line.
    """
    options: list[str] = []
    environment: dict[str, str] = {}
    for name, value in values.items():
        if kept_out(name) or "\0" in value:
            options += [option, f"{name}={value}"]
        else:
            options += [option, name]
            environment[name] = value
    return options, environment
