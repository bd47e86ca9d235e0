"""The cost of operations on many tasks and runs on both hosts, beside a provider of the same host that does nothing.

The same programs run under the same engine in turns. The requests stand beside those of others.
"""

from __future__ import annotations

import contextlib
import io
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.bench import nothing
from tests.e2e.emulator import Emulator
from tests.e2e.host import HOSTS, Host
from tests.e2e.stack import Outcome, Stack

TASKS = 200
CHANGED = 50
RUNS = 40
SECONDS = 5  # of a run; the service's delays are whole seconds

OURS = """
from pulumi_acr_tasks import EncodedTaskStepArgs, PlatformPropertiesArgs, Task

for number in range({count}):
    Task(
        f"task-{{number:03}}",
        platform=PlatformPropertiesArgs(os="Linux"),
        step=EncodedTaskStepArgs(encoded_task_content="c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggdHJ1ZQo="),
        timeout=600 if number else 300,
    )
"""
RUNS_OF = """
import base64
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, PlatformPropertiesArgs, Run

STEPS = b"version: v1.1.0\\nsteps:\\n  - cmd: busybox echo done\\n    startDelay: {seconds}\\n"
for number in range({count}):
    Run(
        f"run-{{number}}",
        run_request=EncodedTaskRunRequestArgs(
            encoded_task_content=base64.b64encode(STEPS).decode(), platform=PlatformPropertiesArgs(os="Linux")
        ),
    )
"""


@dataclass(frozen=True)
class Operation:
    """A command. `azurerm`: the requests and seconds that were measured of Terraform's provider, for 200 tasks."""

    name: str
    command: Callable[[Stack], Outcome]
    azurerm: str
    prepared: Callable[[Stack], None] = lambda stack: None


OPERATIONS = (
    Operation("create all", lambda stack: stack.up(), "1,000, 203 s"),
    Operation("no change", lambda stack: stack.up(), "not measured"),
    Operation(
        "change one",
        lambda stack: stack.up(),
        "4, 10 s",
        lambda stack: stack.edit("__main__.py", "else 300", "else 900"),
    ),
    Operation(
        f"change {CHANGED}",
        lambda stack: stack.up(),
        "not measured",
        lambda stack: stack.edit("__main__.py", "600 if number", f"600 if number > {CHANGED}"),
    ),
    Operation("refresh", lambda stack: stack.refresh(), "not measured"),
    Operation("delete all", lambda stack: stack.destroy(), "3 a task"),
)
# The floor creates as many resources that do nothing, and a run takes its own time.
AWAITED = Operation("await all", lambda stack: stack.up("--parallel", "64"), "not measured")
ROW = "{:<12} {:<8} {:<28} {:<16} {:>8} {:>8} {:>6}"


@dataclass(frozen=True)
class Pair:
    """A stack of ours on a host, in a registry of its own, and the floor of that host."""

    host: Host
    ours: Stack
    floor: Stack

    @classmethod
    def made(cls, folder: Path, host: Host, program: str, count: int, emulator: Emulator) -> Pair:
        command = nothing.write_plugin(folder / host.name)
        config = {**emulator.config, "registryName": host.name}
        path = {"PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}"}
        with contextlib.redirect_stdout(io.StringIO()):
            ours = Stack(folder / host.name / "ours", "ours", program=program, host=host, **config)
            text = nothing.program(host, count)
            floor = Stack(folder / host.name / "floor", "floor", program=text, environment=path)
        return cls(host, ours, floor)

    def print_row(self, operation: Operation, emulator: Emulator, own_seconds: float = 0.0) -> None:
        """Measure an operation and print its row. `own_seconds`: what the service's work itself takes."""
        emulator.forget_requests()
        seconds = measured(operation, self.ours)
        # The Resource Manager's alone: the reads of logs are the blob service's.
        asked = Counter(each["method"] for each in emulator.requests() if each["path"].startswith("/subs"))
        least = measured(operation, self.floor) + own_seconds
        requests = ", ".join(f"{number} {method}" for method, number in sorted(asked.items())) or "none"
        shown = (f"{seconds:.1f} s", f"{least:.1f} s", f"{seconds / least:.2f}")
        print(ROW.format(operation.name, self.host.name, requests, operation.azurerm, *shown), flush=True)


def measured(operation: Operation, stack: Stack) -> float:
    """Run an operation and return its seconds. Raise AssertionError with the screen when it fails."""
    operation.prepared(stack)
    started = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        operation.command(stack).succeeded()
    return time.monotonic() - started


def main(count: int) -> None:
    print(f"{count} tasks in one registry")
    compare(OURS.format(count=count), count, OPERATIONS)
    print(f"\n{RUNS} runs at once, of {SECONDS} s each; the floor has these seconds too")
    compare(RUNS_OF.format(count=RUNS, seconds=SECONDS), RUNS, [AWAITED], SECONDS)


def compare(program: str, count: int, operations: Iterable[Operation], own_seconds: float = 0.0) -> None:
    """Print the rows of the operations on a program, with both hosts in turns."""
    print(ROW.format("operation", "host", "requests", "azurerm, of 200", "ours", "floor", "ratio"))
    registries = [option for host in HOSTS for option in ("--registry", host.name)]
    options = ("--executor", "simulated", "--agents", str(RUNS), *registries)
    with tempfile.TemporaryDirectory() as name, Emulator.started(Path(name) / "emulator", *options) as emulator:
        pairs = [Pair.made(Path(name), host, program, count, emulator) for host in HOSTS]
        for operation in operations:
            for pair in pairs:
                pair.print_row(operation, emulator, own_seconds)
