"""The interface of buildah and docker, the tools that build images and run containers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from acr_tasks_emulator.execution.build.dockerfile import own_platform
from acr_tasks_emulator.execution.build.image_name import ImageName
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.programs import Rename
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.task_file.graph import Network, Step
from acr_tasks_emulator.process.supervisor import Supervisor


class NetworkError(Exception):
    """A failure to make a network of the task; the text is the agent's, with the tool's last line."""


@dataclass(frozen=True)
class Build:
    """One `docker build`: the context's folder, the Dockerfile's path, and the options. names: full image names.

    secrets: values of `--secret`, with the paths of their files on this machine. assignments: the values of
    `--build-arg` as written. buildkit: whether the step asks for BuildKit instead of the classic builder.
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

    def options(self) -> list[str]:
        """Return the options that the tools spell alike."""
        options = [part for secret in self.secrets for part in ("--secret", secret)]
        options += ["--target", self.target] if self.target else []
        options += ["--no-cache"] if self.no_cache else []
        options += [part for label in self.labels for part in ("--label", label)]
        return options + (["--platform", self.platform] if self.platform and self.platform != own_platform() else [])


@dataclass(frozen=True)
class BaseImage:
    """An image that a Dockerfile starts from. image: its name in the Dockerfile, with arguments replaced.

    image_id: its id in this run. named: whether the tool also knows it by that name.
    """

    image: str
    image_id: str
    named: bool


@dataclass(frozen=True)
class Container:
    """A container of a `cmd` step. folders: each with its path in the container. environment: `NAME=VALUE`; of a name,
    the last one counts.
    """

    name: str
    image_id: str
    step: Step
    arguments: list[str]
    folders: list[tuple[Path, str]]
    environment: list[str] = field(repr=False)
    working_directory: str | None


@dataclass(frozen=True)
class ImageLocation:
    """The location of the image `name` outside of the tool: the emulator's registry, an OCI layout, or the network.

    address: host:port of the emulator's registry, which serves http on loopback. digest: the image's digest there.
    layout: the folder of an OCI layout. Without address and layout, the image is in the registry of its name, on the
    network. authfile: the sign-ins for that registry.
    """

    name: ImageName
    address: str | None = None
    digest: str | None = None
    layout: Path | None = None
    authfile: Path | None = None


class Tool(Protocol):
    """A tool that builds images and runs containers for several runs at once, and gives images its own ids.

    name: `buildah` or `docker`. seeds: whether a busybox image can be made of this machine's busybox. shared: whether
    other programs use its images, and may remove them. own_networks: whether containers of a run reach each other by
    the ids of their steps; otherwise they share the host's network.
    """

    name: str
    seeds: bool
    shared: bool
    own_networks: bool
    supervisor: Supervisor

    def in_use(self) -> AbstractContextManager[None]:
        """Hold the tool for a run. When no other run holds it, remove what ended runs have left."""

    def reaches(self, address: str, cancellation: Cancellation) -> bool:
        """Return whether the tool can connect to the emulator's registry at host:port."""

    def image_id(self, name: str, cancellation: Cancellation) -> str | None:
        """Return the id of an image by name or id; None when the tool does not have it."""

    def image_digest(self, image_id: str, cancellation: Cancellation) -> str:
        """Return the digest of the manifest of a pulled image; empty when the tool does not know it."""

    def pull(self, location: ImageLocation, cancellation: Cancellation) -> str:
        """Pull an image into the tool, and return its id. Raises ToolError."""

    def push(self, image_id: str, location: ImageLocation, scratch: Path, cancellation: Cancellation) -> str:
        """Push an image, and return its manifest's digest. scratch: a folder for temporary files. Raises ToolError."""

    def make(self, context: Path, names: Sequence[str], cancellation: Cancellation) -> None:
        """Build a folder's Dockerfile without a log; `image_id` then knows the names. Raises ToolError."""

    def build(self, task: Build, base_images: Sequence[BaseImage], run: RunContext, rename: Rename) -> tuple[int, str]:
        """Build with the builder's lines going to the log; return the exit status and, after 0, the image's id."""

    def networks(self, networks: Sequence[Network], run: RunContext) -> AbstractContextManager[None]:
        """Make a run's networks for the block; remove them and the run's remaining containers at its end.

        Raises NetworkError.
        """

    def run(self, container: Container, run: RunContext, on_line: Callable[[str], None]) -> int:
        """Run a container to its end, its output going to the log; return its exit status, as Docker gives it.

        on_line: called with each line that the container prints. Raises ToolError, and ValueError when there is nothing
        to run.
        """

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder that may hold files of users that exist only in containers."""
