"""Runs tests/clients with Microsoft's azure-cli in a virtual environment of its own, `.venv-az`.

With ACR_TASKS_AZ, the path of an `az`, nothing is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import environment

ROOT = environment.ROOT
ENVIRONMENT = ROOT / ".venv-az"
VERSION = "2.91.0"


def az() -> Path:
    """Make sure that there is an `az` (some 700 MB); return its path."""
    given = os.environ.get("ACR_TASKS_AZ")
    if given:
        return Path(given)
    stamp = ENVIRONMENT / ".azure-cli"
    environment.create(ENVIRONMENT)
    if environment.once(stamp, VERSION):
        environment.say(f"installing azure-cli {VERSION}, some 700 MB")
        environment.run(ENVIRONMENT / "bin/python", "-m", "pip", "install", "--quiet", f"azure-cli=={VERSION}")
        stamp.write_text(VERSION)
    return ENVIRONMENT / "bin/az"


def main() -> int:
    try:
        program = az()
    except environment.EnvironmentFailedError as failed:
        print(failed, file=sys.stderr)
        return 1
    return subprocess.run(
        [ROOT / ".venv/bin/python", "-m", "pytest", "tests/clients", *sys.argv[1:]],
        cwd=ROOT,
        env={**os.environ, "ACR_TASKS_AZ": str(program)},
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
