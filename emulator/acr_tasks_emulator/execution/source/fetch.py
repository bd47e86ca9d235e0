"""Sources at an address, fetched: git repositories, archives, and OCI artifacts."""

from __future__ import annotations

import subprocess
import uuid
import zlib
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.run_context import RunContext
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.client import client_for
from acr_tasks_emulator.execution.source.git import Clone, moved
from acr_tasks_emulator.execution.source.location import is_artifact, is_git, read_url, requested_address
from acr_tasks_emulator.execution.source.oci_artifact import pull
from acr_tasks_emulator.execution.source.paths import folder_in
from acr_tasks_emulator.execution.source.unpack import unpack
from acr_tasks_emulator.process.supervisor import Supervisor

ARCHIVE_LIMIT = 1024**3
"""How many bytes an archive may have; the service states no limit."""
TEXT_LIMIT = 1024**2
_REDIRECTS = 5
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_TAR = slice(257, 262), b"ustar"


class SourceFetcher:
    """A fetcher of sources into folders of a run."""

    def __init__(self, supervisor: Supervisor, oci: OciRegistry) -> None:
        self._supervisor = supervisor
        self._oci = oci

    def fetch(self, location: str, target: Path, run: RunContext, *, of_step: bool = False) -> dict[str, str]:
        """Fetch the source at `location` into `target`, which must not exist.

        of_step: as of `requested_address`. Returns `Commit`, `Branch` and `Repository` of a repository, else nothing.
        Raises SourceError.
        """
        token = str(run.job.step.get("contextAccessToken") or "")
        if is_artifact(location):
            pull(location, target, run, self._oci)
            return {}
        location = requested_address(location, of_step)
        if is_git(location):
            return self._clone(location, token, target, run)
        self._download(location, token, target, run)
        return {}

    def text(self, url: str, run: RunContext) -> str:
        """Return the text at an http address, at most TEXT_LIMIT bytes.

        Raises SourceError, whose text does not hold the address: it may have a signature.
        """
        path = run.scratch / f"{uuid.uuid4().hex}.text"
        try:
            _save(url, path, run.cancellation)
            data = path.read_bytes() if path.exists() else b""
            if data.startswith(_MAGIC[0]):
                data = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, TEXT_LIMIT + 1)
            if len(data) > TEXT_LIMIT:
                raise SourceError(f"the file is longer than {TEXT_LIMIT} bytes")
            return data.decode(errors="replace")
        except (httpx.HTTPError, httpx.InvalidURL, zlib.error) as error:
            raise SourceError(f"the file could not be fetched: {type(error).__name__}") from error
        finally:
            path.unlink(missing_ok=True)

    def _clone(self, location: str, token: str, target: Path, run: RunContext) -> dict[str, str]:
        address, _, fragment = location.partition("#")
        reference, _, folder = fragment.partition(":")
        url = read_url(address if "://" in address else f"https://{address}")
        if token and not url.password:
            url = replace(url, user=url.user or "x-access-token", password=token)
        url = moved(url, run.cancellation)
        checkout = run.scratch / f"{target.name}.git"
        clone = Clone(url, checkout, run.scratch, self._supervisor, run.cancellation)
        try:
            commit = clone.make(reference)
            if not clone.is_taken_by_agent(reference):
                run.log.say(
                    f"The agent's published code would refuse #{reference} at checkout: it takes #<branch>, #<commit> "
                    "of 40 digits and #pull/<number>/head. The emulator goes on with it"
                )
            folder_in(checkout, folder).rename(target)
        finally:
            # Python's own removal fails for folders that are nested a thousand deep.
            subprocess.run(["rm", "-rf", "--", str(checkout)], check=False)  # noqa: S603, S607 - a path of ours
        return {"Commit": commit, "Branch": reference, "Repository": url.url}

    def _download(self, location: str, token: str, target: Path, run: RunContext) -> None:
        url = location
        if token:  # of a storage blob: a shared access signature
            url += ("&" if urlsplit(url).query else "?") + token.removeprefix("?")
        archive = run.scratch / f"{target.name}.archive"
        try:
            _save(url, archive, run.cancellation)
            if run.cancellation.requested:
                return
            if is_archive(archive):
                unpack(archive, target, run.cancellation)
            else:
                run.log.line("The source is no archive: it is ignored, as the service does.")
                target.mkdir()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"the source could not be fetched: {type(error).__name__}") from error
        finally:
            archive.unlink(missing_ok=True)


def is_archive(path: Path) -> bool:
    """Tell by the first bytes whether a file is a tar archive, compressed or not."""
    with path.open("rb") as file:
        head = file.read(512)
    return head.startswith(_MAGIC) or head[_TAR[0]] == _TAR[1]


def _save(url: str, target: Path, cancellation: Cancellation) -> None:
    """Write what an address answers to a file. Redirects are followed. Raises SourceError, and httpx's errors."""
    read_url(url)
    with (
        client_for(cancellation, follow_redirects=True, max_redirects=_REDIRECTS) as client,
        client.stream("GET", url) as answer,
    ):
        if answer.status_code != httpx.codes.OK:
            raise SourceError(f"the source's host {answer.url.host} answered {answer.status_code}")
        size = 0
        with target.open("wb") as file:
            for chunk in answer.iter_raw():  # as it is: an archive is compressed itself
                size += len(chunk)
                if size > ARCHIVE_LIMIT:
                    raise SourceError(f"the source is longer than {ARCHIVE_LIMIT} bytes")
                if cancellation.requested:
                    return
                file.write(chunk)
