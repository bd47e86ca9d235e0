"""The embedded emulator: `acr-tasks-emulator serve --detach`, started on demand, one process for each data folder.

Two strangers: nothing of the emulator is imported, its command line is all that is known of it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi_acr_tasks.errors import EmulatorError

_IDLE_EXIT = 900  # seconds without a request and without a run, after which it ends by itself
_PATIENCE = 60.0  # seconds until it serves; a machine that is busy with builds may take several
_LAST_LINES = 8


@dataclass(frozen=True)
class Emulator:
    """An emulator that runs. `registries` are ARM ids, `dashboard` is a page for people, `executor` is what builds."""

    endpoint: str
    login_server: str
    dashboard: str
    pid: int
    registries: list[str] = field(default_factory=list)
    executor: str = ""


def start(data: Path) -> Emulator:
    """Start the emulator of the folder `data`, or find the one that runs on it already.

    It outlives this process, and ends by itself after 15 idle minutes. Raises EmulatorError when it is not installed
    or does not start.
    """
    data.mkdir(parents=True, exist_ok=True)
    command = [*executable(), "serve", "--detach", "--data", str(data), "--idle-exit", str(_IDLE_EXIT)]
    try:
        done = subprocess.run(  # noqa: S603 - our own command line, no shell
            command, capture_output=True, text=True, timeout=_PATIENCE, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as expired:
        raise EmulatorError(
            f"The embedded emulator did not start within {_PATIENCE:.0f} s on {data}.{_tail(expired.stderr)}"
        ) from None
    except OSError as error:
        raise EmulatorError(f"The embedded emulator cannot be started: {error}.") from error
    if done.returncode != 0:
        if "No module named acr_tasks_emulator" in done.stderr:
            raise EmulatorError(_missing())
        raise EmulatorError(
            f"The embedded emulator did not start on {data} (exit status {done.returncode}).{_tail(done.stderr)}"
        )
    return _read(done.stdout, done.stderr)


def stop_command(data: Path) -> str:
    """The command that stops the emulator of the folder `data`, to be shown."""
    return f"acr-tasks-emulator stop --data {data}"


def executable() -> list[str]:
    """The beginning of the emulator's command line: the program beside this Python, or on PATH, or this Python's
    module."""
    beside = Path(sys.executable).parent / "acr-tasks-emulator"
    if os.access(beside, os.X_OK):
        return [str(beside)]
    found = shutil.which("acr-tasks-emulator")
    return [found] if found else [sys.executable, "-m", "acr_tasks_emulator"]


def _read(stdout: str, stderr: str) -> Emulator:
    """The one line of JSON that it prints when it is ready."""
    for line in reversed(stdout.splitlines()):
        try:
            ready: Any = json.loads(line)
            return Emulator(
                endpoint=str(ready["endpoint"]),
                login_server=str(ready["loginServer"]),
                dashboard=str(ready["dashboard"]),
                pid=int(ready["pid"]),
                registries=[str(registry) for registry in ready.get("registries", [])],
                executor=str(ready.get("executor", "")),
            )
        except (ValueError, KeyError, TypeError):
            continue
    raise EmulatorError(f"The embedded emulator did not say where it is; its version may not fit.{_tail(stderr)}")


def _missing() -> str:
    return (
        "The configuration says acr-tasks:endpoint = embedded, and the emulator is not installed. "
        'Install it with: pip install "pulumi-acr-tasks[emulator]"'
    )


def _tail(stderr: str | bytes | None) -> str:
    """The last lines that it wrote, to stand below a sentence."""
    text = stderr.decode(errors="replace") if isinstance(stderr, bytes) else stderr or ""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()][-_LAST_LINES:]
    return "".join(f"\n  {line}" for line in lines)
