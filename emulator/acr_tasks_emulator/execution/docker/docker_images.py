"""Images in the docker daemon: inspection, pulls, pushes, and the emulator's own names for them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.container_tool import ImageLocation
from acr_tasks_emulator.execution.docker import oci_layout
from acr_tasks_emulator.execution.docker.docker_cli import DockerCli
from acr_tasks_emulator.execution.programs import ToolError
from acr_tasks_emulator.execution.registry.oci_registry import find_digest

LABEL = "acr-tasks-emulator"
"""The name of the emulator's images in the daemon, and the label of its containers and networks."""

IMAGES_KEPT = 300
"""How many built images the daemon keeps; beyond it the oldest are removed."""

_DIGESTS = "{{range .RepoDigests}}{{println .}}{{end}}"


class DockerImages:
    """The emulator's images in a daemon that others use too: they have their full names there only during a push."""

    def __init__(self, cli: DockerCli) -> None:
        self._cli = cli
        self._names: dict[str, str] = {}
        self._reached: dict[str, bool] = {}
        self._naming = threading.Lock()
        self._built = threading.Lock()

    def reaches(self, address: str, cancellation: Cancellation) -> bool:
        """See Tool. A daemon in a virtual machine or in another network cannot reach this machine's loopback."""
        if address not in self._reached:
            try:
                self._cli.ask(["pull", "-q", f"{address}/{LABEL}/nothing:none"], cancellation)
                reached = True
            except ToolError as error:
                reached = "not found" in str(error) or "manifest unknown" in str(error)
            if cancellation.requested:
                return reached
            self._reached[address] = reached
        return self._reached[address]

    def image_id(self, name: str, cancellation: Cancellation) -> str | None:
        """See Tool. An image of `make` comes before an image of the daemon with the same name."""
        return self._inspected(self._names.get(name, name), cancellation)

    def _inspected(self, name: str, cancellation: Cancellation) -> str | None:
        with contextlib.suppress(ToolError):
            return self._cli.ask(["image", "inspect", "--format", "{{.Id}}", name], cancellation)
        return None

    def image_digest(self, image_id: str, cancellation: Cancellation) -> str:
        with contextlib.suppress(ToolError):
            found = self._cli.ask(["image", "inspect", "--format", _DIGESTS, image_id], cancellation)
            return found.splitlines()[0].partition("@")[2] if found else ""
        return ""

    def pull(self, location: ImageLocation, cancellation: Cancellation) -> str:
        if location.layout is not None:
            image = oci_layout.load(self._cli, location.layout, location.name.tag, cancellation)
            self.remember(image)
            return image
        name = str(location.name)
        if location.address is not None:
            name = f"{location.address}/{location.name.repository}@{location.digest}"
        self._cli.ask(["pull", "-q", name], cancellation, self._cli.signed_in(location.authfile))
        return self._cli.ask(["image", "inspect", "--format", "{{.Id}}", name], cancellation)

    def push(self, image_id: str, location: ImageLocation, scratch: Path, cancellation: Cancellation) -> str:
        """See Tool. The digest comes from the emulator's registry; for other registries, from the daemon."""
        if location.layout is not None:
            return oci_layout.save(self._cli, image_id, location.layout, location.name.tag, scratch, cancellation)
        name = str(location.name)
        if location.address is not None:
            name = f"{location.address}/{location.name.repository}:{location.name.tag}"
        with self._named(image_id, name, cancellation):
            self._cli.ask(["push", "-q", name], cancellation, self._cli.signed_in(location.authfile))
            if location.address is None:
                return self._digest_at(image_id, name, cancellation)
        try:
            digest = find_digest(location.address, location.name)
        except httpx.HTTPError as error:
            raise ToolError(f"the registry did not return the digest: {error}") from error
        if digest is None:
            raise ToolError("the registry does not have the image")
        return digest

    @contextlib.contextmanager
    def _named(self, image_id: str, name: str, cancellation: Cancellation) -> Iterator[None]:
        """Tag an image with a name for the block; then restore the former image of the name, or remove the tag."""
        with self._naming:
            before = self._inspected(name, cancellation)
            self._cli.ask(["tag", image_id, name], cancellation)
            try:
                yield
            finally:
                with contextlib.suppress(ToolError):
                    self._cli.ask(["tag", before, name] if before else ["rmi", "--no-prune", name], Cancellation())

    def _digest_at(self, image_id: str, name: str, cancellation: Cancellation) -> str:
        repository = name.rpartition(":")[0].removeprefix("docker.io/library/").removeprefix("docker.io/")
        for line in self._cli.ask(["image", "inspect", "--format", _DIGESTS, image_id], cancellation).splitlines():
            where, _, digest = line.partition("@")
            if where.removeprefix("docker.io/") == repository:
                return digest
        raise ToolError(f"the daemon does not know the digest of {name}")

    def remember(self, image_id: str) -> None:
        """Tag a built image so that the daemon keeps it, and remove the oldest beyond IMAGES_KEPT."""
        self._cli.ask(["tag", image_id, own_name(image_id)], Cancellation())
        record = self._cli.folder / "built"
        with self._built:
            known = record.read_text().split() if record.exists() else []
            known = [*(known_id for known_id in known if known_id != image_id), image_id]
            old, known = known[:-IMAGES_KEPT], known[-IMAGES_KEPT:]
            record.write_text("\n".join(known))
        for each in old:
            with contextlib.suppress(ToolError):  # it is gone already
                self._cli.ask(["rmi", own_name(each)], Cancellation())


def own_name(image_id: str) -> str:
    """Return the tag by which the daemon keeps an image of the emulator."""
    return f"{LABEL}:{image_id.removeprefix('sha256:')[:12]}"
