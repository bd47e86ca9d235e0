"""Runs tests/clients with Microsoft's own azure-cli, which gets a virtual environment of its own, `.venv-az`.

ACR_TASKS_AZ may name an `az` that is there already; nothing is installed then.
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
    """Makes sure that there is an `az` (some 700 MB); returns its path."""
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
