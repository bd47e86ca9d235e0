"""Names of images, as Docker reads them."""

from __future__ import annotations

import re
from dataclasses import dataclass

DOCKER_HUB = "docker.io"

_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")
REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"[a-z0-9]+:[0-9a-f]{32,}")


class ImageNameError(ValueError):
    """A text that is not the name of an image."""


@dataclass(frozen=True)
class ImageName:
    """The full name of an image: host, repository, and a tag or a digest. `str()` returns it in one piece."""

    host: str
    repository: str
    tag: str = "latest"
    digest: str | None = None

    def __str__(self) -> str:
        return f"{self.host}/{self.repository}{self.suffix}"

    @property
    def suffix(self) -> str:
        """Return `:tag` or `@digest`."""
        return f"@{self.digest}" if self.digest else f":{self.tag}"

    @property
    def reference(self) -> str:
        """Return the tag or digest, as the registry's API takes it."""
        return self.digest or self.tag


def own_hosts(login_server: str, registry_name: str) -> tuple[str, ...]:
    """Return the hosts that mean a registry of ours: the emulator's port, and the name that Azure gives it."""
    return (login_server, f"{registry_name.lower()}.azurecr.io")


def parse(text: str) -> ImageName:
    """Parse a name. Without a host it belongs to Docker Hub; without a folder there, to `library/`.

    Raises ImageNameError with Docker's words: `invalid reference format`.
    """
    rest, at, digest = text.partition("@")
    first, slash, others = rest.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        host, rest = first, others
    else:
        host = DOCKER_HUB
    repository, colon, tag = rest.partition(":")
    if host in ("index.docker.io", "registry-1.docker.io"):
        host = DOCKER_HUB
    if host == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    valid = (
        _HOST.fullmatch(host)
        and REPOSITORY.fullmatch(repository)
        and (not colon or TAG.fullmatch(tag))
        and (not at or _DIGEST.fullmatch(digest))
    )
    if not valid:
        raise ImageNameError(f'invalid reference format: "{text}"')
    return ImageName(host, repository, tag or "latest", digest or None)
