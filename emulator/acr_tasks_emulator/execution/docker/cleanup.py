"""A program that removes the containers and networks of an emulator that is gone.

    python -I -S cleanup.py LIFE LABEL

LIFE is the read end of a pipe whose only write end is the emulator's; LABEL is what its containers and networks carry.
The daemon, and no process of ours, is the parent of containers: nothing else ends them when the emulator is killed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping


def sweep(label: str, environment: Mapping[str, str]) -> None:
    """Remove the containers, then the networks, that carry a label. Does not raise when docker fails."""
    for listed, removed in ((["ps", "-aq"], ["rm", "-f", "-v"]), (["network", "ls", "-q"], ["network", "rm"])):
        argv = ["docker", *listed, "--filter", f"label={label}"]
        found = subprocess.run(argv, env=environment, capture_output=True, check=False)  # noqa: S603 - no shell
        names = found.stdout.decode().split()
        if names:
            argv = ["docker", *removed, *names]
            subprocess.run(argv, env=environment, capture_output=True, check=False)  # noqa: S603 - no shell


if __name__ == "__main__":
    os.read(int(sys.argv[1]), 1)  # answers when the last write end is closed
    sweep(sys.argv[2], os.environ)
