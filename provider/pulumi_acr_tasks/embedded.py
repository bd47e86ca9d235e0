"""The embedded emulator: `acr-tasks-emulator serve --detach`, started on demand, one process for each data folder.

Nothing of the emulator is imported: the provider knows only its command line.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks import engine
from pulumi_acr_tasks.arm.clock import deadline, fits_deadline, may_interrupt, run_cancelable
from pulumi_acr_tasks.errors import CanceledError, DeadlineError, EmulatorError, EndpointError
from pulumi_acr_tasks.settings.settings import pulumi_home

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.settings.settings import Settings

_IDLE_EXIT = 900  # seconds without a request and without a run, after which it exits
_START_TIMEOUT = 60.0  # seconds until it serves; on a machine that is busy with builds it takes several
_SLICE = 0.2  # seconds in which ^C is noticed while it starts
_LAST_LINES = 8
_GROUP_API_VERSION = "2021-04-01"
_LOCATION = "westeurope"  # the emulator's own registry is there too
_RESTARTS = 3  # restarts of an emulator that has died; after them its error is shown

MISSING = (
    "The configuration says acr-tasks:endpoint = embedded, and the emulator is not installed. "
    f'Install it where the provider is ({sys.prefix}): pip install "pulumi-acr-tasks[emulator]"'
)


@dataclass(frozen=True)
class Emulator:
    """A running emulator. `registries`: ARM ids. `dashboard`: the URL of its page. `executor`: the tool that builds."""

    endpoint: str
    login_server: str
    dashboard: str
    pid: int
    registries: list[str] = field(default_factory=list)
    executor: str = ""


def serve(settings: Settings) -> tuple[str, Callable[[], bool]]:
    """Start the embedded emulator, and say where it is and how to stop it.

    Returns its URL, and a function that starts it again when it has died.
    """
    data, stack = data_folder(settings), engine.stack_console()
    engine.console().status("waiting for the embedded emulator")
    emulator = start(data, engine.canceled)
    stack.info(f"embedded emulator: dashboard {emulator.dashboard}; stop it with: {stop_command(data)}")
    if emulator.executor == "simulated":
        stack.warning("the embedded emulator simulates runs here: nothing is built, no digest comes out")
    return emulator.endpoint, Restart(emulator, data, engine.canceled, stack.warning)


def start(data: Path, stop: threading.Event | None = None) -> Emulator:
    """Start the emulator of the folder `data`, or find the one that runs on it already.

    It outlives this process, and exits after 15 idle minutes. Raises EmulatorError when it is not installed
    or does not start, CanceledError when `stop` is set meanwhile.
    """
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EmulatorError(
            f"The embedded emulator has no folder for its data: {error.strerror}: {data}. acr-tasks:embeddedData names "
            "another one."
        ) from error
    command = [*executable(), "serve", "--detach", "--data", str(data), "--idle-exit", str(_IDLE_EXIT)]
    try:
        process = subprocess.Popen(  # noqa: S603 - our own command line, no shell
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise EmulatorError(f"The embedded emulator cannot be started: {error}.") from error
    with process:
        try:
            stdout, stderr = _output(process, data, stop)
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        if "No module named acr_tasks_emulator" in stderr:
            raise EmulatorError(MISSING)
        raise EmulatorError(
            f"The embedded emulator did not start on {data} (exit status {process.returncode}).{_tail(stderr)}"
        )
    return _read(stdout, stderr)


def _output(process: subprocess.Popen[str], data: Path, stop: threading.Event | None) -> tuple[str, str]:
    """Wait for the end of the command that starts the emulator, and return its output."""
    end = time.monotonic() + _START_TIMEOUT
    while True:
        try:
            return process.communicate(timeout=_SLICE)
        except subprocess.TimeoutExpired as expired:
            if stop is not None and stop.is_set() and may_interrupt():
                raise CanceledError("The update was canceled while the embedded emulator started.") from None
            if not fits_deadline(0):
                raise DeadlineError("The embedded emulator did not start in the time that was left.") from None
            if time.monotonic() >= end:
                seconds, output = f"{_START_TIMEOUT:.0f} s", _tail(expired.stderr)
                raise EmulatorError(
                    f"The embedded emulator did not start within {seconds} on {data}.{output}"
                ) from None


class Restart:
    """A callback that restarts an emulator that has died, on the same folder and port.

    `warn` takes one sentence for each restart.
    """

    def __init__(self, emulator: Emulator, data: Path, stop: threading.Event, warn: Callable[[str], None]) -> None:
        self._emulator, self._data, self._stop, self._warn = emulator, data, stop, warn
        self._lock = threading.Lock()
        self._restarts = 0

    def __call__(self) -> bool:
        """Restart it, or find that it runs; return False after too many restarts.

        A restart goes on after the deadline of the request that began it, so that its warning is not lost. Raises
        EmulatorError, CanceledError and DeadlineError.
        """
        return run_cancelable(self._restart, self._stop, "restart the embedded emulator")

    def _restart(self) -> bool:
        with self._lock, deadline(float("inf"), interruptible=may_interrupt(), afresh=True):
            if self._restarts >= _RESTARTS:
                return False
            found = start(self._data, self._stop)
            if found.endpoint != self._emulator.endpoint:
                raise EmulatorError(
                    f"The embedded emulator has died, and its port is taken: it is at {found.endpoint} now. Run "
                    "pulumi up again."
                )
            if found.pid != self._emulator.pid:
                self._restarts += 1
                self._emulator = found
                self._warn(
                    "The embedded emulator had died and was started again. Runs that it had under way end as Error, "
                    f"unless they had ended before. Its own log is in {self._data}."
                )
            return True


def stop_command(data: Path) -> str:
    """Return the command that stops the emulator of the folder `data`, for a message."""
    return f"acr-tasks-emulator stop --data {data}"


def executable() -> list[str]:
    """Return how to run the emulator: by the program beside this Python, the one on PATH, or this Python's module."""
    beside = Path(sys.executable).parent / "acr-tasks-emulator"
    if os.access(beside, os.X_OK):
        return [str(beside)]
    found = shutil.which("acr-tasks-emulator")
    return [found] if found else [sys.executable, "-m", "acr_tasks_emulator"]


def is_installed() -> bool:
    """Return whether an emulator is installed."""
    return executable()[0] != sys.executable or importlib.util.find_spec("acr_tasks_emulator") is not None


def data_folder(settings: Settings) -> Path:
    """Return the embedded emulator's folder: the configured one, or one for the stack in Pulumi's home."""
    if settings.embedded_data:
        return Path(settings.embedded_data).expanduser().absolute()
    home = pulumi_home(os.environ) / "acr-tasks-emulator"
    try:
        urn = engine.Urn.parse(engine.current_request().urn)
    except ValueError:
        # Only where the SDK hides the request: then one emulator serves all stacks of the project.
        return home / os.environ.get("PULUMI_PROJECT", "project")
    return home / urn.project / urn.stack


def refuse_missing_data(data: Path, kind: str) -> None:
    """Raise EndpointError when the folder of this stack does not exist, and those of other stacks of the project do."""
    if data.exists():
        return
    try:
        others = sorted(str(each) for each in data.parent.iterdir() if each.is_dir())
    except OSError:
        return  # none: the emulator's data was removed, and begins anew
    if others:
        raise EndpointError(
            f"this {kind} lives at the embedded emulator, and there is no data of this stack in {data}\n"
            f"if the stack was renamed: acr-tasks-emulator stop --data FORMER && mv FORMER {data}\n"
            f"with FORMER one of {', '.join(others)}\n"
            f"if its data was removed on purpose, begin with an empty folder: mkdir {data}"
        )


def make_registry(client: Client, registry: RegistryId, location: str | None) -> None:
    """Make a registry and its resource group at the embedded emulator, at `location` or the emulator's default.

    So a program that is written for Azure runs on the embedded emulator unchanged.
    """
    # Imported here: a program that only declares resources needs no HTTP library.
    from pulumi_acr_tasks.arm.http.transport import Operation
    from pulumi_acr_tasks.arm.operations import REGISTRY_API_VERSION

    group = f"/subscriptions/{registry.subscription_id}/resourceGroups/{registry.resource_group_name}"
    where = {"location": location or _LOCATION}
    client.call("PUT", Operation("make resource group", group), json=where, api_version=_GROUP_API_VERSION)
    body = {**where, "sku": {"name": "Basic"}}
    client.call("PUT", Operation("make registry", str(registry)), json=body, api_version=REGISTRY_API_VERSION)
    engine.stack_console().info(f"the embedded emulator now has the registry {registry.registry_name}")


def _read(stdout: str, stderr: str) -> Emulator:
    """Return the emulator from the line of JSON that it prints when it is ready."""
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


def _tail(stderr: str | bytes | None) -> str:
    """Return the last lines of its output, indented for a message."""
    text = stderr.decode(errors="replace") if isinstance(stderr, bytes) else stderr or ""
    lines = [line.rstrip() for line in text.splitlines() if line.strip()][-_LAST_LINES:]
    return "".join(f"\n  {line}" for line in lines)
