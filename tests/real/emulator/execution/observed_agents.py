"""Agents over a real tool, what they are asked to run, and which tools work here."""

from __future__ import annotations

import base64
import io
import os
import shutil
import tarfile
import tempfile
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest

from acr_tasks_emulator.execution.agents import Agents
from acr_tasks_emulator.execution.buildah.image_store import why_not_installed
from acr_tasks_emulator.execution.docker.docker_cli import DockerCli
from acr_tasks_emulator.execution.executor import choose
from acr_tasks_emulator.execution.job import Job, Outcome
from acr_tasks_emulator.execution.programs import ToolError
from acr_tasks_emulator.execution.registry.oci_registry import PROGRAM, OciRegistry
from acr_tasks_emulator.execution.tool_executor import ToolExecutor
from acr_tasks_emulator.process.supervisor import Supervisor

busybox_missing = None if shutil.which("busybox") else "busybox-static is not installed"

missing = why_not_installed() or busybox_missing

needs_registry = pytest.mark.skipif(shutil.which(PROGRAM) is None, reason=f"{PROGRAM} is not installed")

LOGIN_SERVER = "127.0.0.1:5555"

PATIENCE = 240.0  # seconds until a run is given up; a slow machine does not reach it

LINGER = "sleep 2"
"""The end of a RUN line whose output is asserted: buildah copies the output, and not after the command has ended."""

NAP = f"sleep 6{os.getpid()}"
"""A command of ours alone, so that we can look for it."""


def why_no_docker() -> str | None:
    """Return why nothing can be run with docker here, in a sentence; None when it can."""
    with tempfile.TemporaryDirectory() as folder:
        supervisor = Supervisor()
        try:
            DockerCli(Path(folder), supervisor).find_daemon()
        except ToolError as error:
            return str(error)
        finally:
            supervisor.close()
    return busybox_missing


docker_missing = why_no_docker()
assert not (docker_missing and "ACR_TASKS_NEEDS_DOCKER" in os.environ), docker_missing  # `make docker` skips nothing

TOOLS = [
    pytest.param("buildah", marks=pytest.mark.skipif(missing is not None, reason=missing or "buildah works")),
    pytest.param("docker", marks=pytest.mark.skipif(docker_missing is not None, reason=docker_missing or "it works")),
]
"""Values for a fixture: each executor that builds, skipped where it does not work."""


class ObservedAgents:
    """Agents over a tool in one data folder; an observer that waits and keeps logs."""

    def __init__(self, data: Path, registry_program: str = PROGRAM, kind: str = "buildah") -> None:
        self.data = data
        self.kind = kind
        self.supervisor = Supervisor()
        self.registry = OciRegistry(data, self.supervisor, registry_program)
        executor = choose(kind, data, self.registry, self.supervisor)
        assert isinstance(executor, ToolExecutor)
        self.inner = Agents(3, executor, self)
        self.logs: dict[str, bytes] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.changed = threading.Condition()
        self.count = 0

    def started(self, run_id: str) -> bool:
        return True

    def finished(self, run_id: str, outcome: Outcome) -> None:
        with self.changed:
            self.outcomes[run_id] = outcome
            self.changed.notify_all()

    def log(self, run_id: str) -> Sink:
        self.logs[run_id] = b""
        return Sink(self, run_id)

    def submit(
        self,
        step: dict[str, object],
        files: dict[str, str] | None = None,
        login_server: str = LOGIN_SERVER,
        **members: object,
    ) -> str:
        self.count += 1
        run_id = f"cf{self.count}"
        source = None
        if files is not None:
            source = self.data / f"{run_id}.tar.gz"
            with tarfile.open(source, "w:gz") as tar:
                for name, text in files.items():
                    member = tarfile.TarInfo(name)
                    member.size = len(text.encode())
                    tar.addfile(member, io.BytesIO(text.encode()))
        job = Job(run_id, "emulator", login_server, step, source=source, **members)  # type: ignore[arg-type]
        self.inner.submit(job)
        return run_id

    def wait(self, run_id: str) -> tuple[Outcome, str]:
        with self.changed:
            assert self.changed.wait_for(lambda: run_id in self.outcomes, PATIENCE), self.text(run_id)
        return self.outcomes[run_id], self.text(run_id)

    def wait_for_text(self, run_id: str, text: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: text in self.text(run_id), PATIENCE), self.text(run_id)

    def run(self, step: dict[str, object], files: dict[str, str] | None = None, **members: Any) -> tuple[Outcome, str]:
        return self.wait(self.submit(step, files, **members))

    def text(self, run_id: str) -> str:
        return self.logs.get(run_id, b"").decode().replace("\r\n", "\n")

    def close(self) -> None:
        self.inner.close()
        self.registry.close()
        self.supervisor.close()


class Sink:
    """One run's log."""

    def __init__(self, agents: ObservedAgents, run_id: str) -> None:
        self.agents, self.run_id = agents, run_id

    def write(self, data: bytes) -> None:
        with self.agents.changed:
            self.agents.logs[self.run_id] += data
            self.agents.changed.notify_all()

    def complete(self, value: str) -> None: ...


def docker(**members: object) -> dict[str, object]:
    return {"type": "Docker", "dockerFilePath": "Dockerfile", **members}


def encoded(text: str, **members: object) -> dict[str, object]:
    return {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(text.encode()).decode(), **members}


def manifest(agents: ObservedAgents, repository: str, reference: str) -> httpx.Response:
    accept = "application/vnd.docker.distribution.manifest.v2+json"
    url = f"http://{agents.registry.address()}/v2/{repository}/manifests/{reference}"
    return httpx.get(url, headers={"Accept": accept}, trust_env=False)


CANNOT_BE_RUN: list[tuple[dict[str, object], dict[str, str] | None, dict[str, object], str]] = [
    (docker(dockerFilePath="sub/Dockerfile"), {"Dockerfile": "FROM scratch"}, {}, "unable to find sub/Dockerfile"),
    (docker(dockerFilePath="../../etc/passwd"), {"a": ""}, {}, "is outside of the source"),
    (docker(), {"../evil": "x"}, {}, "an entry outside of its folder"),
    (docker(), None, {}, "a Docker build needs a source"),
    (docker(), None, {"source_location": "http://127.0.0.1:1/a.git"}, "git fetch failed"),
    (docker(), None, {"source_location": "https://github.com/a/b/archive/v1.tar.gz"}, "failed to download context"),
    (encoded("steps:\n- build: -t x git@github.com:a/b.git"), None, {}, "by https, http and git, not by ssh"),
    (docker(imageNames=["UPPER"]), {"Dockerfile": "FROM scratch"}, {}, "invalid reference format"),
    (docker(), {"Dockerfile": ""}, {"platform": {"os": "Windows"}}, "Linux builds and containers only"),
    (encoded("steps:\n- cmd: busybox\n  when: [x]"), None, {}, "failed to unmarshal task before running"),
    (docker(dockerFilePath="my Dockerfile"), {"my Dockerfile": "FROM scratch"}, {}, "requires exactly 1 argument"),
    (docker(dockerFilePath="'my Dockerfile'"), {"my Dockerfile": "FROM scratch"}, {}, "takes no path with a blank"),
    (docker(arguments=[{"name": "A", "value": "a b"}]), {"Dockerfile": "FROM scratch"}, {}, "exactly 1 argument"),
    (docker(arguments=[{"name": "A", "value": "\0"}]), {"Dockerfile": "FROM scratch"}, {}, "the character NUL"),
    (docker(arguments=[{"name": "A", "value": "{{K}}"}]), {"Dockerfile": "FROM scratch"}, {}, 'function "K" not'),
    (docker(imageNames=["{{.Values.x.y}}"]), {"Dockerfile": "FROM scratch"}, {}, "nil pointer evaluating"),
    (docker(), {"Dockerfile": "RUN x"}, {}, "failed to scan dependencies: unexpected dockerfile format"),
    (docker(), {"Dockerfile": "FROM a b"}, {}, "unable to understand line FROM a b"),
    (
        docker(),
        {"Dockerfile": "FROM --platform=$X busybox"},
        {},
        "unable to understand line FROM --platform=$X busybox",
    ),
    (docker(), {"Dockerfile": "FROM ${X:-busybox}"}, {}, "failed to parse image reference"),
    (docker(), {"Dockerfile": "FROM busybox\nRUN --mount=type=ssh true"}, {}, "--mount option requires BuildKit"),
    (docker(), {"Dockerfile": "FROM busybox\nCOPY --link a /a"}, {}, "Unknown flag: link"),
    (encoded("steps:\n- build: -t x file:///etc"), None, {}, "there is no folder file:///etc in the source"),
    (encoded("steps:\n- build: --fly ."), None, {}, "docker: unknown flag: --fly"),
    (encoded("steps:\n- build: -t x"), None, {}, '"docker build" requires exactly 1 argument'),
    (encoded("steps:\n- build: --secret id=a,src=a ."), None, {}, "unknown flag: --secret"),
    (encoded("steps:\n- build: --iidfile ../../x ."), {"Dockerfile": "FROM scratch"}, {}, "outside of the source"),
    (encoded("steps:\n- cmd: busybox echo 'x"), None, {}, "/bin/sh: syntax error: unterminated quoted string"),
    (encoded("steps:\n- cmd: --env-file x busybox"), None, {}, "docker: open x: no such file or directory"),
    (encoded("steps:\n- push: [x.azurecr.io/never/built]"), None, {}, "An image does not exist locally with the"),
]
"""A step, the files of its source, other members of the job, and what the log says."""


def sleeping() -> list[str]:
    """Return the live processes that nap for us, or are about to."""
    return [line for line in command_lines().values() if NAP in line]


def command_lines() -> dict[int, str]:
    """Return the command line of each live process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[int(path.parent.name)] = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # it has ended meanwhile
    return found
