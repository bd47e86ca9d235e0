"""The docker daemon's images: found, brought, sent, and named as ours."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx

from acr_tasks_emulator.execution.cancellation import Stop
from acr_tasks_emulator.execution.container_tool import Place, ToolError
from acr_tasks_emulator.execution.docker import oci_layout as docker_layout
from acr_tasks_emulator.execution.docker.docker_cli import DockerCli

LABEL = "acr-tasks-emulator"
"""What our images are called in the daemon, and the label of every container and network of ours."""

IMAGES_KEPT = 300
"""With more images built than this, the oldest go."""

_ACCEPT = "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json"
_DIGESTS = "{{range .RepoDigests}}{{println .}}{{end}}"


class DockerImages:
    """The images of a daemon that others use too: ours have their own names there only for the moment of a push."""

    def __init__(self, cli: DockerCli) -> None:
        self._cli = cli
        self._names: dict[str, str] = {}
        self._reached: dict[str, bool] = {}
        self._naming = threading.Lock()
        self._built = threading.Lock()

    def reaches(self, address: str, stop: Stop) -> bool:
        """See Tool. Daemons in virtual machines and in networks of their own do not reach this machine's loopback."""
        if address not in self._reached:
            try:
                self._cli.ask(["pull", "-q", f"{address}/{LABEL}/nothing:none"], stop)
                reached = True
            except ToolError as error:
                reached = "not found" in str(error) or "manifest unknown" in str(error)
            if stop.asked:
                return reached
            self._reached[address] = reached
        return self._reached[address]

    def image_id(self, name: str, stop: Stop) -> str | None:
        """See Tool. Names of images that `make` made come first."""
        return self._inspected(self._names.get(name, name), stop)

    def _inspected(self, name: str, stop: Stop) -> str | None:
        with contextlib.suppress(ToolError):
            return self._cli.ask(["image", "inspect", "--format", "{{.Id}}", name], stop)
        return None

    def image_digest(self, image_id: str, stop: Stop) -> str:
        """See Tool."""
        with contextlib.suppress(ToolError):
            found = self._cli.ask(["image", "inspect", "--format", _DIGESTS, image_id], stop)
            return found.splitlines()[0].partition("@")[2] if found else ""
        return ""

    def pull(self, place: Place, stop: Stop) -> str:
        """See Tool."""
        if place.layout is not None:
            image = docker_layout.load(self._cli, place.layout, place.name.tag, stop)
            self.remember(image)
            return image
        name = str(place.name)
        if place.address is not None:
            name = f"{place.address}/{place.name.repository}@{place.digest}"
        self._cli.ask(["pull", "-q", name], stop, authfile=place.authfile)
        return self._cli.ask(["image", "inspect", "--format", "{{.Id}}", name], stop)

    def push(self, image_id: str, place: Place, scratch: Path, stop: Stop) -> str:
        """See Tool. The digest is what the registry says, or the daemon of a registry on the network."""
        if place.layout is not None:
            return docker_layout.save(self._cli, image_id, place.layout, place.name.tag, scratch, stop)
        name = str(place.name)
        if place.address is not None:
            name = f"{place.address}/{place.name.repository}:{place.name.tag}"
        with self._named(image_id, name, stop):
            self._cli.ask(["push", "-q", name], stop, authfile=place.authfile)
            if place.address is None:
                return self._digest_at(image_id, name, stop)
        url = f"http://{place.address}/v2/{place.name.repository}/manifests/{place.name.tag}"
        try:
            answer = httpx.head(url, headers={"Accept": _ACCEPT}, trust_env=False, timeout=30).raise_for_status()
        except httpx.HTTPError as error:
            raise ToolError(f"the registry does not tell the digest: {error}") from error
        return str(answer.headers["Docker-Content-Digest"])

    @contextlib.contextmanager
    def _named(self, image_id: str, name: str, stop: Stop) -> Iterator[None]:
        """Give an image a name while the block lasts; who had the name before has it afterwards."""
        with self._naming:
            before = self._inspected(name, stop)
            self._cli.ask(["tag", image_id, name], stop)
            try:
                yield
            finally:
                with contextlib.suppress(ToolError):
                    self._cli.ask(["tag", before, name] if before else ["rmi", "--no-prune", name], Stop())

    def _digest_at(self, image_id: str, name: str, stop: Stop) -> str:
        repository = name.rpartition(":")[0].removeprefix("docker.io/library/").removeprefix("docker.io/")
        for line in self._cli.ask(["image", "inspect", "--format", _DIGESTS, image_id], stop).splitlines():
            where, _, digest = line.partition("@")
            if where.removeprefix("docker.io/") == repository:
                return digest
        raise ToolError(f"the daemon does not know the digest of {name}")

    def remember(self, image_id: str) -> None:
        """Name an image that was built, and remove the oldest where there are too many."""
        self._cli.ask(["tag", image_id, own_name(image_id)], Stop())
        noted = self._cli.folder / "built"
        with self._built:
            known = noted.read_text().split() if noted.exists() else []
            known = [*(known_id for known_id in known if known_id != image_id), image_id]
            old, known = known[:-IMAGES_KEPT], known[-IMAGES_KEPT:]
            noted.write_text("\n".join(known))
        for each in old:
            with contextlib.suppress(ToolError):  # it is gone already
                self._cli.ask(["rmi", own_name(each)], Stop())


def own_name(image_id: str) -> str:
    return f"{LABEL}:{image_id.removeprefix('sha256:')[:12]}"
