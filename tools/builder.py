"""Brings what the emulator builds with: buildah, docker-registry and busybox-static, from Debian.

Where it may not, it names the one command to run, and goes on: the emulator then simulates its runs and says so.
"""

from __future__ import annotations

import shutil
import subprocess

import debian

PARTS = {"buildah": "buildah", "docker-registry": "docker-registry", "busybox": "busybox-static"}


def ensure() -> bool:
    """Whether runs can really build here, after having done for it what may be done."""
    was_missing = debian.missing(PARTS)
    without = "Without them runs are simulated: nothing is built, no digest comes out."
    provided = debian.provide(PARTS, without, "To build for real")
    if "docker-registry" in was_missing and shutil.which("docker-registry") and shutil.which("systemctl"):
        # The emulator starts its own, when it needs one.
        subprocess.run(["systemctl", "disable", "docker-registry"], capture_output=True, check=False)
    return provided


if __name__ == "__main__":
    ensure()
