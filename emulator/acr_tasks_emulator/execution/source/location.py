"""What the address of a source means: a repository, an archive, an artifact, or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit, urlunsplit

from acr_tasks_emulator.execution.source import SourceError

NO_SOURCE = "/dev/null"
"""The source location of a task without a context."""

SCHEMES = ("https", "http", "git")
_ARTIFACT = "oci://"
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]+")
_ADDRESS = re.compile(r"(?:https?|git|oci)://|git@|github\.com/", re.IGNORECASE)
_GIT = re.compile(r"\.git(?:#.*)?$", re.IGNORECASE)
_AZURE_DEVOPS = re.compile(r"https://(?:[^/]*\.visualstudio\.com|[^/]*dev\.azure\.com)/.*/_git/", re.IGNORECASE)
_GITHUB = re.compile(r"https?://(?:[^/@]*@)?[^/@]*github[^/]*/", re.IGNORECASE)


@dataclass(frozen=True)
class Url:
    """An address that may be fetched. url: without user, password and fragment. origin: its scheme, host and port."""

    url: str
    origin: str
    user: str = ""
    password: str = field(default="", repr=False)


def read_url(text: str) -> Url:
    """Return the parts of an address. Raises SourceError for other schemes, and for text that is not an address."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise SourceError("the source's address cannot be read") from error
    scheme, host = parts.scheme.lower(), parts.hostname or ""
    if scheme not in SCHEMES:
        raise SourceError(f"sources are fetched by https, http and git, not by {scheme or 'such an address'}")
    if not _HOST.fullmatch(host) or any(ord(character) <= 32 or ord(character) == 127 for character in text):
        raise SourceError("the source's address cannot be read")
    host = f"[{host}]" if ":" in host else host
    authority = host if port is None else f"{host}:{port}"
    url = urlunsplit((scheme, authority, parts.path, parts.query, ""))
    return Url(url, f"{scheme}://{authority}", unquote(parts.username or ""), unquote(parts.password or ""))


def is_address(location: str) -> bool:
    """Tell whether a location is an address, and not a path in an uploaded source."""
    return _ADDRESS.match(location) is not None


def is_artifact(location: str) -> bool:
    """Tell whether an address is that of an OCI artifact."""
    return location.lower().startswith(_ARTIFACT)


def is_git(location: str) -> bool:
    """Tell whether an address is that of a repository; other http addresses are archives."""
    path = location.partition("?")[0]
    prefixed = location.lower().startswith(("git://", "github.com/"))
    return bool(prefixed or _GIT.search(path) or _AZURE_DEVOPS.match(location))


def is_repository(location: str) -> bool:
    """Tell whether the service takes a run's source for a repository: also where the host has `github` in its name."""
    return is_git(location) or location.startswith("git@") or _GITHUB.match(location) is not None


def requested_address(location: str, of_step: bool) -> str:
    """Return the address that the agent requests for a source.

    of_step: the source is the context of a build step, which is a repository only when it ends in `.git`. Raises
    SourceError for an address that the agent cannot request.
    """
    if location.startswith("git@") or location.lower().startswith("ssh://"):
        raise SourceError("sources are fetched by https, http and git, not by ssh")
    if not of_step and _GITHUB.match(location) and not is_git(location):
        return github_repository(location)
    return location


def github_repository(location: str) -> str:
    """Return the repository that the service makes of an address on GitHub: it appends `.git`.

    Raises SourceError for a page or an archive there, which the service does not find.
    """
    url, mark, fragment = location.partition("#")
    parts = urlsplit(url)
    if len(parts.path.strip("/").split("/")) != 2 or parts.query or (parts.hostname or "").startswith("codeload."):
        where = f"{parts.scheme}://{parts.hostname}{parts.path}"
        raise SourceError(
            f"failed to download context: the service takes every address with github in its host for a repository, "
            f"and asks for {where}.git. Give the repository with #<branch or commit>[:<folder>], or other hosts"
        )
    return f"{url.rstrip('/')}.git{mark}{fragment}"
