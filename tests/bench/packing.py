"""The cost of packing a context, beside `tar czf` of the same files on the same disk."""

from __future__ import annotations

import random
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pulumi_acr_tasks.source.context import Context

FILES = 20_000
ROUNDS = 3
REQUEST = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}


def main() -> None:
    print(f"\npacking {FILES:,} files, the best of {ROUNDS} rounds each")
    with tempfile.TemporaryDirectory() as name:
        folder, target = Path(name) / "context", Path(name) / "tar.tar.gz"
        size = write(folder)
        beside = best(lambda: subprocess.run(["tar", "czf", target, "-C", folder, "."], check=True))
        print(f"{'tar czf':<38} {beside:.2f} s, {target.stat().st_size >> 10:,} of {size >> 10:,} KiB")
        context = Context(folder, REQUEST)
        started = time.monotonic()
        expected = context.fingerprint().hash
        hashing = time.monotonic() - started
        print(f"{'hash, nothing remembered':<38} {hashing:.2f} s, {hashing / beside:.2f} of tar's")
        again = best(context.fingerprint)
        print(f"{'hash, all remembered':<38} {again:.2f} s, {again / beside:.2f} of tar's")
        packing = best(lambda: pack(context, expected))
        print(f"{'packing':<38} {packing:.2f} s, {packing / beside:.2f} of tar's", flush=True)


def pack(context: Context, expected: str) -> None:
    with context.archive(expected):
        pass


def best(work: Callable[[], object]) -> float:
    """Return the least seconds of several rounds: other work of the machine can only add to them."""
    taken = []
    for _ in range(ROUNDS):
        started = time.monotonic()
        work()
        taken.append(time.monotonic() - started)
    return min(taken)


def write(folder: Path) -> int:
    """Write files like those of sources, 100 to a folder and 4 KiB on average; return their size in all, in bytes."""
    chance = random.Random(1)
    words = ["".join(chance.choices("etaoinshrdlu_", k=chance.randint(2, 11))) for _ in range(2_000)]
    total = 0
    for number in range(FILES):
        below = folder / f"{number // 100:03}"
        below.mkdir(parents=True, exist_ok=True)
        total += (below / f"{number:05}.txt").write_text(" ".join(chance.choices(words, k=chance.randint(10, 1_100))))
    (folder / "Dockerfile").write_text("FROM scratch\n")
    return total
