"""The interface of the tools that build and run: buildah and docker."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from acr_tasks_emulator.execution.build.image_name import ImageName
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.programs import Rename
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.task_file.graph import Network, Step
from acr_tasks_emulator.process.supervisor import Supervisor


class NetworkError(Exception):
    """A network of the task cannot be made; the text is the agent's, with the tool's last line."""


@dataclass(frozen=True)
class Build:
    """One `docker build`: the context's folder, the Dockerfile's path, and the options. Names are full names.

    secrets: as `--secret` takes them, with the paths of their files on this machine. assignments: what `--build-arg`
    was given, word for word. buildkit: the step asks for BuildKit; else the classic builder's rules hold.
    identity_file: a file for the image's id.
    """

    context: Path
    dockerfile: Path
    names: list[str] = field(default_factory=list)
    arguments: dict[str, str] = field(default_factory=dict, repr=False)
    target: str | None = None
    no_cache: bool = False
    labels: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    platform: str | None = None
    assignments: list[str] = field(default_factory=list, repr=False)
    buildkit: bool = False
    identity_file: Path | None = None


@dataclass(frozen=True)
class BaseImage:
    """An image that a Dockerfile starts from, as the Dockerfile spells it once its arguments are put in.

    image_id: what it means in this run. named: the tool finds it by that name as well.
    """

    image: str
    image_id: str
    named: bool


@dataclass(frozen=True)
class Container:
    """What a `cmd` step runs. folders: each with the path at which the container finds it. environment: `NAME=VALUE`;
    the last one of a name counts.
    """

    name: str
    run_id: str
    image_id: str
    step: Step
    arguments: list[str]
    folders: list[tuple[Path, str]]
    environment: list[str] = field(repr=False)
    working_directory: str | None


@dataclass(frozen=True)
class ImageLocation:
    """Where an image is outside of the tool, under `name`.

    address: host:port of the emulator's registry, which speaks http on loopback; digest: which image is meant there.
    layout: the folder of an OCI layout, where there is no such registry. With neither it is the registry that the name
    says, on the network; authfile: sign-in for it.
    """

    name: ImageName
    address: str | None = None
    digest: str | None = None
    layout: Path | None = None
    authfile: Path | None = None


class Tool(Protocol):
    """A tool that builds images and runs containers, for several runs at once. It has ids of its own for images.

    name: `buildah` or `docker`. seeds: busybox can be made from this machine's. shared: others use it too, so that what
    it had may be gone. own_networks: containers of a run reach each other by their steps' ids; without, they share the
    host's network.
    """

    name: str
    seeds: bool
    shared: bool
    own_networks: bool
    supervisor: Supervisor

    def in_use(self) -> AbstractContextManager[None]:
        """Hold the tool for a run; the leftovers of ended runs are removed when no other run holds it."""
        ...

    def reaches(self, address: str, cancellation: Cancellation) -> bool:
        """Tell whether the tool gets through to the emulator's registry at host:port."""
        ...

    def image_id(self, name: str, cancellation: Cancellation) -> str | None:
        """Return the id of an image that the tool has, by name or id; None when it has not."""
        ...

    def image_digest(self, image_id: str, cancellation: Cancellation) -> str:
        """Return the digest of the manifest that an image came with; empty when the tool does not know it."""
        ...

    def pull(self, location: ImageLocation, cancellation: Cancellation) -> str:
        """Bring an image, and return its id. Raises ToolError."""
        ...

    def push(self, image_id: str, location: ImageLocation, scratch: Path, cancellation: Cancellation) -> str:
        """Send an image, and return the digest of its manifest there. scratch: for files in between. Raises
        ToolError.
        """
        ...

    def make(self, context: Path, names: Sequence[str], cancellation: Cancellation) -> None:
        """Build a folder's Dockerfile in silence, so that `image_id` knows the names. Raises ToolError."""
        ...

    def build(
        self,
        task: Build,
        base_images: Sequence[BaseImage],
        step: Step,
        scratch: Path,
        log: RunLog,
        cancellation: Cancellation,
        rename: Rename,
    ) -> tuple[int, str]:
        """Build with the builder's lines going to the log; return the exit status and, after 0, the image's id."""
        ...

    def networks(
        self, run_id: str, networks: Sequence[Network], log: RunLog, cancellation: Cancellation
    ) -> AbstractContextManager[None]:
        """Have a run's networks while the block lasts; remove what is left of its containers at the end.

        Raises NetworkError.
        """
        ...

    def run(self, container: Container, log: RunLog, cancellation: Cancellation, on_line: Callable[[str], None]) -> int:
        """Run a container to its end, its output going to the log; return its exit status, as Docker gives it.

        look_at: is shown each line that the container prints. Raises ToolError, and ValueError when there is nothing to
        run.
        """
        ...

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder in which containers may have left files of users of theirs."""
        ...
