"""The OCI registry behind the emulator's login server: Debian's docker-registry as a child process."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

import httpx

from acr_tasks_emulator.execution.build.image_name import ImageName
from acr_tasks_emulator.process.supervisor import Supervisor

PROGRAM = "docker-registry"
_START_SECONDS = 15.0
_ACCEPT = ", ".join(
    (
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.index.v1+json",
    )
)

_CONFIGURATION = """\
version: 0.1
log: {{level: warn, accesslog: {{disabled: true}}}}
storage:
  filesystem: {{rootdirectory: {folder}}}
  delete: {{enabled: true}}
http: {{addr: "{address}", relativeurls: true}}
"""
# Without the media type, events of layers would come too.
_NOTIFICATIONS = """\
notifications:
  endpoints:
    - name: emulator
      url: {url}
      headers: {{Authorization: [Bearer {secret}]}}
      timeout: 10s
      threshold: 3
      backoff: 1s
      ignore: {{mediatypes: [application/octet-stream], actions: [pull]}}
"""


def find_digest(address: str, name: ImageName) -> str | None:
    """Return the digest of an image in the registry at host:port; None when it is not there. Raises httpx.HTTPError."""
    url = f"http://{address}/v2/{name.repository}/manifests/{name.reference}"
    answer = httpx.head(url, headers={"Accept": _ACCEPT}, trust_env=False, timeout=30)
    return answer.headers.get("Docker-Content-Digest") if answer.status_code == httpx.codes.OK else None


class RegistryError(Exception):
    """A failure of the installed registry to start; the text says why."""


class OciRegistry:
    """A registry that starts on the first use of its address, and keeps its images in the data folder.

    data: the emulator's data folder, in which the registry uses `registry/`. writing: the lock for OCI layouts.
    """

    def __init__(self, data: Path, supervisor: Supervisor, program: str = PROGRAM) -> None:
        self._folder = data.resolve() / "registry"
        self._layouts = data.resolve() / "oci"
        self._supervisor = supervisor
        self._program = shutil.which(program)
        self._lock = threading.Lock()
        self.writing = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._address: str | None = None
        self._notifications = ""

    def address(self) -> str | None:
        """Start the registry if necessary; return its host:port on loopback, or None when it is not installed.

        Raises RegistryError when it does not answer within 15 seconds or ends.
        """
        if self._program is None:
            return None
        with self._lock:
            for last in (False, False, True):
                if self._child is not None and self._child.poll() is None:
                    break
                try:
                    self._start(self._program)
                except RegistryError:  # another process may have taken the port meanwhile
                    if last:
                        raise
            return self._address

    def notify(self, url: str, secret: str) -> None:
        """Set the URL and bearer token for the registry's events. The next start of the registry uses them."""
        self._notifications = _NOTIFICATIONS.format(url=url, secret=secret)

    def layout(self, repository: str) -> Path:
        """Return the folder of a repository's OCI layout, used without the program. Hold `writing` while you write."""
        folder = self._layouts / repository
        folder.parent.mkdir(parents=True, exist_ok=True)
        _remove_broken(folder / "index.json")
        return folder

    def close(self) -> None:
        """End the registry. Idempotent; a later `address()` starts it again."""
        with self._lock:
            if self._child is not None:
                self._supervisor.end(self._child)
            self._child = None
            self._address = None

    def _start(self, program: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        configuration, output = self._folder / "config.yml", self._folder / "output.log"
        storage = self._folder / "storage"
        address = f"127.0.0.1:{_free_port()}"
        text = _CONFIGURATION.format(folder=_quoted(storage), address=address)
        configuration.write_text(text + self._notifications)
        configuration.chmod(0o600)
        with output.open("wb") as file:
            child = self._supervisor.start(
                [program, "serve", str(configuration)],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env={
                    "PATH": os.environ.get("PATH", "")
                },  # ours may hold a token, and REGISTRY_… would change its settings
            )
        try:
            _await_answer(child, address, output)
        except RegistryError:
            self._supervisor.end(child)
            raise
        self._child, self._address = child, address


def _remove_broken(index: Path) -> None:
    """Remove a layout index that a killed push left incomplete; the next push writes a new one."""
    try:
        json.loads(index.read_bytes())
    except FileNotFoundError:
        return
    except ValueError:
        index.unlink(missing_ok=True)


def _quoted(path: Path) -> str:
    escaped = str(path).replace("'", "''")
    return f"'{escaped}'"


def _free_port() -> int:
    # Another process may take the port before the registry binds it; the registry then ends with an error.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await_answer(child: subprocess.Popen[bytes], address: str, output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with httpx.Client(trust_env=False, timeout=2) as client:
        while time.monotonic() < deadline:
            if child.poll() is not None:
                last = output.read_text(errors="replace").strip().splitlines()[-1:] or ["no output"]
                raise RegistryError(f"{PROGRAM} ended with status {child.returncode}: {last[0]}")
            try:
                if client.get(f"http://{address}/v2/").status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                time.sleep(0.02)  # a poll, until the deadline
    raise RegistryError(f"{PROGRAM} did not answer on {address} within {_START_SECONDS:.0f} seconds")
