"""The time of a preview with the policy pack, beside the same preview with a pack that checks nothing."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
import time
from pathlib import Path

from tests.bench.tasks import OURS
from tests.e2e.emulator import Emulator
from tests.e2e.stack import Stack

TASKS = 200
PACK = Path(__file__).resolve().parents[2] / "policies"
EMPTY = """from pulumi_policy import PolicyPack, ResourceValidationPolicy

PolicyPack("empty", [ResourceValidationPolicy("acr-none", "Checks nothing.", lambda args, report: None)])
"""


def measured(stack: Stack, pack: Path) -> float:
    """Preview the stack with a pack, three times, and return the seconds of the fastest."""
    seconds = []
    for _ in range(3):
        started = time.monotonic()
        with contextlib.redirect_stdout(io.StringIO()):
            stack.preview("--policy-pack", str(pack)).succeeded()
        seconds.append(time.monotonic() - started)
    return min(seconds)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, Emulator.started(Path(folder) / "emulator") as emulator:
        empty = Path(folder) / "empty"
        empty.mkdir()
        (empty / "__main__.py").write_text(EMPTY)
        shutil.copy(PACK / "PulumiPolicy.yaml", empty)
        with contextlib.redirect_stdout(io.StringIO()):
            stack = Stack(Path(folder) / "ours", "ours", program=OURS.format(count=TASKS), **emulator.config)
        floor, ours = measured(stack, empty), measured(stack, PACK)
    print(f"preview of {TASKS} tasks: {ours:.1f} s with the pack, {floor:.1f} s with an empty one: {ours / floor:.2f}")
