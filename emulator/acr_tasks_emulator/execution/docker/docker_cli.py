"""The docker client, with the user's daemon and without the user's settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.programs import Program, ToolError, inherited
from acr_tasks_emulator.process.supervisor import Supervisor

PROGRAM = "docker"
_ANSWER_SECONDS = 10.0
_DAEMON_VARIABLES = ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "SSH_AUTH_SOCK")
_DOCKER_HUB, _DOCKER_HUB_HOSTS = "https://index.docker.io/v1/", ("docker.io", "index.docker.io", "registry-1.docker.io")
_PLUGINS = ".docker/cli-plugins"


class DockerCli(Program):
    """A caller of the docker client. It has its own configuration, without the user's sign-ins to registries.

    folder: `docker/` in the data folder.
    """

    def __init__(self, folder: Path, supervisor: Supervisor) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(folder, supervisor)
        self.host = ""
        self._write_config(folder / "config", {})

    def find_daemon(self) -> None:
        """Take the daemon of DOCKER_HOST, or of the client's context. Raises ToolError when it does not answer, or runs
        Windows containers.
        """
        if shutil.which(PROGRAM) is None:
            raise ToolError("the docker client is not installed")
        self.host = os.environ.get("DOCKER_HOST") or _host_of_context()
        cancellation = Cancellation()
        try:
            with cancellation.canceled_after(_ANSWER_SECONDS, "no answer"):
                system = self.ask(["version", "--format", "{{.Server.Os}}"], cancellation)
        except ToolError as error:
            raise ToolError(f"no docker daemon answers ({'no answer' if cancellation.requested else error})") from error
        if system != "linux":
            raise ToolError(f"the docker daemon runs containers of {system}, and Linux is needed")

    def argv(self, arguments: Sequence[str]) -> list[str]:
        return [PROGRAM, *arguments]

    def signed_in(self, authfile: Path | None) -> dict[str, str]:
        """Return the variables with which docker knows the sign-ins to the run's registries."""
        return {"DOCKER_CONFIG": str(self.config_of(authfile))} if authfile else {}

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return docker's environment. The classic builder is the service's default, and works without buildx."""
        return {
            **inherited(_DAEMON_VARIABLES),
            "HOME": str(self.folder),
            "DOCKER_HOST": self.host,
            "DOCKER_CONFIG": str(self.folder / "config"),
            "DOCKER_BUILDKIT": "0",
            "DOCKER_CLI_HINTS": "false",
            **(more or {}),
        }

    def config_of(self, authfile: Path) -> Path:
        """Return a configuration with the sign-ins of a run, beside its file."""
        folder = authfile.with_name("docker-config")
        if not folder.exists():
            auths = json.loads(authfile.read_text())["auths"]
            named = {_DOCKER_HUB if host in _DOCKER_HUB_HOSTS else host: entry for host, entry in auths.items()}
            self._write_config(folder, {"auths": named})
        return folder

    @staticmethod
    def _write_config(folder: Path, config: dict[str, object]) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        file = folder / "config.json"
        file.touch(mode=0o600)
        file.write_text(json.dumps({**config, "cliPluginsExtraDirs": [str(Path.home() / _PLUGINS)]}))


def _host_of_context() -> str:
    """Return the daemon that the user's client would ask."""
    argv = [PROGRAM, "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]
    try:
        found = subprocess.run(  # noqa: S603 - no shell
            argv, capture_output=True, text=True, check=False, timeout=_ANSWER_SECONDS
        )
    except subprocess.TimeoutExpired:
        return ""
    return found.stdout.strip() if found.returncode == 0 else ""
