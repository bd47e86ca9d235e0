"""Runs for real: images are built and pushed, containers run, and everything ends when it should."""

from __future__ import annotations

import base64
import io
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

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
NAP = f"sleep 6{os.getpid()}"
"""A command of ours alone, so that we can look for it."""


def why_no_docker() -> str | None:
    """Why nothing can be run with docker here, in a sentence; None when it can."""
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
TOOLS = [
    pytest.param("buildah", marks=pytest.mark.skipif(missing is not None, reason=missing or "buildah works")),
    pytest.param("docker", marks=pytest.mark.skipif(docker_missing is not None, reason=docker_missing or "it works")),
]
"""Values for a fixture: each executor that builds, skipped where it does not work."""


class Desk:
    """Agents over a tool in one data folder; an observer that waits and keeps logs."""

    def __init__(self, data: Path, registry_program: str = PROGRAM, kind: str = "buildah") -> None:
        self.data = data
        self.kind = kind
        self.supervisor = Supervisor()
        self.registry = OciRegistry(data, self.supervisor, registry_program)
        executor = choose(kind, data, self.registry, self.supervisor)
        assert isinstance(executor, ToolExecutor)
        self.agents = Agents(3, executor, self)
        self.logs: dict[str, bytes] = {}
        self.outcomes: dict[str, Outcome] = {}
        self.changed = threading.Condition()
        self.count = 0

    def started(self, run_id: str) -> None: ...

    def finished(self, run_id: str, outcome: Outcome) -> None:
        with self.changed:
            self.outcomes[run_id] = outcome
            self.changed.notify_all()

    def log(self, run_id: str) -> Sink:
        self.logs[run_id] = b""
        return Sink(self, run_id)

    def submit(self, step: dict[str, object], files: dict[str, str] | None = None, **members: object) -> str:
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
        job = Job(run_id, "emulator", LOGIN_SERVER, step, source=source, **members)  # type: ignore[arg-type]
        self.agents.submit(job)
        return run_id

    def wait(self, run_id: str) -> tuple[Outcome, str]:
        with self.changed:
            assert self.changed.wait_for(lambda: run_id in self.outcomes, 60), self.text(run_id)
        return self.outcomes[run_id], self.text(run_id)

    def wait_for_text(self, run_id: str, text: str) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: text in self.text(run_id), 60), self.text(run_id)

    def run(
        self, step: dict[str, object], files: dict[str, str] | None = None, **members: object
    ) -> tuple[Outcome, str]:
        return self.wait(self.submit(step, files, **members))

    def text(self, run_id: str) -> str:
        return self.logs.get(run_id, b"").decode().replace("\r\n", "\n")

    def close(self) -> None:
        self.agents.close()
        self.registry.close()
        self.supervisor.close()


class Sink:
    """One run's log."""

    def __init__(self, desk: Desk, run_id: str) -> None:
        self.desk, self.run_id = desk, run_id

    def write(self, data: bytes) -> None:
        with self.desk.changed:
            self.desk.logs[self.run_id] += data
            self.desk.changed.notify_all()

    def complete(self, value: str) -> None: ...


@pytest.fixture(scope="module", params=TOOLS)
def desk(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Desk]:
    opened = Desk(tmp_path_factory.mktemp("data"), kind=request.param)
    yield opened
    opened.close()


def docker(**members: object) -> dict[str, object]:
    return {"type": "Docker", "dockerFilePath": "Dockerfile", **members}


def encoded(text: str, **members: object) -> dict[str, object]:
    return {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(text.encode()).decode(), **members}


def manifest(desk: Desk, repository: str, reference: str) -> httpx.Response:
    accept = "application/vnd.docker.distribution.manifest.v2+json"
    url = f"http://{desk.registry.address()}/v2/{repository}/manifests/{reference}"
    return httpx.get(url, headers={"Accept": accept}, trust_env=False)


@needs_registry
def test_build_and_push(desk: Desk) -> None:
    """An image is built from an uploaded context and pushed under all its names, with the registry's digest."""
    step = docker(imageNames=["team/app:{{.Run.ID}}", "{{.Run.Registry}}/team/app:stable", "emulator.azurecr.io/other"])
    outcome, log = desk.run(step, {"Dockerfile": "FROM scratch\nCOPY hello /hello\n", "hello": "world"})
    assert outcome.status == "Succeeded", log
    names = [(image["registry"], image["repository"], image["tag"]) for image in outcome.output_images]
    assert names == [
        (LOGIN_SERVER, "team/app", f"cf{desk.count}"),
        (LOGIN_SERVER, "team/app", "stable"),
        (LOGIN_SERVER, "other", "latest"),
    ]
    for image in outcome.output_images:
        for reference in (image["tag"], image["digest"]):
            answer = manifest(desk, image["repository"], reference)
            assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (200, image["digest"])
    assert "2/2 : COPY hello /hello" in log.replace("2/2: ", "2/2 : ")
    assert f"Successfully pushed image: {LOGIN_SERVER}/team/app:stable" in log
    assert log.splitlines()[-1].startswith(f"Run ID: cf{desk.count} was successful after ")
    assert not list((desk.data / "runs").iterdir())


def test_pushes_are_tried_again(desk: Desk) -> None:
    """A registry that does not answer is asked three times, as the agent does, then the run fails."""
    with socket.socket() as probe:  # bound, and nobody listens
        probe.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{probe.getsockname()[1]}/app:1"
        task = f"steps:\n- build: -t {name} .\n- push: ['{name}']\n"
        outcome, log = desk.run(encoded(task), {"Dockerfile": "FROM scratch\nCOPY a /a\n", "a": "x"})
    assert outcome.error_message == "failed during run, err: exit status 1"
    assert [f"Pushing image: {name}, attempt {n}" in log for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert log.count(f"failed to push {name}: ") == 3


@needs_registry
def test_base_images_from_the_registry(desk: Desk) -> None:
    """FROM takes the seeded busybox and what earlier runs pushed, and follows a tag that has moved."""
    for word in ("one", "two"):
        outcome, log = desk.run(docker(imageNames=["base"]), {"Dockerfile": f"FROM busybox\nRUN echo {word} > /word\n"})
        assert outcome.status == "Succeeded", log
        child = f"FROM {LOGIN_SERVER}/base\nCOPY --from=mcr.microsoft.com/library/busybox /bin/sh /s\nRUN cat /word\n"
        outcome, log = desk.run(docker(noCache=True), {"Dockerfile": child})
        assert outcome.status == "Succeeded", log
        assert f"\n{word}\n" in log
        assert f"FROM {LOGIN_SERVER}/base" in log
        assert not outcome.output_images
    assert manifest(desk, "library/busybox", "latest").status_code == 200


def test_arguments_and_target(desk: Desk) -> None:
    """Arguments reach the build and secret ones are masked; stages after the target are not built."""
    dockerfile = """\
FROM busybox AS one
ARG TOKEN
ARG PLAIN
RUN echo $TOKEN $PLAIN | rev; echo $TOKEN
FROM one
RUN exit 9
"""
    arguments = [
        {"name": "TOKEN", "value": "s3cret", "isSecret": True},
        {"name": "PLAIN", "value": "run-{{.Run.ID}}"},
    ]
    outcome, log = desk.run(
        docker(arguments=arguments, target="one", isPushEnabled=False, noCache=True), {"Dockerfile": dockerfile}
    )
    assert outcome.status == "Succeeded", log
    assert f"s3cret run-cf{desk.count}"[::-1] in log  # backwards, the secret is no secret
    assert "\n***\n" in log
    assert "s3cret" not in log


@needs_registry
def test_docker_requests_as_lines_of_a_shell(desk: Desk) -> None:
    """The members of a Docker step are one line of the agent's shell: quotes come off, what is missing is empty, a name
    with another registry is put below the run's, and no form of a secret is shown.
    """
    dockerfile = 'FROM busybox\nARG A\nARG B\nARG C\nARG TARGETARCH\nRUN echo "[$A][$B][$TARGETARCH]"; echo $C\n'
    arguments = [
        {"name": "A", "value": "{{.Values.x}}{{.Run.Unknown}}"},
        {"name": "B", "value": "'two words'"},
        {"name": "C", "value": "'hunter2 {{print `hunter3`}}'", "isSecret": True},
    ]
    names = ["mcr.microsoft.com/app:1", "{{.Run.Registry}}/other"]
    outcome, log = desk.run(docker(arguments=arguments, imageNames=names, noCache=True), {"Dockerfile": dockerfile})
    assert outcome.status == "Succeeded", log
    assert "\n[][two words][]\n***\n" in log
    assert "hunter2" not in log
    assert [image["repository"] for image in outcome.output_images] == ["mcr.microsoft.com/app", "other"]


def test_secret_arguments_that_are_no_templates(desk: Desk) -> None:
    """An argument's value is a template for the agent; the error shows nothing of a secret one."""
    arguments = [{"name": "TOKEN", "value": "x{{hunter2}}y", "isSecret": True}]
    outcome, log = desk.run(docker(arguments=arguments), {"Dockerfile": "FROM scratch\n"})
    assert outcome.status == "Failed"
    assert "the value of the secret argument TOKEN cannot be rendered" in log
    assert "hunter2" not in log + str(outcome.error_message)


def test_secrets_of_builds(desk: Desk) -> None:
    """A build step's secret is a file of the source. With docker it takes BuildKit, which a client may lack."""
    dockerfile = "FROM busybox\nRUN --mount=type=secret,id=token rev /run/secrets/token; echo\n"
    files = {"Dockerfile": dockerfile, "token": f"{desk.data}"}
    env = "  env: [DOCKER_BUILDKIT=1]\n"
    outcome, log = desk.run(encoded(f"steps:\n- build: --no-cache --secret id=token,src=token .\n{env}"), files)
    if desk.kind == "docker" and "buildx component is missing" in log:
        assert outcome.status == "Failed"
    else:
        assert outcome.status == "Succeeded", log
        assert str(desk.data)[::-1] in log
    for secret, problem in [
        ("id=token,src=../token", "../token is outside"),
        ("id=token", "has to have an id and a src"),
    ]:
        outcome, log = desk.run(encoded(f"steps:\n- build: --secret {secret} .\n{env}"), files)
        assert outcome.status == "Failed"
        assert problem in (outcome.error_message or "")


def test_a_run_line_that_fails(desk: Desk) -> None:
    """A failing RUN line fails the run; its output and its exit status stand in the log.

    It waits before it fails, as buildah may lose what a RUN line says last.
    """
    files = {"Dockerfile": "FROM busybox\nRUN echo now >&2; sleep 0.5; exit 42\n"}
    outcome, log = desk.run(docker(imageNames=["x"]), files)
    assert outcome == Outcome("Failed", error_message="failed during run, err: exit status 42")
    assert "\nnow\n" in log
    said = {
        "buildah": 'Error: building at STEP "RUN echo now >&2; sleep 0.5; exit 42": exit status 42',
        "docker": "The command '/bin/sh -c echo now >&2; sleep 0.5; exit 42' returned a non-zero code: 42",
    }
    assert said[desk.kind] in log
    assert log.splitlines()[-1].endswith("Error: failed during run, err: exit status 42")


@pytest.mark.parametrize(
    ("dockerfile", "problem"),
    [
        ("FROM busybox\nCOPY nope /nope\n", ("no such file or directory", "COPY failed: file not found")),
        ("FROM busybox\nFLY away\n", ("Unknown instruction",)),
        ("FROM 127.0.0.1:5555/nobody/has:1\n", ("image 127.0.0.1:5555/nobody/has:1 was not found",)),
    ],
)
def test_dockerfiles_that_cannot_be_built(desk: Desk, dockerfile: str, problem: tuple[str, ...]) -> None:
    """What is wrong with a Dockerfile stands in the log."""
    outcome, log = desk.run(docker(imageNames=["x"]), {"Dockerfile": dockerfile})
    assert outcome.status == "Failed"
    assert any(words.lower() in log.lower() for words in problem), log


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


@pytest.mark.parametrize(("step", "files", "members", "problem"), CANNOT_BE_RUN)
def test_runs_that_cannot_be_run(
    desk: Desk, step: dict[str, object], files: dict[str, str] | None, members: dict[str, object], problem: str
) -> None:
    """What cannot be run ends as Failed, with a sentence in the log."""
    outcome, log = desk.run(step, files, **members)
    assert outcome.status == "Failed", log
    assert problem in log


def test_cmd_steps_share_a_workspace(desk: Desk) -> None:
    """Commands run in containers that share /workspace; a program's exit status is the step's."""
    task = """\
version: v1.1.0
steps:
  - cmd: busybox sh -c 'echo $WORD from $ID > note; pwd'
    env: ["WORD={{.Values.word}}"]
  - cmd: busybox cat note
  - cmd: docker.io/library/busybox ls ../note
    workingDirectory: deeper
  - cmd: busybox sh -c 'exit 7'
"""
    outcome, log = desk.run(encoded(task, values=[{"name": "word", "value": "hello"}]), {"readme": "x"})
    assert "\n/workspace\n" in log
    assert f"\nhello from cf{desk.count}\n" in log
    assert "\n../note\n" in log
    assert outcome.error_message == "failed during run, err: exit status 7"


def test_a_program_that_is_not_in_the_image(desk: Desk) -> None:
    """A missing program ends the step with 127, as in Docker."""
    outcome, log = desk.run(encoded("steps:\n- cmd: busybox no-such-program"))
    assert outcome.error_message == "failed during run, err: exit status 127"
    assert 'exec: "no-such-program": executable file not found in $PATH' in log


def test_output_past_the_tool(desk: Desk) -> None:
    """With buildah a container prints into a pipe of ours, as buildah loses last lines on a busy machine; the program
    finds its own environment and search path there.
    """
    files = {"Dockerfile": "FROM busybox\nCOPY ls /own/ls\nRUN chmod 755 /own/ls\n", "ls": "#!/bin/sh\necho own\n"}
    task = """\
version: v1.1.0
steps:
  - build: -t own .
  - cmd: busybox readlink /proc/self/fd/1
  - cmd: own ls
    env: ["PATH=/own:/bin", "IFS=x", "_acb=y"]
  - cmd: busybox env
    env: ["IFS=x", "d=y"]
  - cmd: busybox env
    env: ["dotted.name=kept"]
"""
    outcome, log = desk.run(encoded(task), files)
    assert outcome.status == "Succeeded", log
    assert ("\n/.acb/output\n" in log) == (desk.kind == "buildah")
    assert "\nown\n" in log
    assert "\nd=y\n" in log
    assert "\nPWD=" not in log
    assert "\ndotted.name=kept\n" in log


@needs_registry
def test_a_task_file_that_builds_and_pushes(desk: Desk) -> None:
    """Steps build, run and push images of their own; only what is pushed is reported."""
    task = """\
version: v1.1.0
steps:
  - id: base
    build: -t $Registry/parts/base:$ID -f parts/Dockerfile --build-arg WORD=built parts
  - build: -t $Registry/parts/top -t parts/top .
  - cmd: parts/top /word
  - push: ["$Registry/parts/top", "$Registry/parts/base:$ID"]
"""
    run_id = f"cf{desk.count + 1}"
    files = {
        "acb.yaml": task,
        "parts/Dockerfile": "FROM busybox\nARG WORD\nRUN echo $WORD > /word\n",
        "Dockerfile": f'FROM {LOGIN_SERVER}/parts/base:{run_id}\nENTRYPOINT ["cat", "/word"]\nCMD ["/nothing"]\n',
    }
    outcome, log = desk.run({"type": "FileTask", "taskFilePath": "acb.yaml"}, files)
    assert outcome.status == "Succeeded", log
    assert "\nbuilt\nbuilt\n" in log
    assert [image["repository"] for image in outcome.output_images] == ["parts/top", "parts/base"]
    for image in outcome.output_images:
        assert manifest(desk, image["repository"], image["digest"]).status_code == 200


@pytest.mark.parametrize(
    ("step", "files"),
    [
        (encoded(f"steps:\n- cmd: busybox sh -c 'setsid {NAP} & echo ready; {NAP}'"), None),
        (docker(), {"Dockerfile": f"FROM busybox\nRUN setsid {NAP} & echo ready; {NAP}\n"}),
    ],
)
def test_cancel(desk: Desk, step: dict[str, object], files: dict[str, str] | None) -> None:
    """A cancelled run ends at once, with its containers and what they started."""
    run_id = desk.submit(step, files)
    desk.wait_for_text(run_id, "\nready\n")
    assert sleeping()
    assert desk.agents.cancel(run_id)
    outcome, log = desk.wait(run_id)
    assert outcome.status == "Canceled"
    assert f"Run ID: {run_id} was canceled" in log
    assert not sleeping()


def test_timeout(desk: Desk) -> None:
    """A run that takes longer than its timeout is ended and says so."""
    outcome, log = desk.run(encoded(f"steps:\n- cmd: busybox {NAP}"), timeout=1)
    assert outcome.status == "Timeout"
    assert "timed out" in log
    assert not sleeping()


def test_timeout_of_a_step(desk: Desk) -> None:
    """A step that takes longer than its timeout fails the run."""
    outcome, _ = desk.run(encoded(f"stepTimeout: 1\nsteps:\n- cmd: busybox {NAP}"))
    assert outcome.status == "Failed"
    assert "longer than its timeout of 1 seconds" in (outcome.error_message or "")
    assert not sleeping()


def test_runs_side_by_side(desk: Desk) -> None:
    """Several runs build under one name in one store at the same time, and each sees its own image."""
    task = "version: v1.1.0\nsteps:\n- build: -t same .\n- cmd: same cat /mine\n"
    runs = {}
    for mine in ("mine-0", "mine-1", "mine-2", "mine-3"):
        runs[desk.submit(encoded(task), {"Dockerfile": f"FROM busybox\nRUN echo {mine} > /mine\n"})] = mine
    for run_id, mine in runs.items():
        outcome, log = desk.wait(run_id)
        assert outcome.status == "Succeeded", log
        assert f"\n{mine}\n" in log


@pytest.mark.parametrize("kind", TOOLS)
def test_without_a_registry(tmp_path: Path, kind: str) -> None:
    """Without a registry program, images go to an OCI layout of the data folder, and later runs find them there."""
    desk = Desk(tmp_path, "no-such-registry", kind)
    try:
        outcome, log = desk.run(docker(imageNames=["base:1"]), {"Dockerfile": "FROM scratch\nCOPY a /a\n", "a": "x"})
        assert outcome.status == "Succeeded", log
        algorithm, _, value = outcome.output_images[0]["digest"].partition(":")
        assert (tmp_path / "oci" / "base" / "blobs" / algorithm / value).exists()
        outcome, log = desk.run(docker(), {"Dockerfile": f"FROM {LOGIN_SERVER}/base:1\nCOPY a /b\n", "a": "x"})
        assert outcome.status == "Succeeded", log
    finally:
        desk.close()


EMULATOR = """
import sys
from pathlib import Path
from acr_tasks_emulator.execution.docker.docker_cli import DockerCli
from acr_tasks_emulator.execution.executor import choose
from acr_tasks_emulator.execution.job import Job
from acr_tasks_emulator.execution.run_log import RunLog
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.process.supervisor import Supervisor

class Sink:
    def write(self, data):
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

data, supervisor = Path(sys.argv[1]), Supervisor()
executor = choose(sys.argv[3], data, OciRegistry(data, supervisor), supervisor)
step = {"type": "EncodedTask", "encodedTaskContent": sys.argv[2]}
executor.run(Job("cf1", "emulator", "127.0.0.1:5555", step), RunLog(Sink()), Cancellation())
"""


@needs_registry
@pytest.mark.parametrize("kind", TOOLS)
def test_killed_emulator(tmp_path: Path, kind: str) -> None:
    """After SIGKILL of the emulator no container, builder, registry or mount is left, and the store works again."""
    step = encoded(f"steps:\n- cmd: busybox sh -c 'setsid {NAP} & echo ready; {NAP}'")
    argv = [sys.executable, "-c", EMULATOR, str(tmp_path), str(step["encodedTaskContent"]), kind]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as parent:
        try:
            assert parent.stdout is not None
            assert any(line == b"ready\r\n" for line in parent.stdout)
            assert sleeping()
            ours = [pid for pid, line in command_lines().items() if str(tmp_path) in line or NAP in line]
            alive = [os.pidfd_open(pid) for pid in ours]
        finally:
            parent.send_signal(signal.SIGKILL)
    for process in alive:
        assert select.select([process], [], [], 10)[0], "a process is left"
        os.close(process)
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    again = Desk(tmp_path, kind=kind)
    try:
        outcome, log = again.run(encoded("steps:\n- cmd: busybox echo alive"))
        assert outcome.status == "Succeeded", log
    finally:
        again.close()


def sleeping() -> list[str]:
    """The live processes that nap for us, or are about to."""
    return [line for line in command_lines().values() if NAP in line]


def command_lines() -> dict[int, str]:
    """The command line of each live process."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found[int(path.parent.name)] = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue  # it has ended meanwhile
    return found
