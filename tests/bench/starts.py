"""The time before a program's first resource: imports, and the start of the process that serves a host."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.bench import nothing
from tests.bench.percentiles import medians

ROUNDS = 7
_NO_ENGINE = "127.0.0.1:1"  # a provider does not call the engine before it prints its port

IMPORTS = (
    "import pulumi",
    "from pulumi_acr_tasks import Task",
    "from pulumi_acr_tasks.plugin import Task",
)


def main() -> None:
    print(f"\nmilliseconds, the median of {ROUNDS} rounds in turns, and how much more than the first line of a block")
    print_block({code: partial(imported, code) for code in IMPORTS})
    with tempfile.TemporaryDirectory() as folder:
        floor = nothing.write_plugin(Path(folder) / "bench")
        commands = {
            "a plugin that does nothing: start": [str(floor)],
            "our plugin: start": [str(Path(sys.executable).with_name("pulumi-resource-acr-tasks"))],
            "dynamic resources, of any kind: start": [sys.executable, "-u", "-m", "pulumi.dynamic"],
        }
        print_block({name: partial(started, command) for name, command in commands.items()})


def print_block(measured: dict[str, Callable[[], float]]) -> None:
    found = medians(measured, ROUNDS)
    least = next(iter(found.values()))
    for name, seconds in found.items():
        print(f"{name:<42} {seconds * 1000:>5.0f} ms  {(seconds - least) * 1000:>+5.0f} ms", flush=True)


def imported(code: str) -> float:
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.monotonic() - began


def started(command: list[str]) -> float:
    """Return the seconds from the process's start to its port line, and end the process."""
    began = time.monotonic()
    with subprocess.Popen([*command, _NO_ENGINE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            int(process.stdout.readline())
            return time.monotonic() - began
        finally:
            process.terminate()
