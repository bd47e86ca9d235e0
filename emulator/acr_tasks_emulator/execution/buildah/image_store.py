"""Buildah's image store below the data folder, and the calls of buildah."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.programs import NETWORK_VARIABLES, Program, Rename, ToolError, inherited
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.process.supervisor import Supervisor

PROGRAM = "buildah"
IMAGES_KEPT = 300
"""With more images than this, those without a name, which builds left as their cache, go at the next start."""

_MOUNTS = ("unshare", "--mount", "--propagation", "private")
"""A prefix for a command with mounts of its own, which end with its processes."""

_PROCESSES = ("--pid", "--kill-child", "--mount-proc")
"""The same for process ids: when the command ends, the kernel kills the processes that it has left.

Nothing else finds a container's daemon: it has an environment of its own, and its root may be unmounted already.
"""

_SILENT: dict[str, Any] = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
_REGISTRIES = 'unqualified-search-registries = ["docker.io"]\nshort-name-mode = "disabled"\n'
_POLICY = '{"default": [{"type": "insecureAcceptAnything"}]}'


class Store(Program):
    """An image store of the emulator, and the calls of buildah that use it; the user's settings are not read.

    folder: `buildah/` in the data folder.
    """

    def __init__(self, folder: Path, supervisor: Supervisor) -> None:
        super().__init__(folder, supervisor)
        self._lock = threading.Lock()
        self._users = 0
        self._fresh = True
        self._dirty = True  # an earlier process may have been killed in the middle of a build
        for name in ("root", "run", "tmp", "home"):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self.registries = folder / "registries.conf"
        self.registries.write_text(_REGISTRIES)
        (folder / "policy.json").write_text(_POLICY)
        (folder / "home" / "auth.json").write_text("{}")
        (folder / "containers.conf").write_text("")
        self.use_driver("overlay")
        self._namespaces = self._own_namespaces()

    def use_driver(self, name: str) -> None:
        """Use a storage driver from now on: `overlay` or `vfs`."""
        (self.folder / "storage.conf").write_text(f'[storage]\ndriver = "{name}"\n')
        self.driver = name

    def run_with_log(
        self,
        arguments: Sequence[str],
        run: RunContext,
        *,
        environment: Mapping[str, str] | None = None,
        rename: Rename | None = None,
    ) -> int:
        """See Program. A canceled buildah leaves something behind."""
        status = super().run_with_log(arguments, run, environment=environment, rename=rename)
        self._dirty = self._dirty or run.cancellation.requested
        return status

    def mark_dirty(self) -> None:
        """Remember that something was left behind, to be removed when no run holds the store."""
        self._dirty = True

    def image_id(self, name: str, cancellation: Cancellation) -> str | None:
        """Return the id of an image in the store; None when it is not there."""
        with contextlib.suppress(ToolError):
            return str(self._inspect(name, cancellation)["FromImageID"])
        return None

    def image_digest(self, image_id: str, cancellation: Cancellation) -> str:
        """Return the digest of the manifest that an image came with; empty when the store does not know it."""
        with contextlib.suppress(ToolError):
            return str(self._inspect(image_id, cancellation).get("FromImageDigest") or "")
        return ""

    def image_config(self, image_id: str, cancellation: Cancellation) -> dict[str, Any]:
        """Return the image's configuration: `Entrypoint`, `Cmd`, `Env`, `WorkingDir`, `User`. Raises ToolError."""
        config = self._inspect(image_id, cancellation)["OCIv1"].get("config")
        return dict(config or {})

    @contextlib.contextmanager
    def in_use(self) -> Iterator[None]:
        """Hold the store for a run; the leftovers of ended runs are removed when no other run holds it."""
        with self._lock:
            if self._users == 0 and self._dirty:
                with contextlib.suppress(ToolError):
                    self.ask(["rm", "--all"], Cancellation())
                self._dirty = False
            if self._fresh:  # later, runs may know unnamed images
                self._fresh = False
                self._prune()
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1

    def _prune(self) -> None:
        try:
            count = sum(1 for path in (self.folder / "root" / f"{self.driver}-images").iterdir() if path.is_dir())
        except FileNotFoundError:
            return
        if count > IMAGES_KEPT:
            with contextlib.suppress(ToolError):  # it is tidied up at another start
                self.ask(["rmi", "--prune"], Cancellation())

    def _inspect(self, name: str, cancellation: Cancellation) -> dict[str, Any]:
        return dict(json.loads(self.ask(["inspect", "--type", "image", name], cancellation)))

    def argv(self, arguments: Sequence[str]) -> list[str]:
        storage = ["--root", f"{self.folder}/root", "--runroot", f"{self.folder}/run", "--storage-driver", self.driver]
        return [*self._namespaces, PROGRAM, *storage, *arguments]

    def _own_namespaces(self) -> list[str]:
        """Return the prefix for buildah. A machine, such as a container with a masked /proc, may allow mounts alone."""
        as_root = os.geteuid() == 0
        prefix = [*_MOUNTS, *_PROCESSES] if as_root else [PROGRAM, "unshare", *_MOUNTS, *_PROCESSES]
        if self.supervisor.start([*prefix, "true"], env=self.environment(), **_SILENT).wait() == 0:
            return prefix
        return list(_MOUNTS) if as_root else []  # without root, buildah gives its mounts a namespace itself

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return buildah's environment; `RUN` lines can read it."""
        folder = self.folder
        return {
            **inherited(NETWORK_VARIABLES),
            "HOME": f"{folder}/home",
            "TMPDIR": f"{folder}/tmp",  # noqa: S108 - ours
            "XDG_RUNTIME_DIR": f"{folder}/run",
            "BUILDAH_ISOLATION": "chroot",
            "CONTAINERS_CONF": f"{folder}/containers.conf",
            "CONTAINERS_REGISTRIES_CONF": str(self.registries),
            "CONTAINERS_STORAGE_CONF": f"{folder}/storage.conf",
            "REGISTRY_AUTH_FILE": f"{folder}/home/auth.json",
            **(more or {}),
        }


def why_not_installed() -> str | None:
    """Return why buildah cannot be used, as a sentence; None when it can be tried."""
    if shutil.which(PROGRAM) is None:
        return "buildah is not installed (Debian: apt-get install buildah)"
    if os.geteuid() == 0:
        return None
    user = getpass.getuser()
    try:
        ranges = Path("/etc/subuid").read_text().splitlines()
    except OSError:
        ranges = []
    if not any(line.split(":")[0] in (user, str(os.geteuid())) for line in ranges):
        add = f"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
        return f"user {user} has no subordinate user ids, which builds need (as root: {add})"
    if shutil.which("newuidmap") is None:
        return "newuidmap is not installed, which builds need when they are not root's (Debian: apt-get install uidmap)"
    return None
