"""The program git, called without the user's settings, hooks and prompts, and for https, http and git only."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.source.addresses import Address
from acr_tasks_emulator.execution.source.archive import LIMITS, SourceError
from acr_tasks_emulator.process.supervisor import Supervisor

PROGRAM = "git"
WATCH_SECONDS = 0.5
"""How often a folder that grows is measured."""

_PIECE = 64 * 1024
_PASSED_ON = {"PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_PASSED_ON |= {f"{name}_proxy" for name in ("http", "https", "no", "all")}
_PASSED_ON |= {name.upper() for name in _PASSED_ON}
_SETTINGS = [
    ("core.hooksPath", os.devnull),
    ("init.templateDir", ""),
    ("http.followRedirects", "false"),  # the address that was checked is the one that is asked; alternates neither
    ("http.lowSpeedLimit", "1"),
    ("http.lowSpeedTime", "60"),
]


class Git:
    """Calls git in folders of a run.

    token: a personal access token, for the host of `address` alone. home: a folder for git's own files.
    """

    def __init__(
        self, supervisor: Supervisor, home: Path, address: Address, token: str, cancellation: Cancellation
    ) -> None:
        self._supervisor = supervisor
        self._home = home
        self._cancellation = cancellation
        self._settings = [*_SETTINGS, *_sign_in(address, token)]

    def run(self, folder: Path, *arguments: str, address: Address | None = None) -> str:
        """Return what a command prints, without spaces around it. Raises SourceError.

        address: what the command fetches from; it is ended when the folder grows beyond all limits meanwhile.
        """
        child = self._start(folder, arguments, subprocess.PIPE, address)
        with self._cancellation.when_canceled(lambda: self._supervisor.end(child)):
            out, err = child.communicate() if address is None else self._watched(child, folder)
        if child.returncode != 0:
            lines = err.decode("utf-8", "replace").strip().splitlines() or [f"exit status {child.returncode}"]
            raise SourceError(f"git {arguments[0]} failed: {lines[-1]}")
        return out.decode("utf-8", "replace").strip()

    def pieces(self, folder: Path, *arguments: str) -> Iterator[bytes]:
        """Yield what a command prints as it comes; the command is ended when nobody wants more of it."""
        child = self._start(folder, arguments, subprocess.DEVNULL, None)
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        with child.stdout, self._cancellation.when_canceled(lambda: self._supervisor.end(child)):
            try:
                while piece := os.read(child.stdout.fileno(), _PIECE):
                    yield piece
            finally:
                self._supervisor.end(child)

    def _start(
        self, folder: Path, arguments: Sequence[str], stderr: int, address: Address | None
    ) -> subprocess.Popen[bytes]:
        try:
            return self._supervisor.start(
                [PROGRAM, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=folder,
                env=self._environment(address),
            )
        except FileNotFoundError as error:
            raise SourceError("git is not installed (Debian: apt-get install git)") from error

    def _watched(self, child: subprocess.Popen[bytes], folder: Path) -> tuple[bytes, bytes]:
        while True:
            try:
                return child.communicate(timeout=WATCH_SECONDS)
            except subprocess.TimeoutExpired:
                if _size(folder) > LIMITS.size_bytes:
                    self._supervisor.end(child)
                    child.communicate()
                    raise SourceError(f"the repository has more than {LIMITS.size_bytes} bytes") from None

    def _environment(self, address: Address | None) -> dict[str, str]:
        settings = [*self._settings, *_pin(address)]
        numbered = {f"GIT_CONFIG_KEY_{n}": name for n, (name, _) in enumerate(settings)}
        numbered |= {f"GIT_CONFIG_VALUE_{n}": value for n, (_, value) in enumerate(settings)}
        return {
            **{name: value for name, value in os.environ.items() if name in _PASSED_ON},
            **numbered,
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_ALLOW_PROTOCOL": "https:http:git",  # not ext, which runs programs, nor file
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            **({"GIT_OVERRIDE_VIRTUAL_HOST": address.place} if address is not None else {}),
            "HOME": str(self._home),
        }


def _pin(address: Address | None) -> list[tuple[str, str]]:
    """Settings by which a name means the machine that was checked, whatever it means by now."""
    if address is None or address.ip is None or address.scheme == "git":  # those are asked by their pinned address
        return []
    ip = f"[{address.ip}]" if ":" in address.ip else address.ip
    return [("http.curloptResolve", f"{address.host}:{address.port}:{ip}")]


def _sign_in(address: Address, token: str) -> list[tuple[str, str]]:
    """Sign-in as settings in the environment: a command line would show the token to the whole machine."""
    secret = address.password or token or ""
    if not secret and not address.user:
        return []
    pair = base64.b64encode(f"{address.user or 'x-access-token'}:{secret}".encode()).decode()
    place = f"[{address.host}]" if ":" in address.host else address.host
    return [(f"http.{address.scheme}://{place}:{address.port}/.extraHeader", f"Authorization: Basic {pair}")]


def _size(folder: Path) -> int:
    size = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                size += os.lstat(Path(path, name)).st_size
            except FileNotFoundError:  # git has renamed it meanwhile
                continue
    return size
