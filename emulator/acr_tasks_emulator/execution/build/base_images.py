"""Base images of a run: looked for in the emulator's registry, in the tool's store, then on the network."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx

from acr_tasks_emulator.execution.build.image_name import DOCKER_HUB, ImageName
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.container_tool import ImageLocation, Tool
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.programs import ToolError
from acr_tasks_emulator.execution.registry import busybox
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry, RegistryError, find_digest
from acr_tasks_emulator.execution.run_context import RunContext

_STOOD_IN_FOR = ("docker.io", "mcr.microsoft.com")


class BaseImageError(Exception):
    """An image that was not found; the text says where it was looked for."""


class BaseImageFinder:
    """A finder of base images, which it loads into the tool's store. Safe to use from several threads.

    The emulator's registry stands in for Docker Hub and mcr.microsoft.com: `FROM node:20` is taken from its
    `library/node:20` when somebody has pushed that.
    """

    def __init__(self, tool: Tool, oci: OciRegistry, scratch: Path) -> None:
        self.tool = tool
        self.oci = oci
        self._scratch = scratch
        self._lock = threading.Lock()
        self._seeding = threading.Lock()
        self._seeded = False
        self._digests: dict[str, tuple[str, str]] = {}  # name -> the registry's digest, and the image that came of it

    def seed(self, cancellation: Cancellation) -> None:
        """Make sure, once, that tool and registry have busybox, if it can be made. Raises ToolError, RegistryError."""
        with self._seeding:
            if self._seeded or not self.tool.seeds:
                return
            image = self.tool.image_id(f"{DOCKER_HUB}/{busybox.REPOSITORY}:latest", cancellation)
            self._scratch.mkdir(parents=True, exist_ok=True)
            image = image or busybox.seed(self.tool, self._scratch, cancellation)
            address = self.oci.address()
            if address is not None and self.tool.reaches(address, cancellation):
                busybox.seed_registry(self.tool, image, address, self._scratch, cancellation)
            self._seeded = True

    def fetch(self, name: ImageName, run: RunContext, fresh: bool = False) -> str:
        """Load the image of that name into the tool's store, and return its id.

        fresh: ignore a copy that the store has already. Raises BaseImageError.
        """
        job, cancellation = run.job, run.cancellation
        digest = self._digest_in_registry(name, job, cancellation)
        if digest is not None:
            return self._from_registry(name, digest, cancellation)
        here = self._from_layout(name, job, cancellation) or (
            None if fresh else self.tool.image_id(str(name), cancellation)
        )
        if here is not None:
            return here
        if name.host in job.own_hosts:
            raise BaseImageError(f"image {name} was not found: the emulator's registry does not have it")
        try:
            return self.tool.pull(ImageLocation(name, authfile=run.authfile), cancellation)
        except ToolError as error:
            raise BaseImageError(self._not_found(name, job, error)) from error

    def described(self, name: ImageName, image_id: str, cancellation: Cancellation) -> dict[str, str]:
        """Return registry, repository, tag and digest of an image that was fetched, as the service names them.

        Docker Hub is `registry.hub.docker.com`.
        """
        with self._lock:
            digest = (
                name.digest
                or self._digests.get(str(name), ("", ""))[0]
                or self.tool.image_digest(image_id, cancellation)
            )
        host = "registry.hub.docker.com" if name.host == DOCKER_HUB else name.host
        known = {"registry": host, "repository": name.repository, "tag": name.tag, "digest": digest}
        return {member: text for member, text in known.items() if text}

    def _not_found(self, name: ImageName, job: Job, error: ToolError) -> str:
        instead = f"{job.login_server}/{name.repository}{name.suffix}"
        advice = f" Push it to {instead} to have it used in its place." if name.host in _STOOD_IN_FOR else ""
        return (
            f"image {name} was not found: neither this machine nor the emulator's registry has it, "
            f"and {name.host} could not give it ({error}).{advice}"
        )

    def _digest_in_registry(self, name: ImageName, job: Job, cancellation: Cancellation) -> str | None:
        if name.host not in (*_STOOD_IN_FOR, *job.own_hosts):
            return None
        try:
            address = self.oci.address()
        except RegistryError:
            return None
        if address is None or not self.tool.reaches(address, cancellation):
            return None
        try:
            return find_digest(address, name)
        except httpx.TransportError:
            return None

    def _from_layout(self, name: ImageName, job: Job, cancellation: Cancellation) -> str | None:
        """Return what an earlier run pushed where no registry is installed."""
        layout = self.oci.layout(name.repository)
        if name.host not in job.own_hosts or not (layout / "index.json").exists():
            return None
        try:
            return self.tool.pull(ImageLocation(name, layout=layout), cancellation)
        except ToolError:
            return None

    def _from_registry(self, name: ImageName, digest: str, cancellation: Cancellation) -> str:
        with self._lock:
            known, image = self._digests.get(str(name), ("", ""))
        if known == digest and (not self.tool.shared or self.tool.image_id(image, cancellation) is not None):
            return image
        try:
            image = self.tool.pull(ImageLocation(name, self.oci.address(), digest=digest), cancellation)
        except ToolError as error:
            raise BaseImageError(
                f"image {name} is in the emulator's registry and could not be read: {error}"
            ) from error
        with self._lock:
            self._digests[str(name)] = (digest, image)
        return image
