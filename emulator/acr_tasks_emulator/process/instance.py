"""One emulator per data folder: who has it, where it is, starting one beside us, ending it.

A live emulator holds a lock on `emulator.lock` for as long as it lives, however it ends, and has written its process id
into it. When it is ready it writes `emulator.json`: its ready line, and how to ask whether it is well. When it is about
to end it removes that first.
`start.lock` is held by whoever starts one in the background, so that two of them at once end with one emulator. What
they asked for is kept in `detached`, so that those who ask for the very same are answered without reading it again.

Imports little: every deployment on an embedded emulator begins here.
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
from typing import IO, Any

from acr_tasks_emulator.errors import SettingsError

LOCK = "emulator.lock"
READY = "emulator.json"
START_LOCK = "start.lock"
OUTPUT = "emulator.log"
DETACHED = "detached"
ENVIRONMENT = ("ACR_TASKS_EMULATOR_TOKEN", "ACR_TASKS_EMULATOR_WEBHOOK_SECRET")
"""Options that need not stand on a command line, which every user of the machine can read."""
START_SECONDS = 60.0
STOP_SECONDS = 30.0
_POLL_SECONDS = 0.02

About = dict[str, Any]


@contextlib.contextmanager
def owned(data: Path) -> Iterator[None]:
    """Have the data folder to ourselves. Raises SettingsError when a live emulator has it."""
    file = _try_lock(data / LOCK)
    if file is None:
        raise SettingsError(f"The data folder {data} belongs to an emulator that runs already ({_whose(data)}).")
    with file:
        (data / READY).unlink(missing_ok=True)  # of an earlier emulator that was killed
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


@contextlib.contextmanager
def announced(data: Path, about: About, check: dict[str, Any], options: dict[str, Any] | None = None) -> Iterator[None]:
    """Let others find this emulator until the block ends. `check` is that of its Place, `options` what it was asked."""
    ready = data / READY
    written = data / f"{READY}.new"
    written.write_text(json.dumps({"about": about, "check": check, "options": options or {}}))
    written.replace(ready)
    try:
        yield
    finally:
        ready.unlink(missing_ok=True)


def find(data: Path) -> About | None:
    """Return the ready line of the live emulator of a folder; None when there is none, or none that is ready."""
    found = _find(data)
    return None if found is None else found[0]


def _find(data: Path) -> tuple[About, dict[str, Any]] | None:
    if not (data / LOCK).exists():
        return None
    file = _try_lock(data / LOCK)
    if file is not None:
        file.close()
        return None
    try:
        announced = json.loads((data / READY).read_text())
        return announced["about"], announced["check"]
    except (OSError, ValueError, LookupError):
        return None


def options(data: Path) -> dict[str, Any]:
    """Return the options of the folder's emulator, as its announcement has them; none of one of an older release."""
    try:
        found = json.loads((data / READY).read_text()).get("options")
    except (OSError, ValueError, AttributeError):
        return {}
    return found if isinstance(found, dict) else {}


def find_or_start(data: Path, arguments: Sequence[str], environment: Mapping[str, str | None]) -> About:
    """Return the ready line of the folder's emulator; without one, start one in the background.

    `arguments` are those of `serve` for the new process, `environment` those that are not for a command line. Raises
    SettingsError with the new process's own sentence.
    """
    with _start_lock(data):
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            found = _find(data)
            if found is not None and _is_well(**found[1]):
                return found[0]
            if _is_free(data):
                return _start(data, arguments, environment, deadline)
            time.sleep(_POLL_SECONDS)  # an emulator that starts or ends at this moment
    raise SettingsError(f"The emulator of {data} ({_whose(data)}) neither answers nor ends: end that process.")


def find_again(arguments: Sequence[str]) -> About | None:
    """Return the ready line of a live emulator that `serve --detach` has found or started for these very arguments.

    None when there is none, or anything is in doubt: then the arguments have to be read properly. Which option is which
    is of no matter here, only where the data folder is: it remembers all of them.
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
    found = _find(data)
    return found[0] if found is not None and _is_well(**found[1]) else None


def remember(data: Path, arguments: Sequence[str]) -> None:
    """Let find_again() know the arguments that led to the emulator of a folder."""
    written = data / f"{DETACHED}.{os.getpid()}"
    written.write_text(_digest(arguments))
    written.replace(data / DETACHED)


def _digest(arguments: Sequence[str]) -> str:
    # Not the arguments themselves: one of them may be a token. The environment holds two more.
    asked = [*arguments, *(os.environ.get(name) for name in ENVIRONMENT)]
    return hashlib.sha256(json.dumps(asked).encode()).hexdigest()


def print_line(about: About) -> None:
    """Print one line of JSON."""
    sys.stdout.write(json.dumps(about) + "\n")
    sys.stdout.flush()


def stop(data: Path) -> int | None:
    """End the folder's emulator and wait until its process is gone; return its id, or None when there was none.

    Raises SettingsError when it does not end.
    """
    if not (data / LOCK).exists() or _is_free(data):
        return None
    pid = _pid(data)
    if pid is None:
        raise SettingsError(f"{data / LOCK} is held by a process that did not write its id into it.")
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sent)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline:
            if _is_free(data) and not _lives(pid):
                return pid
            time.sleep(_POLL_SECONDS)
    raise SettingsError(f"The emulator, process {pid}, does not end.")


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


def _is_well(address: list[Any], host: str, trust: str | None) -> bool:
    """Ask an emulator at `address` that is called `host` by clients; `trust` is the file to know it by under https."""
    # The question counts as a request, so an emulator that answers will not end of idleness under the caller's hands.
    # Any answer but "closing" is one: with a token, it is a refusal.
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


def _try_lock(path: Path) -> IO[str] | None:
    """Return the locked file, or None when another process has it."""
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _is_free(data: Path) -> bool:
    file = _try_lock(data / LOCK)
    if file is None:
        return False
    file.close()
    return True


def _pid(data: Path) -> int | None:
    try:
        return int((data / LOCK).read_text())
    except (OSError, ValueError):
        return None


def _whose(data: Path) -> str:
    pid = _pid(data)
    return "it is starting" if pid is None else f"process {pid}"


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
