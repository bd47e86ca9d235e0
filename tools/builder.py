"""Brings what the emulator builds with: buildah, docker-registry and busybox-static, from Debian.

Uses apt where it may (as root) and starts no system service. Elsewhere it names the one command to run, and goes on:
the emulator then simulates its runs and says so.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PARTS = {"buildah": "buildah", "docker-registry": "docker-registry", "busybox": "busybox-static"}
COMMAND = "apt-get install --no-install-recommends"
REFUSAL = Path("/usr/sbin/policy-rc.d")  # Debian's own switch: packages ask it before they start a service


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def missing() -> list[str]:
    """The Debian packages of the parts that are not on PATH."""
    return [package for command, package in PARTS.items() if not shutil.which(command)]


@contextlib.contextmanager
def no_services() -> Iterator[None]:
    """Keeps packages from starting their services while it lasts; an administrator's own rule stays in force."""
    if REFUSAL.exists():
        yield
        return
    REFUSAL.write_text("#!/bin/sh\nexit 101\n")
    REFUSAL.chmod(0o755)
    try:
        yield
    finally:
        REFUSAL.unlink()


def install(packages: list[str]) -> bool:
    """Installs Debian packages; False, after saying why, when apt cannot."""
    say(f"installing {', '.join(packages)} from Debian")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()[-4:]
            say("apt-get failed:\n      " + "\n      ".join(lines))
            return False
    if "docker-registry" in packages and shutil.which("systemctl"):  # the emulator starts its own, when it needs one
        subprocess.run(["systemctl", "disable", "docker-registry"], capture_output=True, check=False)
    return True


def ensure() -> bool:
    """Whether runs can really build here, after having done for it what may be done."""
    packages = missing()
    if not packages:
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with no_services():
            if install(packages) and not missing():
                return True
    say(
        f"Not installed: {', '.join(packages)}. Without them runs are simulated: nothing is built, no digest comes out."
    )
    say(f"To build for real, run this once:  sudo {COMMAND} {' '.join(packages)}")
    return False


if __name__ == "__main__":
    ensure()
