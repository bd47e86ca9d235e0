"""Runs verbs of the Makefile one after another, all of them, and ends with a summary that a person can read."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CLOSING = re.compile(r"^=+ (?P<counts>.*\d+ (?:passed|failed|error).*) in [\d.]+s")
COUNT = re.compile(r"(\d+) (passed|failed|skipped|error)")


@dataclass
class Result:
    """How one verb ended: exit status, seconds, and what its test runs counted."""

    verb: str
    status: int = 0
    seconds: float = 0.0
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, line: str) -> None:
        """Adds up the closing line of a pytest run; other lines are left alone."""
        closing = CLOSING.match(line)
        if closing:
            for number, outcome in COUNT.findall(closing["counts"]):
                outcome = "failed" if outcome == "error" else outcome
                self.counts[outcome] = self.counts.get(outcome, 0) + int(number)

    def __str__(self) -> str:
        told = ", ".join(f"{number} {outcome}" for outcome, number in self.counts.items())
        scenarios = " scenarios" if self.verb == "e2e" and self.counts else ""
        return f"  {'ok  ' if self.status == 0 else 'FAIL'}  {self.verb:<10} {self.seconds:6.0f} s  {told}{scenarios}"


def run(verb: str) -> Result:
    """Runs one verb, its output passing through."""
    print(f"==> {verb}", flush=True)
    result, began = Result(verb), time.monotonic()
    command = ["make", "--silent", "--no-print-directory", verb]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout
    for line in process.stdout:
        print(line, end="", flush=True)
        result.count(line)
    result.status, result.seconds = process.wait(), time.monotonic() - began
    return result


def engine() -> str:
    """In words, which engine the scenarios ran with."""
    command = [sys.executable, "tools/pulumi/engine.py", "--which"]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return told.stdout.strip() or "none"


def main(verbs: list[str]) -> int:
    results = [run(verb) for verb in verbs]
    print("==> summary")
    print(*results, sep="\n")
    print(f"  engine: {engine()}")
    total = {name: sum(result.counts.get(name, 0) for result in results) for name in ("passed", "failed", "skipped")}
    print(", ".join(f"{number} {name}" for name, number in total.items()))
    return 1 if any(result.status for result in results) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
