"""Tries the docker executor with a Docker daemon of its own, which is gone afterwards.

The daemon is Debian's. Its images and containers are in a temporary folder, it changes no firewall rule, and it is
ended with whatever it started. Needs root; elsewhere the tests want a `DOCKER_HOST` that answers, and skip without one.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import debian

PARTS = {"dockerd": "docker.io"}
TESTS = "tests/real/emulator/execution"
SECONDS = 60.0
ISOLATION = ["--iptables=false", "--ip6tables=false", "--bridge=none"]


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """Runs a daemon while it lasts; gives its address."""
    address = f"unix://{folder}/docker.sock"
    places = [f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/docker.pid"]
    with (folder / "docker.log").open("wb") as log:
        child = subprocess.Popen(["dockerd", *places, *ISOLATION, "--host", address], stdout=log, stderr=log)
    try:
        wait_for(child, address, folder / "docker.log")
        yield address
    finally:
        child.terminate()
        child.wait(timeout=SECONDS)


def wait_for(child: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Returns when the daemon answers; ends this program when it does not."""
    deadline = time.monotonic() + SECONDS
    while subprocess.run(["docker", "--host", address, "version"], capture_output=True, check=False).returncode != 0:
        if child.poll() is not None or time.monotonic() > deadline:
            sys.exit("The Docker daemon does not start:\n" + "\n".join(log.read_text().splitlines()[-8:]))
        time.sleep(0.2)


def main() -> int:
    """Runs the tests of the docker executor; the exit status is theirs."""
    if os.geteuid() != 0 or not debian.provide(PARTS, "There is no Docker daemon to try.", "To try docker"):
        sys.exit("A Docker daemon of one's own needs root; with another, set DOCKER_HOST and run pytest -k docker.")
    folder = Path(tempfile.mkdtemp(prefix="acr-tasks-docker-"))
    try:
        with daemon(folder) as address:
            command = [sys.executable, "-m", "pytest", TESTS, "-k", "docker", "-n", "2"]
            return subprocess.run(command, env={**os.environ, "DOCKER_HOST": address}, check=False).returncode
    finally:
        # The daemon leaves its network namespace mounted there.
        for left in (folder / "exec" / "netns").glob("*"):
            subprocess.run(["umount", str(left)], check=False)
        shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
