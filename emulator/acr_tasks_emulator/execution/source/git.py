"""Clones of repositories with their submodules, by git itself.

Git runs without the user's settings, hooks, templates, helpers and prompts, and for https, http and git alone. What it
writes is measured while it grows, and its memory has a limit: a commit of a kilobyte can name a billion files.
"""

from __future__ import annotations

import base64
import contextlib
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import httpx

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.programs import NETWORK_VARIABLES, inherited
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.source.archive import LIMITS
from acr_tasks_emulator.execution.source.client import client_for
from acr_tasks_emulator.execution.source.location import Url, read_url
from acr_tasks_emulator.process.supervisor import Supervisor

WATCH_SECONDS = 0.5
"""How often the checkout is measured while git writes it."""
MEMORY_KIB = 4 * 1024**2
"""How much memory one git process may have, where the system can limit it."""

_SETTINGS = {
    "core.hooksPath": os.devnull,
    "init.templateDir": "",
    "core.packedGitWindowSize": "32m",  # below the limit of memory, however large a pack is
    "core.packedGitLimit": "256m",
    "http.followRedirects": "false",  # git would show the token to the other host
    "http.lowSpeedLimit": "1",
    "http.lowSpeedTime": "60",
}
_REDIRECTS = 5
_FIRST_REQUEST = "/info/refs?service=git-upload-pack"
_REFERENCE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./+@-]*[A-Za-z0-9_+@-])?")
_TAKEN = re.compile(r"|[0-9a-fA-F]{40}|pull/\d+/head")


class Clone:
    """The checkout of one repository.

    url: the repository's address, as `moved` returns it. home: a folder for git's own files.
    """

    def __init__(
        self, url: Url, checkout: Path, home: Path, supervisor: Supervisor, cancellation: Cancellation
    ) -> None:
        self._url = url
        self._checkout = checkout
        self._supervisor = supervisor
        self._cancellation = cancellation
        self._environment = _environment(url, home)

    def make(self, reference: str) -> str:
        """Check out a branch, tag or commit with its submodules; return the commit. Empty: the default branch.

        Raises SourceError.
        """
        if reference and (not _REFERENCE.fullmatch(reference) or ".." in reference):
            raise SourceError(f"{reference!r} is not the name of a branch, a tag or a commit")
        if shutil.which("git") is None:
            raise SourceError("git is not installed (Debian: apt-get install git)")
        self._checkout.mkdir(parents=True)
        self._git("init", "-q")
        self._git("remote", "add", "origin", self._url.url)
        commit = self._fetch(reference)
        self._git("checkout", "-q", "--detach", commit)
        if (self._checkout / ".gitmodules").is_file():
            self._update_submodules()
        return commit

    def is_taken_by_agent(self, reference: str) -> bool:
        """Tell whether the agent's published code checks out a reference: no tag, no `HEAD`, no full branch name."""
        fetched = (self._checkout / ".git" / "FETCH_HEAD").read_text(errors="replace")
        return _TAKEN.fullmatch(reference) is not None or f"\tbranch '{reference}' of " in fetched

    def _fetch(self, reference: str) -> str:
        try:
            self._git("fetch", "-q", "--depth=1", "origin", reference or "HEAD")
            return self._git("rev-parse", "FETCH_HEAD^{commit}")
        except SourceError:
            if self._cancellation.requested:
                raise
            return self._fetch_all(reference)

    def _fetch_all(self, reference: str) -> str:
        """Fetch whole branches: a server need not give a single commit, nor one that is not a branch's last."""
        if not reference:
            self._git("fetch", "-q", "origin", "HEAD")
            return self._git("rev-parse", "FETCH_HEAD^{commit}")
        self._git("fetch", "-q", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
        for candidate in (f"refs/remotes/origin/{reference}", f"refs/tags/{reference}", reference):
            with contextlib.suppress(SourceError):
                return self._git("rev-parse", "--verify", "-q", "--end-of-options", f"{candidate}^{{commit}}")
        raise SourceError(f"the repository has no branch, tag or commit {reference}")

    def _update_submodules(self) -> None:
        try:
            self._git("submodule", "-q", "update", "--init", "--recursive", "--depth=1")
        except SourceError:  # a server of plain files knows no depth
            if self._cancellation.requested:
                raise
            self._git("submodule", "-q", "deinit", "-f", "--all")
            shutil.rmtree(self._checkout / ".git" / "modules", ignore_errors=True)
            self._git("submodule", "-q", "update", "--init", "--recursive")

    def _git(self, *arguments: str) -> str:
        """Run git, and return what it prints. Raises SourceError; a checkout beyond the limits ends git at once."""
        child = self._supervisor.start(
            ["sh", "-c", f'ulimit -v {MEMORY_KIB} 2>/dev/null; exec git "$@"', "git", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self._checkout,
            env=self._environment,
        )
        with self._cancellation.when_canceled(lambda: self._supervisor.end(child)):
            out, err = self._watched(child)
        check_size(self._checkout)
        if child.returncode != 0:
            lines = err.decode("utf-8", "replace").strip().splitlines()
            reasons = [line for line in lines if line.startswith("fatal: ")] or lines[-1:]
            raise SourceError(f"git {arguments[0]} failed: {(reasons or [f'exit status {child.returncode}'])[0]}")
        return out.decode("utf-8", "replace").strip()

    def _watched(self, child: subprocess.Popen[bytes]) -> tuple[bytes, bytes]:
        while True:
            try:
                return child.communicate(timeout=WATCH_SECONDS)
            except subprocess.TimeoutExpired:
                try:
                    check_size(self._checkout)
                except SourceError:
                    self._supervisor.end(child)
                    child.communicate()
                    raise


def check_size(checkout: Path) -> None:
    """Raise SourceError when a checkout has more files, bytes or levels than a source may have."""
    size = entries = 0
    for folder, folders, files in os.walk(checkout):
        if len(Path(folder).relative_to(checkout).parts) > LIMITS.depth:
            raise SourceError(f"the repository has folders that are nested more than {LIMITS.depth} deep")
        entries += len(folders) + len(files)
        for name in files:
            with contextlib.suppress(FileNotFoundError):  # git has renamed it meanwhile
                size += os.lstat(Path(folder, name)).st_size
        if entries > LIMITS.entries:
            raise SourceError(f"the repository has more than {LIMITS.entries} files")
        if size > LIMITS.size_bytes:
            raise SourceError(f"the repository has more than {LIMITS.size_bytes} bytes")


def moved(url: Url, cancellation: Cancellation) -> Url:
    """Return the address that a repository has now: redirects of git's first request are followed.

    An address of another origin has no sign-in. Raises SourceError when the redirect does not lead to a repository.
    """
    if url.origin.startswith("git:"):
        return url
    auth = (url.user, url.password) if url.user else None
    try:
        with (
            client_for(cancellation, follow_redirects=True, max_redirects=_REDIRECTS, auth=auth) as client,
            client.stream("GET", url.url.rstrip("/") + _FIRST_REQUEST) as answer,
        ):
            if not answer.history:
                return url
            address, suffix, _ = str(answer.url).partition(_FIRST_REQUEST)
    except (httpx.HTTPError, httpx.InvalidURL):  # git asks next, and says better what is wrong
        return url
    if not suffix:
        raise SourceError(f"the repository's address {url.url} leads to a page that is not a repository")
    found = read_url(address)
    same = found.origin == url.origin
    return replace(found, user=url.user if same else "", password=url.password if same else "")


def _environment(url: Url, home: Path) -> dict[str, str]:
    settings = dict(_SETTINGS)
    if url.user:  # in the environment, as everybody on the machine can read command lines
        pair = base64.b64encode(f"{url.user}:{url.password}".encode()).decode()
        settings[f"http.{url.origin}/.extraHeader"] = f"Authorization: Basic {pair}"
    numbered = {f"GIT_CONFIG_KEY_{n}": name for n, name in enumerate(settings)}
    numbered |= {f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(settings.values())}
    return {
        **inherited(NETWORK_VARIABLES),
        **numbered,
        "GIT_CONFIG_COUNT": str(len(settings)),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ALLOW_PROTOCOL": "https:http:git",  # not ext, which runs programs, nor file
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "HOME": str(home),
    }
