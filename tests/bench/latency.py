"""The seconds until the screen shows a line of a run's log, and the end of the run.

Lines are stamped in the container with the machine's uptime, ends with the service's `finishTime`; both are compared
with the time at which pulumi prints them, as CI would see it.
"""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from tests.bench.percentiles import spread
from tests.e2e.emulator import Emulator
from tests.e2e.stack import Stack

RUNS = 8
ROUNDS = 3
UPTIME = Path("/proc/uptime")

# The runs end 0.8 s apart, so a poll for one run hardly ever finds the end of another.
PROGRAM = """
import base64
from pulumi_acr_tasks import EncodedTaskRunRequestArgs, PlatformPropertiesArgs, Run

STEPS = '''steps:
  - cmd: >-
      busybox sh -c 'for i in $(busybox seq {count}); do
      echo "stamp $(busybox cut -d" " -f1 /proc/uptime)"; busybox sleep 0.2; done'
'''
for number in range(RUNS):
    steps = STEPS.format(count=20 + 4 * number)
    Run(
        f"run-{number}",
        run_request=EncodedTaskRunRequestArgs(
            encoded_task_content=base64.b64encode(steps.encode()).decode(), platform=PlatformPropertiesArgs(os="Linux")
        ),
    )
"""
_STAMP = re.compile(r" stamp (\d+\.\d+)")
_CREATED = re.compile(r":Run run-\d+ created .* (\w+) succeeded")


def main() -> None:
    print(f"\nfrom the service to the screen, {RUNS} runs at once, {ROUNDS} rounds")
    lines: list[float] = []
    ends: list[float] = []
    with (
        tempfile.TemporaryDirectory() as name,
        Emulator.started(Path(name) / "emulator", "--agents", str(RUNS)) as service,
    ):
        if service.executor == "simulated" or not UPTIME.exists():
            print("not measured: needs a builder, and Linux")
            return
        for number in range(ROUNDS):
            with contextlib.redirect_stdout(io.StringIO()):
                stack = Stack(
                    Path(name) / f"round-{number}", "runs", program=PROGRAM.replace("RUNS", str(RUNS)), **service.config
                )
            shown, created = watched(stack.start("up", "--yes", "--skip-preview", "--stack", "dev", "--parallel", "64"))
            finished = {
                run["runId"]: seconds_since_1970(run["finishTime"]) for run in service.runs() if run["runId"] in created
            }
            lines += shown
            ends += [seen - finished[run_id] for run_id, seen in created.items()]
    print(f"{'log line from agent to screen':<38} {spread(lines)}")
    print(f"{'final status to finished resource':<38} {spread(ends)} (the aim: 1 s)", flush=True)


def watched(update: subprocess.Popen[str]) -> tuple[list[float], dict[str, float]]:
    """Read the screen to its end; return the age of each stamped line in seconds, and the time of each created run.

    Raises SystemExit with the screen when a run did not succeed.
    """
    lines: list[float] = []
    created: dict[str, float] = {}
    screen: list[str] = []
    for line, wall, uptime in _timed(update):
        screen.append(line)
        if stamp := _STAMP.search(line):
            lines.append(uptime - float(stamp[1]))
        elif made := _CREATED.search(line):
            created[made[1]] = wall
    if update.wait() != 0 or len(created) != RUNS:
        raise SystemExit("".join(screen))
    return lines, created


def _timed(update: subprocess.Popen[str]) -> Iterator[tuple[str, float, float]]:
    """Yield each line, with the time and the machine's uptime at which it came."""
    assert update.stdout
    with update.stdout as screen:
        for line in screen:
            yield line, time.time(), float(UPTIME.read_text().split()[0])


def seconds_since_1970(text: str) -> float:
    """Return the seconds since 1970 of the service's `2026-01-02T03:04:05.1234567+00:00`."""
    return datetime.fromisoformat(f"{text[:26]}+00:00").timestamp()
