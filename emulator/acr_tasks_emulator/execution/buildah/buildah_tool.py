"""buildah, which builds and runs without a daemon."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.build.classic_builder import empty_arguments
from acr_tasks_emulator.execution.build.dockerfile import own_platform
from acr_tasks_emulator.execution.buildah.container_output import Channel, passes_on
from acr_tasks_emulator.execution.buildah.image_store import Store, why_not_installed
from acr_tasks_emulator.execution.cancellation import Stop
from acr_tasks_emulator.execution.container_tool import (
    Build,
    Container,
    Origin,
    Place,
    Rename,
    ToolError,
    in_environment,
)
from acr_tasks_emulator.execution.registry import busybox
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.source.unpack import check_mounts
from acr_tasks_emulator.execution.task_file.graph import Network, Step
from acr_tasks_emulator.process.supervisor import Supervisor

NOT_FOUND = 127
"""Docker's exit status for a program that is not in the container."""

_QUICK = ("-q", "--retry", "1", "--retry-delay", "100ms")  # or buildah spends 6 seconds on a host that is not there
_BUILD = ("--isolation", "chroot", "--layers", "--force-rm", "--format", "docker", "--pull=never")
_RESERVED = {"PATH", "HOME", "TMPDIR", "XDG_RUNTIME_DIR", "LANG", "TZ"}
_RESERVED_PREFIXES = ("BUILDAH_", "CONTAINERS_", "STORAGE_", "REGISTRY_", "XDG_", "GO", "LD_", "GLIBC_", "GCONV_", "_")
_NOISE = re.compile(r"subprocess exited with status \d+|Error: exit status \d+")
_NOT_FOUND = re.compile(r"process failed to start with error: (exec: .*: executable file not found in \$PATH).*")

DRIVERS = ("overlay", "vfs")


def open_buildah(data: Path, supervisor: Supervisor) -> Buildah:
    """buildah with the data folder's store, proved to work by building the seeded busybox in it; the first time takes
    about a second.

    Tries the overlay driver, then vfs. Raises ToolError with a sentence when builds do not work here.
    """
    reason = why_not_installed()
    if reason is not None:
        raise ToolError(reason)
    tool = Buildah(data.resolve() / "buildah", supervisor)
    proof = tool.folder / "driver"
    proven = proof.read_text() if proof.exists() else ""
    if proven in DRIVERS:  # not half a word, as an emulator leaves that is killed
        tool.use_driver(proven)
        return tool
    failures = []
    for driver in DRIVERS:
        tool.use_driver(driver)
        try:
            busybox.seed(tool, tool.folder / "tmp", Stop())
        except ToolError as error:
            failures.append(str(error))
        else:
            proof.write_text(driver)
            return tool
    raise ToolError(f"a first build failed: {failures[0]}")


class Buildah(Store):
    """Builds images and runs containers with buildah: chroot isolation, a store of its own, several runs at once.

    Builds and containers share the host's network and are no sandbox.
    """

    name = "buildah"
    seeds = True
    shared = False
    own_networks = False

    def reaches(self, address: str, stop: Stop) -> bool:
        """See Tool."""
        return True

    def pull(self, place: Place, stop: Stop) -> str:
        """See Tool."""
        source, options = _address(place, f"@{place.digest}")
        image = self.ask(["pull", *options, source], stop).splitlines()[-1].strip()
        here = place.address is not None or place.layout is not None
        if here and place.name.digest is None:  # the builder finds a digest by the image's content
            self.ask(["tag", image, str(place.name)], stop)
        return image

    def push(self, image_id: str, place: Place, scratch: Path, stop: Stop) -> str:
        """See Tool."""
        target, options = _address(place, f":{place.name.tag}")
        digest = scratch / f"{uuid.uuid4().hex}.digest"
        self.ask(["push", *options, "--digestfile", str(digest), image_id, target], stop)
        return digest.read_text().strip()

    def make(self, context: Path, names: Sequence[str], stop: Stop) -> None:
        """See Tool."""
        self.ask(["bud", *_BUILD, *(part for name in names for part in ("-t", name)), str(context)], stop)

    def build(
        self, task: Build, origins: Sequence[Origin], step: Step, scratch: Path, log: RunLog, stop: Stop, rename: Rename
    ) -> tuple[int, str]:
        """See Tool."""
        inherited = [str(line) for o in origins for line in self.image_config(o.image_id, stop).get("OnBuild") or []]
        check_mounts(task.context, "\n".join([task.dockerfile.read_text(errors="replace"), *inherited]))
        identity = scratch / f"{uuid.uuid4().hex}.iid"
        given = task.arguments
        if not task.buildkit:
            given = {**empty_arguments(task.dockerfile.read_text(errors="replace"), given), **given}
        arguments, environment = in_environment("--build-arg", given, _reserved)
        options = [*_BUILD, *arguments, "--iidfile", str(identity), "-f", str(task.dockerfile)]
        for origin in origins:
            if not origin.named:
                image_id = origin.image_id.removeprefix("sha256:")
                options += ["--build-context", f"{origin.image}=docker-image://{image_id}"]
        options += [part for secret in task.secrets for part in ("--secret", secret)]
        options += ["--target", task.target] if task.target else []
        options += ["--no-cache"] if task.no_cache else []
        options += [part for label in task.labels for part in ("--label", label)]
        options += ["--platform", task.platform] if task.platform and task.platform != own_platform() else []
        argv = ["bud", *options, str(task.context)]
        status = self.pour(argv, log, stop, environment=environment, rename=rename)
        return status, identity.read_text().strip() if status == 0 else ""

    def networks(
        self, run_id: str, networks: Sequence[Network], log: RunLog, stop: Stop
    ) -> AbstractContextManager[None]:
        """Nothing: all share the host's network."""
        return contextlib.nullcontext()

    def run(self, container: Container, log: RunLog, stop: Stop, look_at: Callable[[str], None]) -> int:
        """See Tool."""
        step = container.step
        config = self.image_config(container.image_id, stop)
        argv = command_line(config, container.arguments, step.entry_point)
        options = ["--isolation", "chroot"]
        options += [part for folder, path in container.folders for part in ("-v", f"{folder}:{path}")]
        options += ["--user", step.user] if step.user else []
        options += ["--workingdir", container.working_directory] if container.working_directory else []
        said = _Said(look_at)
        program = busybox.busybox()
        try:
            self.ask(["from", "--pull=never", "--name", container.name, container.image_id], stop)
            if program is None or not passes_on([*(config.get("Env") or []), *container.environment]):
                options += [part for item in container.environment for part in ("-e", item)]
                status = self.pour(["run", *options, container.name, "--", *argv], log, stop, rename=said.line)
                return NOT_FOUND if status and said.not_found else status
            given = [item for item in container.environment if "=" in item]
            channel = Channel(self.folder / "tmp" / f"{uuid.uuid4().hex}.pipe", program, given)
            arguments = ["run", *options, *channel.mounts, container.name, "--", *channel.wrapped(argv)]
            with channel.pouring(log, said.line):
                return self.pour(arguments, log, stop, rename=said.noise)
        finally:
            try:
                self.ask(["rm", container.name], Stop())
            except ToolError:
                self.mark_dirty()  # removed with the leftovers when no run holds the store

    def remove_folder(self, folder: Path) -> None:
        """See Tool."""
        with contextlib.suppress(ToolError):
            self.ask(["unshare", "rm", "-rf", str(folder)], Stop())


def command_line(config: dict[str, Any], arguments: list[str], entry_point: str | None) -> list[str]:
    """What Docker would run: the entry point (the image's, unless overridden), then the arguments or else the image's
    own.

    Raises ValueError when that is nothing.
    """
    argv = [entry_point] if entry_point else list(config.get("Entrypoint") or [])
    argv += arguments or ([] if entry_point else list(config.get("Cmd") or []))
    if not argv:
        raise ValueError("no command specified: neither the step nor the image has one")
    return argv


def _address(place: Place, suffix: str) -> tuple[str, list[str]]:
    """What buildah calls a place, and the options to go there. suffix: which image is meant at the registry of ours."""
    if place.address is not None:
        return f"docker://{place.address}/{place.name.repository}{suffix}", [*_QUICK, "--tls-verify=false"]
    if place.layout is not None:
        return f"oci:{place.layout}:{place.name.tag}", [*_QUICK]
    return f"docker://{place.name}", [*_QUICK, *(["--authfile", str(place.authfile)] if place.authfile else [])]


def _reserved(name: str) -> bool:
    """Tell the names that mean something to buildah, or to the system's loader and libraries on its behalf."""
    return name.upper() in _RESERVED or name.startswith(_RESERVED_PREFIXES)


class _Said:
    """What the container prints, without what buildah adds to it."""

    not_found = False

    def __init__(self, look_at: Callable[[str], None]) -> None:
        self._look_at = look_at

    def line(self, text: str) -> str | None:
        self._look_at(text)
        found = _NOT_FOUND.fullmatch(text)
        if found:
            self.not_found = True
            return found.group(1)
        return None if _NOISE.fullmatch(text) else text

    @staticmethod
    def noise(text: str) -> str | None:
        """A line of buildah's own."""
        return None if _NOISE.fullmatch(text) else text
