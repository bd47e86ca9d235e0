"""Sources in git: cloned without the user's settings, without hooks, and by https, http and git only."""

from __future__ import annotations

import base64
import os
import posixpath
import re
import subprocess
from pathlib import Path

from acr_tasks_emulator.execution.addresses import Address, checked
from acr_tasks_emulator.execution.source import SourceError
from acr_tasks_emulator.execution.stop import Stop
from acr_tasks_emulator.supervisor import Supervisor

PROGRAM = "git"
_REFERENCE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./+@-]*[A-Za-z0-9_+@-])?")
_DEPTH = 8
_PASSED_ON = {"PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_PASSED_ON |= {f"{name}_proxy" for name in ("http", "https", "no", "all")}
_PASSED_ON |= {name.upper() for name in _PASSED_ON}


class Git:
    """Clones one repository into a folder, its submodules too.

    token: a personal access token, for the repository's own host alone. home: a folder for git's own files.
    """

    def __init__(self, supervisor: Supervisor, home: Path, address: Address, token: str, stop: Stop) -> None:
        self._supervisor = supervisor
        self._home = home
        self._address = address
        self._stop = stop
        self._settings = _settings(address, token)

    def clone(self, reference: str, target: Path) -> str:
        """Check out a branch, tag or commit (the default branch when empty); return the commit. Raises SourceError."""
        if reference and (not _REFERENCE.fullmatch(reference) or ".." in reference):
            raise SourceError(f"{reference!r} is not the name of a branch, a tag or a commit")
        target.mkdir(parents=True)
        self._git(target, "init", "-q")
        self._git(target, "remote", "add", "origin", self._address.url)
        try:
            self._git(target, "fetch", "-q", "--depth=1", "origin", reference or "HEAD")
            self._git(target, "checkout", "-q", "--detach", "FETCH_HEAD")
        except SourceError:
            if self._stop.asked:
                raise
            self._clone_all(reference, target)
        self._submodules(target, 0)
        return self._git(target, "rev-parse", "HEAD")

    def _clone_all(self, reference: str, target: Path) -> None:
        """Servers need not give one commit alone, nor one that is no branch's last; it comes with all the others."""
        if not reference:
            self._git(target, "fetch", "-q", "origin", "HEAD")
            self._git(target, "checkout", "-q", "--detach", "FETCH_HEAD")
            return
        self._git(target, "fetch", "-q", "--tags", "origin", "+refs/heads/*:refs/remotes/origin/*")
        for candidate in (f"refs/remotes/origin/{reference}", f"refs/tags/{reference}", reference):
            try:
                commit = self._git(target, "rev-parse", "--verify", "-q", "--end-of-options", f"{candidate}^{{commit}}")
            except SourceError:
                continue
            self._git(target, "checkout", "-q", "--detach", commit)
            return
        raise SourceError(f"the repository has no branch, tag or commit {reference}")

    def _submodules(self, folder: Path, depth: int) -> None:
        modules = folder / ".gitmodules"
        if not modules.is_file() or modules.is_symlink():
            return
        if depth == _DEPTH:
            raise SourceError(f"the repository's submodules are nested more than {_DEPTH} deep")
        self._git(folder, "submodule", "-q", "init")
        for url in self._values(folder, "url"):  # whole addresses by now: `../../host/x` may be another host
            checked(url)
        try:
            self._git(folder, "submodule", "-q", "update", "--depth=1")
        except SourceError:
            self._git(folder, "submodule", "-q", "update")
        for path in self._values(folder, "path", "-f", ".gitmodules"):
            below = Path(os.path.realpath(folder / posixpath.normpath(path)))
            if below.is_relative_to(folder.resolve()) and below.is_dir() and below != folder.resolve():
                self._submodules(below, depth + 1)

    def _values(self, folder: Path, name: str, *origin: str) -> list[str]:
        try:
            found = self._git(folder, "config", *origin, "--get-regexp", rf"^submodule\..*\.{name}$")
        except SourceError:  # there is none
            return []
        return [line.partition(" ")[2] for line in found.splitlines()]

    def _git(self, folder: Path, *arguments: str) -> str:
        try:
            child = self._supervisor.start(
                [PROGRAM, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=self._environment(),
            )
        except FileNotFoundError as error:
            raise SourceError("git is not installed (Debian: apt-get install git)") from error
        with self._stop.calling(lambda: self._supervisor.end(child)):
            out, err = child.communicate()
        if child.returncode != 0:
            lines = err.decode("utf-8", "replace").strip().splitlines() or [f"exit status {child.returncode}"]
            raise SourceError(f"git {arguments[0]} failed: {lines[-1]}")
        return out.decode("utf-8", "replace").strip()

    def _environment(self) -> dict[str, str]:
        settings = {f"GIT_CONFIG_KEY_{n}": name for n, (name, _) in enumerate(self._settings)}
        settings |= {f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in enumerate(self._settings)}
        return {
            **{name: value for name, value in os.environ.items() if name in _PASSED_ON},
            **settings,
            "GIT_CONFIG_COUNT": str(len(self._settings)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALLOW_PROTOCOL": "https:http:git",  # not ext, which runs programs, nor file
            "GIT_TERMINAL_PROMPT": "0",
            "HOME": str(self._home),
        }


def _settings(address: Address, token: str) -> list[tuple[str, str]]:
    """git's settings as environment variables: a command line would show the token to the whole machine."""
    settings = [
        ("core.hooksPath", os.devnull),
        ("http.followRedirects", "false"),  # the address that was checked is the one that is asked
        ("http.lowSpeedLimit", "1"),
        ("http.lowSpeedTime", "60"),
    ]
    if address.ip is not None and address.scheme != "git":
        ip = f"[{address.ip}]" if ":" in address.ip else address.ip
        settings.append(("http.curloptResolve", f"{address.host}:{address.port}:{ip}"))
    secret = address.password or token or ""
    if secret or address.user:
        pair = base64.b64encode(f"{address.user or 'x-access-token'}:{secret}".encode()).decode()
        place = f"[{address.host}]" if ":" in address.host else address.host
        settings.append(
            (f"http.{address.scheme}://{place}:{address.port}/.extraHeader", f"Authorization: Basic {pair}")
        )
    return settings
