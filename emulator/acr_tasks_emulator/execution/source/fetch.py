"""Sources at an address: git repositories, archives, and OCI artifacts (facts section 7, "Remote contexts")."""

from __future__ import annotations

import re
import shutil
import uuid
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.source.addresses import Address, checked
from acr_tasks_emulator.execution.source.clone import Clone, takes
from acr_tasks_emulator.execution.source.git import Git
from acr_tasks_emulator.execution.source.oci_artifact import pull
from acr_tasks_emulator.execution.source.unpack import SourceError, folder_in, unpack
from acr_tasks_emulator.process.supervisor import Supervisor

ARCHIVE_LIMIT = 1024**3
"""How many bytes an archive may have; the service states no limit."""
TEXT_LIMIT = 1024**2
_REDIRECTS = 5
_REFS = "/info/refs?service=git-upload-pack"
_GIT = re.compile(r"\.git(?:#.*)?$", re.IGNORECASE)
_DEVOPS = re.compile(r"https://(?:[^/]*\.visualstudio\.com|[^/]*dev\.azure\.com)/.*/_git/", re.IGNORECASE)
_GITHUB = re.compile(r"https?://(?:[^/@]*@)?[^/@]*github[^/]*/", re.IGNORECASE)
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00")
_TAR = slice(257, 262), b"ustar"


@dataclass(frozen=True)
class Fetched:
    """What is known of a source that was fetched: `Commit`, `Branch` and `Repository` when it is of git."""

    git: dict[str, str] = field(default_factory=dict)


class SourceFetcher:
    """Fetches sources into folders of a run."""

    def __init__(self, supervisor: Supervisor, oci: OciRegistry) -> None:
        self._supervisor = supervisor
        self._oci = oci

    def fetch(
        self,
        location: str,
        target: Path,
        scratch: Path,
        job: Job,
        log: RunLog,
        cancellation: Cancellation,
        *,
        of_step: bool = False,
    ) -> Fetched:
        """Fetch the source at `location` into `target`, which must not exist. scratch: for files in between.

        of_step: the context of a build step, which is of git only when it says so by `.git`; those of a request are
        also of git where the host has `github` in its name. Raises SourceError.
        """
        token = str(job.step.get("contextAccessToken") or "")
        if location.lower().startswith("oci://"):
            pull(location, target, scratch, job, self._oci, cancellation)
            return Fetched()
        location = as_asked_for(location, of_step)
        if is_git(location):
            return self._clone(location, token, target, scratch, log, cancellation)
        self._download(location, token, target, scratch, log, cancellation)
        return Fetched()

    def text(self, url: str, scratch: Path, cancellation: Cancellation) -> str:
        """Return the text at an http address, at most TEXT_LIMIT bytes.

        Raises SourceError, which does not hold the address: there may be a signature in it.
        """
        path = scratch / f"{uuid.uuid4().hex}.text"
        try:
            _save(url, path, cancellation)
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

    def _clone(
        self, location: str, token: str, target: Path, scratch: Path, log: RunLog, cancellation: Cancellation
    ) -> Fetched:
        url, _, fragment = location.partition("#")
        reference, _, folder = fragment.partition(":")
        address, token = _moved(checked(url if "://" in url else f"https://{url}"), token)
        checkout = scratch / f"{target.name}.git"
        try:
            git = Git(self._supervisor, scratch, address, token, cancellation)
            commit = Clone(git, cancellation).make(address, reference, checkout)
            if not takes(reference, checkout):
                log.say(
                    f"The agent's published code would refuse #{reference} at checkout: it takes #<branch>, #<commit> "
                    "of 40 digits and #pull/<number>/head. The emulator goes on with it"
                )
            folder_in(checkout, folder).rename(target)
        finally:
            shutil.rmtree(checkout, ignore_errors=True)
        return Fetched({"Commit": commit, "Branch": reference, "Repository": address.url})

    def _download(
        self, location: str, token: str, target: Path, scratch: Path, log: RunLog, cancellation: Cancellation
    ) -> None:
        url = location
        if token:  # of a storage blob: a shared access signature
            url += ("&" if urlsplit(url).query else "?") + token.removeprefix("?")
        archive = scratch / f"{target.name}.archive"
        try:
            _save(url, archive, cancellation)
            if cancellation.requested:
                return
            if is_archive(archive):
                unpack(archive, target, cancellation)
            else:
                log.line("The source is no archive: it is ignored, as the service does.")
                target.mkdir()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise SourceError(f"the source could not be fetched: {type(error).__name__}") from error
        finally:
            archive.unlink(missing_ok=True)


def _save(url: str, target: Path, cancellation: Cancellation) -> None:
    """Write what an address answers to a file, following it where it leads. Raises SourceError, httpx's errors."""
    for _ in range(_REDIRECTS + 1):
        address = checked(url)
        tls, direct = httpx.create_ssl_context(), address.ip is not None  # SSL_CERT_FILE counts, where proxies do not
        with (
            httpx.Client(timeout=30, follow_redirects=False, verify=tls, trust_env=not direct) as client,
            client.stream(**_request(address)) as answer,
        ):
            if not answer.is_redirect:
                _write(answer, address, target, cancellation)
                return
            url = urljoin(url, answer.headers.get("Location", ""))
    raise SourceError(f"the source's address leads on more than {_REDIRECTS} times")


def _write(answer: httpx.Response, address: Address, target: Path, cancellation: Cancellation) -> None:
    if answer.status_code != httpx.codes.OK:
        raise SourceError(f"the source's host {address.host} answered {answer.status_code}")
    size = 0
    with target.open("wb") as file:
        for chunk in answer.iter_raw():  # as it is: an archive is compressed itself
            size += len(chunk)
            if size > ARCHIVE_LIMIT:
                raise SourceError(f"the source is longer than {ARCHIVE_LIMIT} bytes")
            if cancellation.requested:
                return
            file.write(chunk)


def _moved(address: Address, token: str) -> tuple[Address, str]:
    """Return where a repository is now: git follows what its first question leads to, and only that.

    Each address on the way is checked like the first. The token stays with the host that it was given for.
    """
    for _ in range(_REDIRECTS if address.scheme != "git" else 0):
        question = replace(
            address, url=address.url.rstrip("/") + _REFS, user=address.user or ("x-access-token" if token else "")
        )
        question = replace(question, password=address.password or token)
        tls, direct = httpx.create_ssl_context(), address.ip is not None
        try:
            with (
                httpx.Client(timeout=30, follow_redirects=False, verify=tls, trust_env=not direct) as client,
                client.stream(**_request(question)) as answer,
            ):
                if not answer.is_redirect:
                    return address, token
                target, suffix, _ = urljoin(question.url, answer.headers["Location"]).partition(_REFS)
        except (httpx.HTTPError, httpx.InvalidURL):  # git asks next, and tells better
            return address, token
        if not suffix:
            raise SourceError(f"the repository's host {address.host} leads to what is no repository")
        before, address = address, checked(target)
        if (before.scheme, before.host, before.port) != (address.scheme, address.host, address.port):
            token = ""
    return address, token


def is_git(location: str) -> bool:
    """Tell whether an address is that of a repository; other http addresses are archives."""
    whole = location.partition("?")[0]
    return bool(location.lower().startswith(("git://", "github.com/")) or _GIT.search(whole) or _DEVOPS.match(location))


def as_asked_for(location: str, of_step: bool) -> str:
    """The address that the agent asks for a source. of_step: as of Remotes.fetch. Raises SourceError for an address
    that it cannot ask.
    """
    if location.startswith("git@") or location.lower().startswith("ssh://"):
        raise SourceError("sources are fetched by https, http and git, not by ssh")
    if not of_step and _GITHUB.match(location) and not is_git(location):
        return as_repository(location)
    return location


def as_repository(location: str) -> str:
    """The repository that the service takes an address of GitHub for: it appends `.git`. Raises SourceError for an
    address that means something else there.
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


def is_archive(path: Path) -> bool:
    """Tell by the first bytes whether a file is a tar archive, compressed or not."""
    with path.open("rb") as file:
        head = file.read(512)
    return head.startswith(_MAGIC) or head[_TAR[0]] == _TAR[1]


def _request(address: Address) -> dict[str, Any]:
    """The request for an address, by the machine that was checked and not by its name."""
    auth = (address.user, address.password) if address.user or address.password else None
    extensions = {} if address.ip is None else {"sni_hostname": address.host}
    headers = {"Host": address.place}
    return {"method": "GET", "url": address.pinned, "auth": auth, "headers": headers, "extensions": extensions}
