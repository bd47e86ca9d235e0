"""Runs verbs of the Makefile, three at a time, all of them, and ends with a summary that a person can read.

The longest come first, so that the lanes end together. Tests wait for servers and builds part of the time, and the
other lanes have the processors then. The output of a verb appears when the verb has ended, so that two verbs never mix.
"""

from __future__ import annotations

import getpass
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What fails soonest, what others wait for, and then the verbs by their length.
FIRST = ("lint", "engine", "real", "e2e", "contract", "compat", "docs", "types", "browser", "unit", "policies")
CLOSING = re.compile(r"^=+ (?P<counts>.*\d+ (?:passed|failed|error).*) in [\d.]+s")
QUIET_CLOSING = re.compile(r"^(?P<counts>\d+ (?:passed|failed|error)[^=]*) in [\d.]+s")
COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")
DURATION = re.compile(r"^(?P<seconds>[\d.]+)s (?:call|setup|teardown) +(?P<test>\S.*)")
SKIPPED = re.compile(r"^SKIPPED \[\d+\] (?P<test>.*)")
SLOWEST = 10
LANES = 3


@dataclass
class Result:
    """How one verb ended: exit status, seconds, those of CPU, what its tests counted, the slowest and the skipped."""

    verb: str
    status: int = 0
    seconds: float = 0.0
    cpu: float = 0.0  # of all processes that a parent has waited for; an emulator that outlives its command is not one
    counts: dict[str, int] = field(default_factory=dict)
    slow: list[tuple[float, str]] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)

    def read(self, line: str) -> bool:
        """Add up the closing line of a pytest run; return False for a line that only the summary shows."""
        duration = DURATION.match(line)
        if duration:
            self.slow.append((float(duration["seconds"]), duration["test"].strip()))
            return False
        if skipped := SKIPPED.match(line):
            self.skipped.append(skipped["test"])
        closing = CLOSING.match(line) or QUIET_CLOSING.match(line)
        if closing:
            for number, outcome in COUNT.findall(closing["counts"]):
                outcome = "failed" if outcome == "error" else outcome
                self.counts[outcome] = self.counts.get(outcome, 0) + int(number)
        return " slowest " not in line

    def __str__(self) -> str:
        counts = ", ".join(f"{number} {outcome}" for outcome, number in self.counts.items())
        scenarios = " scenarios" if self.verb == "e2e" and self.counts else ""
        outcome = "ok  " if self.status == 0 else "FAIL"
        return f"  {outcome}  {self.verb:<10} {self.seconds:6.0f} s {self.cpu:6.0f} s of CPU  {counts}{scenarios}"


def run(verb: str, printing: threading.Lock) -> Result:
    """Run one verb, and print its output when it has ended."""
    print(f"    {verb} …", file=sys.stderr, flush=True)
    result, began = Result(verb), time.monotonic()
    command = ["make", "--silent", "--no-print-directory", verb]
    environment = {
        **os.environ,
        "PYTEST_ADDOPTS": f"--durations={SLOWEST} --durations-min=1",
        "PYTEST_DEBUG_TEMPROOT": str(temporary(verb)),
    }
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        lines = [line for line in process.stdout.read().splitlines() if result.read(line)]
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = result.status = os.waitstatus_to_exitcode(status)
    result.seconds, result.cpu = time.monotonic() - began, usage.ru_utime + usage.ru_stime
    with printing:
        print(f"==> {verb}", *lines, sep="\n", flush=True)
    return result


def temporary(verb: str) -> Path:
    """Return the folder for the temporary files of a verb's tests.

    A pytest that ends removes the folders of earlier runs, while those of other verbs list them.
    """
    folder = Path(tempfile.gettempdir(), f"acr-tasks-{getpass.getuser()}-{verb}")
    folder.mkdir(exist_ok=True)
    return folder


def in_order(verbs: Iterable[str]) -> list[str]:
    """Return the verbs in the order in which they start."""
    return sorted(verbs, key=lambda verb: FIRST.index(verb) if verb in FIRST else len(FIRST))


def engine() -> str:
    """In words, which engine the scenarios ran with."""
    command = [sys.executable, "tools/pulumi/engine.py", "--which"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "none"


def main(verbs: list[str]) -> int:
    began, printing = time.monotonic(), threading.Lock()
    with ThreadPoolExecutor(LANES) as pool:
        results = list(pool.map(lambda verb: run(verb, printing), in_order(verbs)))
    print("==> summary")
    print(*results, sep="\n")
    print(f"  in all       {time.monotonic() - began:6.0f} s")
    print(f"  engine: {engine()}")
    print("  slowest tests:")
    for seconds, test in sorted((each for result in results for each in result.slow), reverse=True)[:SLOWEST]:
        print(f"    {seconds:6.1f} s  {test}")
    for skipped in (each for result in results for each in result.skipped):
        print(f"  skipped: {skipped}")
    total = {name: sum(result.counts.get(name, 0) for result in results) for name in ("passed", "failed", "skipped")}
    print(", ".join(f"{number} {name}" for name, number in total.items()))
    return 1 if any(result.status for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
