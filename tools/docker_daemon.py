"""Runs the tests of the docker executor with a Docker daemon of their own, which is gone afterwards.

The daemon is Debian's. Its images and containers are in a temporary folder, it changes no firewall rule, and it is
ended with everything that it started. Needs root; elsewhere the tests need a DOCKER_HOST that answers, or are skipped.
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

PACKAGES = ({"dockerd": "docker.io"}, {"docker": "docker-cli"})  # the client is a package of its own since Debian 13
TESTS = "tests/real/emulator/execution"
SECONDS = 60.0
ISOLATION = ["--iptables=false", "--ip6tables=false", "--bridge=none"]


@contextlib.contextmanager
def daemon() -> Iterator[str]:
    """Run a daemon until the block ends; yield its address."""
    # Sockets are in /run, because the path of a socket has 107 bytes at most, and TMPDIR may be longer.
    data, run = (Path(tempfile.mkdtemp(prefix="acr-tasks-docker-", dir=folder)) for folder in (None, "/run"))
    address = f"unix://{run}/docker.sock"
    folders = [f"--data-root={data}/data", f"--exec-root={run}/exec", f"--pidfile={run}/docker.pid"]
    log = data / "docker.log"
    try:
        with log.open("wb") as output:
            command = ["dockerd", *folders, *ISOLATION, "--host", address]
            child = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            wait_for(child, address, log)
            yield address
        finally:
            end(child)
    finally:
        remove(data, run)


def wait_for(child: subprocess.Popen[bytes], address: str, log: Path) -> None:
    """Return when the daemon answers; end this program when it does not."""
    deadline = time.monotonic() + SECONDS
    while subprocess.run(["docker", "--host", address, "version"], capture_output=True, check=False).returncode != 0:
        if child.poll() is not None or time.monotonic() > deadline:
            sys.exit("The Docker daemon does not start:\n" + "\n".join(log.read_text().splitlines()[-8:]))
        time.sleep(0.2)


def end(child: subprocess.Popen[bytes]) -> None:
    """End the daemon, which ends its containers; kill it when that takes too long."""
    child.terminate()
    try:
        child.wait(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def remove(*folders: Path) -> None:
    """Remove the daemon's folders, and what is still mounted below them: at least its network namespace."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for folder in folders:
        for path in reversed([each for each in mounted if each.startswith(f"{folder}/")]):
            subprocess.run(["umount", "--lazy", path], check=False)
        shutil.rmtree(folder)


def main() -> int:
    """Run the tests; return their exit status."""
    if os.geteuid() != 0:
        sys.exit(f"A daemon needs root. With one that runs already: DOCKER_HOST=… pytest {TESTS} -k docker")
    for parts in PACKAGES:
        if not debian.provide(parts, "The docker executor cannot be tried.", "To try it"):
            return 1
    with daemon() as address:
        command = [sys.executable, "-m", "pytest", TESTS, "-k", "docker", "-n", "2"]
        environment = {**os.environ, "DOCKER_HOST": address, "ACR_TASKS_NEEDS_DOCKER": "1"}
        return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
