"""Shortcuts that save most of the CPU of the engine's commands in scenarios, without a change of their results.

Importing Python packages and deriving a key from a passphrase cost a command more than its work. So each worker has one
process that forks the engine's Python processes, one key service, and one new stack of which the others are copies.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from .key_service import key_service

FOLDER = Path(__file__).parent


@contextlib.contextmanager
def forking(folder: Path) -> Iterator[Path]:
    """Run a process that forks the engine's Python processes; yield the socket that launchers connect to."""
    socket = folder / "forks"
    command = [sys.executable, str(FOLDER / "forks.py"), str(socket)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as forks:
        assert forks.stdout
        assert forks.stdout.readline() == "ready\n"
        yield socket


@contextlib.contextmanager
def cheap_commands(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the environment of commands that share this worker's processes."""
    with forking(folder) as socket, key_service() as address:
        yield {
            "PULUMI_PYTHON_CMD": str(FOLDER / "launcher.py"),
            "ACR_TASKS_FORKS": str(socket),
            "ACR_TASKS_PLUGIN": str(shutil.which("pulumi-resource-acr-tasks")),
            "PATH": f"{FOLDER / 'bin'}:{os.environ['PATH']}",
            "VAULT_ADDR": address,
            "VAULT_TOKEN": "any",
            "GOGC": "400",  # the engine's processes end before collecting pays
        }
