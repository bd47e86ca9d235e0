"""Runs tests/compat under the newest Pulumi SDK that we allow (the environment's) and under the oldest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import environment

ROOT = environment.ROOT
OLDEST = ROOT / ".venv-oldest"


def oldest() -> Path:
    """Makes the environment with the oldest SDK whole: that SDK, pytest, and the provider's wheel alone."""
    environment.create(OLDEST)
    environment.install_requirements(OLDEST, ROOT / "tests/compat/oldest.lock")
    environment.install_wheel(OLDEST, "pulumi-acr-tasks", *environment.DISTRIBUTIONS["pulumi-acr-tasks"])
    return OLDEST


def main() -> int:
    status = 0
    for folder in (ROOT / ".venv", oldest()):
        python = folder / "bin/python"
        told = subprocess.run(
            [python, "-c", "import importlib.metadata as m; print(m.version('pulumi'))"],
            capture_output=True,
            text=True,
            check=True,
        )
        print(f"--- Pulumi SDK {told.stdout.strip()}", flush=True)
        status |= subprocess.run([python, "-m", "pytest", "tests/compat"], cwd=ROOT, check=False).returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
