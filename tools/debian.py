"""Installs programs from Debian: root gets them by apt, other users get the command to run.

Starts no system service.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

COMMAND = "apt-get install --no-install-recommends"
REFUSAL = Path("/usr/sbin/policy-rc.d")  # Debian's own switch: packages run it before they start a service


def say(text: str) -> None:
    print(f"    {text}", file=sys.stderr, flush=True)


def missing(parts: Mapping[str, str]) -> list[str]:
    """Return the packages of the commands that are not on PATH. parts: a Debian package for each command."""
    return [package for command, package in parts.items() if not shutil.which(command)]


def provide(parts: Mapping[str, str], without: str, purpose: str) -> bool:
    """Install what is missing, if possible; return whether all of the commands are there.

    without: a sentence about what happens where they are not. purpose: the purpose of the command to run.
    """
    packages = missing(parts)
    if not packages:
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        with _no_services():
            if _install(packages) and not missing(parts):
                return True
    say(f"Not installed: {', '.join(packages)}. {without}")
    say(f"{purpose}, run this once:  {advice(packages)}")
    return False


def advice(packages: list[str]) -> str:
    """Return the command with which a person installs packages."""
    return f"sudo {COMMAND} {' '.join(packages)}"


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    """Keep packages from starting services until the block ends; an administrator's own rule stays in force."""
    if REFUSAL.exists():
        yield
        return
    REFUSAL.write_text("#!/bin/sh\nexit 101\n")
    REFUSAL.chmod(0o755)
    try:
        yield
    finally:
        REFUSAL.unlink()


def _install(packages: list[str]) -> bool:
    """Install Debian packages; when apt cannot, say why and return False."""
    say(f"installing {', '.join(packages)} from Debian")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(["apt-get", *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            lines = done.stderr.strip().splitlines()[-4:]
            say("apt-get failed:\n      " + "\n      ".join(lines))
            return False
    return True
