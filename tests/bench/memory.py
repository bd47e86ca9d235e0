"""The memory of packing a large context, of data that no compression makes smaller.

    python -m tests.bench.memory FOLDER

packs the folder and prints the growth of its own peak in bytes.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.packing import REQUEST, pack

from pulumi_acr_tasks.source.context import Context

MEBIBYTES = 256
STATUS = Path("/proc/self/status")


def main(mebibytes: int) -> None:
    print(f"\nmemory while packing {mebibytes:,} MiB that cannot be compressed")
    if not STATUS.exists():
        print("not measured: needs Linux")
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "Dockerfile").write_text("FROM scratch\n")
        with (folder / "data").open("wb") as file:
            for _ in range(mebibytes):
                file.write(os.urandom(1 << 20))
        started = time.monotonic()
        packed = subprocess.run([sys.executable, "-m", __name__, folder], check=True, capture_output=True, text=True)
        seconds = time.monotonic() - started
    growth = int(packed.stdout) / (1 << 20)
    print(f"{'growth of the peak':<38} {growth:.1f} MiB, {growth / mebibytes:.2%} of the context ({seconds:.0f} s)")


def peak() -> int:
    """Return the peak of this process's resident memory in bytes. `getrusage` would count the parent, too."""
    found = re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())
    assert found
    return int(found[1]) << 10


if __name__ == "__main__":
    context = Context(Path(sys.argv[1]), REQUEST)
    before = peak()
    pack(context, context.fingerprint().hash)
    print(peak() - before)
