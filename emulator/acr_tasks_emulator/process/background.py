"""Emulators in the background: found, started, asked whether they are well, and ended.

`start.lock` is held while one is started, so that two callers at once end with one emulator. The digest of a caller's
arguments is kept in `detached`: the same arguments are answered without being read again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import itertools
import json
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from acr_tasks_emulator.errors import SettingsError
from acr_tasks_emulator.process.instance import LOCK, About, announcement, find, is_free, owner_pid, owner_text

START_LOCK = "start.lock"
OUTPUT = "emulator.log"
DETACHED = "detached"
ENVIRONMENT = ("ACR_TASKS_EMULATOR_TOKEN", "ACR_TASKS_EMULATOR_WEBHOOK_SECRET")
"""Options that need not stand on a command line, which every user of the machine can read."""
START_SECONDS = 60.0
STOP_SECONDS = 30.0
_POLL_SECONDS = 0.02


def find_or_start(data: Path, arguments: Sequence[str], environment: Mapping[str, str | None]) -> About:
    """Return the ready line of the folder's emulator; without one, start one in the background.

    `arguments` are those of `serve` for the new process, `environment` those that are not for a command line. Raises
    SettingsError with the new process's own sentence.
    """
    with _start_lock(data):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if (about := _find_well(data)) is not None:
                return about
            if is_free(data):
                return _start(data, arguments, environment, deadline)
            time.sleep(_POLL_SECONDS)  # an emulator that starts or ends at this moment
    raise SettingsError(f"The emulator of {data} ({owner_text(data)}) neither answers nor ends: end that process.")


def find_again(arguments: Sequence[str]) -> About | None:
    """Return the ready line of a live emulator that `serve --detach` found or started for the same arguments.

    None when in doubt: then the arguments have to be read properly. Only the data folder is looked for among them; the
    folder keeps a digest of all.
    """
    if arguments[:1] != ["serve"]:
        return None
    given = [after for option, after in itertools.pairwise(arguments) if option == "--data"]
    given += [option[len("--data=") :] for option in arguments if option.startswith("--data=")]
    if len(given) != 1:
        return None
    data = Path(given[0]).resolve()
    try:
        if (data / DETACHED).read_text() != _digest(arguments):
            return None
    except (OSError, ValueError):
        return None
    return _find_well(data)


def _find_well(data: Path) -> About | None:
    found = announcement(data)
    return found["about"] if found is not None and is_well(**found["check"]) else None


def remember(data: Path, arguments: Sequence[str]) -> None:
    """Keep the digest of the arguments that led to a folder's emulator, for `find_again`."""
    written = data / f"{DETACHED}.{os.getpid()}"
    written.write_text(_digest(arguments))
    written.replace(data / DETACHED)


def stop(data: Path) -> int | None:
    """End the folder's emulator and wait until its process is gone; return its id, or None without one.

    Raises SettingsError when it does not end.
    """
    if not (data / LOCK).exists() or is_free(data):
        return None
    pid = owner_pid(data)
    if pid is None:
        raise SettingsError(f"The emulator of {data} ({owner_text(data)}) is no process of its own: end that program.")
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sent)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if is_free(data) and not _lives(pid):
                return pid
            time.sleep(_POLL_SECONDS)
    raise SettingsError(f"The emulator, process {pid}, does not end.")


def _digest(arguments: Sequence[str]) -> str:
    # Not the arguments themselves: one of them may be a token. The environment holds two more.
    asked = [*arguments, *(os.environ.get(name) for name in ENVIRONMENT)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def _start(data: Path, arguments: Sequence[str], given: Mapping[str, str | None], deadline: float) -> About:
    import subprocess

    command = [sys.executable, "-m", "acr_tasks_emulator", "serve", *arguments]
    environment = {**os.environ, **{name: value for name, value in given.items() if value is not None}}
    if "PYTHONPATH" in environment:
        paths = environment["PYTHONPATH"].split(os.pathsep)
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(path).resolve()) for path in paths if path)
    with (data / OUTPUT).open("wb") as output:
        child = subprocess.Popen(  # noqa: S603 - ourselves
            command,
            cwd=data,  # -m looks for modules there first: a caller's own queue.py must not be taken for Python's
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    while time.monotonic() < deadline:
        about = find(data)
        if about is not None and about.get("pid") == child.pid:
            return about
        if child.poll() is not None:
            lines = (data / OUTPUT).read_text(errors="replace").strip().splitlines()
            reason = lines[-1].removeprefix("acr-tasks-emulator: ") if lines else f"exit status {child.returncode}"
            raise SettingsError(reason)
        time.sleep(_POLL_SECONDS)
    child.kill()
    child.wait()
    raise SettingsError(f"The emulator was not ready within {START_SECONDS:.0f} seconds; see {data / OUTPUT}.")


def is_well(address: list[Any], host: str, trust: str | None) -> bool:
    """Ask an emulator at `address` for its health. host: its name for clients. trust: the certificate for https."""
    # The question counts as a request, so the emulator does not end as idle right after it. Any answer but "closing"
    # is good: with a token it is a refusal.
    connection = http.client.HTTPConnection(host, address[1])
    try:
        connection.sock = socket.create_connection((address[0], address[1]), timeout=5)
        if trust is not None:
            connection.sock = _context(trust).wrap_socket(connection.sock, server_hostname=host)
        connection.request("GET", "/_emulator/health")
        return connection.getresponse().status != http.client.SERVICE_UNAVAILABLE
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _context(trust: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=trust)
    # The file may hold the server's own certificate alone, and one that OpenSSL's strict rules would refuse elsewhere.
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


@contextlib.contextmanager
def _start_lock(data: Path) -> Iterator[None]:
    with (data / START_LOCK).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lives(pid: int) -> bool:
    """Tell whether a process still runs. One that has ended but was not waited for by its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return Path("/proc/self").exists() is False
    return state not in {"Z", "X"}
