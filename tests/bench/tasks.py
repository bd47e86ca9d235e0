"""What each operation on many tasks costs: requests beside those of others, time beside the engine's own floor.

The floor are as many dynamic resources that do nothing, under the same engine in the same run. Both hosts stand beside
it: the dynamic resources, and the plugin with the same program.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.emulator import Emulator
from tests.e2e.host import PLUGIN
from tests.e2e.stack import Outcome, Stack

TASKS = 50

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
FLOOR = """
from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult

class NothingProvider(ResourceProvider):
    def create(self, props):
        return CreateResult("id", props)

    def update(self, _id, _olds, _news):
        return UpdateResult(_news)

class Nothing(Resource, module="bench", name="Nothing"):
    pass

for number in range({count}):
    Nothing(NothingProvider(), f"task-{{number:03}}", {{"timeout": 600 if number else 300}})
"""


@dataclass(frozen=True)
class Operation:
    """One command, and what Terraform's azurerm was measured to need for it (200 tasks, requests and seconds)."""

    name: str
    command: Callable[[Stack], Outcome]
    azurerm: str
    prepared: Callable[[Stack], None] = lambda stack: None


OPERATIONS = (
    Operation("create all", lambda stack: stack.up(), "1,000 for 200 tasks, 203 s"),
    Operation("no change", lambda stack: stack.up(), "not measured"),
    Operation(
        "change one",
        lambda stack: stack.up(),
        "4, 10 s",
        lambda stack: stack.edit("__main__.py", "else 300", "else 900"),
    ),
    Operation("refresh", lambda stack: stack.refresh(), "not measured"),
    Operation("delete all", lambda stack: stack.destroy(), "3 a task"),
)


def measured(operation: Operation, stack: Stack) -> float:
    """Runs an operation, and gives its seconds; raises AssertionError with the screen when it fails."""
    operation.prepared(stack)
    started = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()):
        operation.command(stack).succeeded()
    return time.monotonic() - started


def main(count: int) -> None:
    print(f"{count} tasks in one registry\n")
    row = "{:<12} {:<28} {:<28} {:>8} {:>8} {:>8} {:>6} {:>6}"
    print(row.format("operation", "requests", "azurerm, measured", "floor", "dynamic", "plugin", "ratio", "ratio"))
    with tempfile.TemporaryDirectory() as folder, Emulator.started(Path(folder) / "emulator") as emulator:
        with contextlib.redirect_stdout(io.StringIO()):
            text = OURS.format(count=count)
            ours = Stack(Path(folder) / "ours", "ours", program=text, **emulator.config)
            text = PLUGIN.program(text).replace("task-", "plugged-")
            plugin = Stack(Path(folder) / "plugin", "plugin", program=text, **emulator.config)
            floor = Stack(Path(folder) / "floor", "floor", program=FLOOR.format(count=count))
        for operation in OPERATIONS:
            emulator.forget_requests()
            seconds = measured(operation, ours)
            asked = Counter(emulator.methods())
            plugged, least = measured(operation, plugin), measured(operation, floor)
            requests = ", ".join(f"{number} {method}" for method, number in sorted(asked.items())) or "none"
            times = (f"{each:.1f} s" for each in (least, seconds, plugged))
            ratios = (f"{each / least:.2f}" for each in (seconds, plugged))
            print(row.format(operation.name, requests, operation.azurerm, *times, *ratios), flush=True)
