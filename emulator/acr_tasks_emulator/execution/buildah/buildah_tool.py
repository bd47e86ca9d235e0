"""The container tool buildah, which builds and runs without a daemon."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from acr_tasks_emulator.execution.build.classic_builder import empty_arguments
from acr_tasks_emulator.execution.buildah.container_output import ContainerOutput, passes_on
from acr_tasks_emulator.execution.buildah.image_store import Store, why_not_installed
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.container_tool import BaseImage, Build, Container, ImageLocation
from acr_tasks_emulator.execution.programs import Rename, ToolError, in_environment
from acr_tasks_emulator.execution.registry import busybox
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.source.paths import check_mounts
from acr_tasks_emulator.execution.task_file.graph import Network
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
            busybox.seed(tool, tool.folder / "tmp", Cancellation())
        except ToolError as error:
            failures.append(str(error))
        else:
            proof.write_text(driver)
            return tool
    raise ToolError(f"a first build failed: {failures[0]}")


class Buildah(Store):
    """The tool buildah: chroot isolation, an image store of its own, several runs at once.

    Builds and containers share the host's network and are no sandbox.
    """

    name = "buildah"
    seeds = True
    shared = False
    own_networks = False

    def reaches(self, address: str, cancellation: Cancellation) -> bool:
        return True

    def pull(self, location: ImageLocation, cancellation: Cancellation) -> str:
        source, options = _address(location, f"@{location.digest}")
        image = self.ask(["pull", *options, source], cancellation).splitlines()[-1].strip()
        here = location.address is not None or location.layout is not None
        if here and location.name.digest is None:  # the builder finds a digest by the image's content
            self.ask(["tag", image, str(location.name)], cancellation)
        return image

    def push(self, image_id: str, location: ImageLocation, scratch: Path, cancellation: Cancellation) -> str:
        target, options = _address(location, f":{location.name.tag}")
        digest = scratch / f"{uuid.uuid4().hex}.digest"
        self.ask(["push", *options, "--digestfile", str(digest), image_id, target], cancellation)
        return digest.read_text().strip()

    def make(self, context: Path, names: Sequence[str], cancellation: Cancellation) -> None:
        self.ask(["bud", *_BUILD, *(part for name in names for part in ("-t", name)), str(context)], cancellation)

    def build(self, task: Build, base_images: Sequence[BaseImage], run: RunContext, rename: Rename) -> tuple[int, str]:
        inherited = [
            str(line)
            for o in base_images
            for line in self.image_config(o.image_id, run.cancellation).get("OnBuild") or []
        ]
        check_mounts(task.context, "\n".join([task.dockerfile.read_text(errors="replace"), *inherited]))
        identity = run.scratch / f"{uuid.uuid4().hex}.iid"
        given = task.arguments
        if not task.buildkit:
            given = {**empty_arguments(task.dockerfile.read_text(errors="replace"), given), **given}
        arguments, environment = in_environment("--build-arg", given, _reserved)
        options = [*_BUILD, *arguments, "--iidfile", str(identity), "-f", str(task.dockerfile)]
        for origin in base_images:
            if not origin.named:
                image_id = origin.image_id.removeprefix("sha256:")
                options += ["--build-context", f"{origin.image}=docker-image://{image_id}"]
        argv = ["bud", *options, *task.options(), str(task.context)]
        status = self.run_with_log(argv, run, environment=environment, rename=rename)
        return status, identity.read_text().strip() if status == 0 else ""

    def networks(self, networks: Sequence[Network], run: RunContext) -> AbstractContextManager[None]:
        """Nothing: all share the host's network."""
        return contextlib.nullcontext()

    def run(self, container: Container, run: RunContext, on_line: Callable[[str], None]) -> int:
        step = container.step
        config = self.image_config(container.image_id, run.cancellation)
        argv = command_line(config, container.arguments, step.entry_point)
        options = ["--isolation", "chroot"]
        options += [part for folder, path in container.folders for part in ("-v", f"{folder}:{path}")]
        options += ["--user", step.user] if step.user else []
        options += ["--workingdir", container.working_directory] if container.working_directory else []
        output_filter = _OutputFilter(on_line)
        program = busybox.find_program()
        try:
            self.ask(["from", "--pull=never", "--name", container.name, container.image_id], run.cancellation)
            if program is None or not passes_on([*(config.get("Env") or []), *container.environment]):
                options += [part for item in container.environment for part in ("-e", item)]
                status = self.run_with_log(
                    ["run", *options, container.name, "--", *argv], run, rename=output_filter.line
                )
                return NOT_FOUND if status and output_filter.not_found else status
            given = [item for item in container.environment if "=" in item]
            output = ContainerOutput(self.folder / "tmp" / f"{uuid.uuid4().hex}.pipe", program, given)
            arguments = ["run", *options, *output.mounts, container.name, "--", *output.wrapped(argv)]
            with output.copying(run.log, output_filter.line):
                return self.run_with_log(arguments, run, rename=output_filter.noise)
        finally:
            try:
                self.ask(["rm", container.name], Cancellation())
            except ToolError:
                self.mark_dirty()  # removed with the leftovers when no run holds the store

    def remove_folder(self, folder: Path) -> None:
        with contextlib.suppress(ToolError):
            self.ask(["unshare", "rm", "-rf", str(folder)], Cancellation())


def command_line(config: dict[str, Any], arguments: list[str], entry_point: str | None) -> list[str]:
    """Return the command line that Docker would run: the entry point, then the arguments.

    The image's own stand in for those that the step does not give. Raises ValueError when the result is empty.
    """
    argv = [entry_point] if entry_point else list(config.get("Entrypoint") or [])
    argv += arguments or ([] if entry_point else list(config.get("Cmd") or []))
    if not argv:
        raise ValueError("no command specified: neither the step nor the image has one")
    return argv


def _address(location: ImageLocation, suffix: str) -> tuple[str, list[str]]:
    """Return what buildah calls an image's location, and the options to go there.

    suffix: which image is meant at the emulator's registry.
    """
    if location.address is not None:
        return f"docker://{location.address}/{location.name.repository}{suffix}", [*_QUICK, "--tls-verify=false"]
    if location.layout is not None:
        return f"oci:{location.layout}:{location.name.tag}", [*_QUICK]
    return f"docker://{location.name}", [
        *_QUICK,
        *(["--authfile", str(location.authfile)] if location.authfile else []),
    ]


def _reserved(name: str) -> bool:
    """Return whether a variable has a meaning for buildah, or for the loader and libraries that it uses."""
    return name.upper() in _RESERVED or name.startswith(_RESERVED_PREFIXES)


class _OutputFilter:
    """A filter of a container's lines that drops the lines of buildah itself."""

    not_found = False

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line

    def line(self, text: str) -> str | None:
        self._on_line(text)
        found = _NOT_FOUND.fullmatch(text)
        if found:
            self.not_found = True
            return found.group(1)
        return None if _NOISE.fullmatch(text) else text

    @staticmethod
    def noise(text: str) -> str | None:
        """Return None for a line that buildah adds, else the line."""
        return None if _NOISE.fullmatch(text) else text
