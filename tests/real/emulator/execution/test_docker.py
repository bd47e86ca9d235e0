"""The docker executor: networks of a run, ports, a shared daemon, and a missing daemon."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from acr_tasks_emulator.execution.docker import docker_images as docker_images
from acr_tasks_emulator.execution.docker import docker_tool
from acr_tasks_emulator.execution.docker.docker_images import LABEL
from acr_tasks_emulator.execution.executor import ExecutorError, choose
from acr_tasks_emulator.execution.registry.oci_registry import OciRegistry
from acr_tasks_emulator.execution.simulated_executor import SimulatedExecutor
from acr_tasks_emulator.process.supervisor import Supervisor

from .observed_agents import LOGIN_SERVER, NAP, ObservedAgents, docker, docker_missing, encoded, needs_registry

needs_docker = pytest.mark.skipif(docker_missing is not None, reason=docker_missing or "docker works")


def ask(*arguments: str) -> list[str]:
    """Return the lines that the docker client prints."""
    return subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True).stdout.splitlines()


def left(agents: ObservedAgents) -> list[str]:
    """Return the containers and networks of an emulator."""
    label = ("--filter", f"label={docker_tool.label_of(agents.data.resolve() / 'docker')}")
    return [*ask("ps", "-aq", *label), *ask("network", "ls", "-q", *label)]


@pytest.fixture(scope="module")
def agents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObservedAgents]:
    opened = ObservedAgents(tmp_path_factory.mktemp("docker"), kind="docker")
    yield opened
    opened.close()


@needs_docker
def test_steps_find_each_other(agents: ObservedAgents) -> None:
    """Steps are reached by their ids in the run's network, which is gone with the run, as its containers are."""
    task = """\
version: v1.1.0
steps:
  - id: server
    cmd: busybox sh -c 'mkdir www; echo served > www/word; exec httpd -f -p 80 -h www'
    detach: true
    keep: true
  - cmd: busybox sh -c 'until wget -q -O - http://server/word; do sleep 0.1; done'
"""
    outcome, log = agents.run(encoded(task))
    assert outcome.status == "Succeeded", log
    assert "\nserved\n" in log
    assert "Creating Docker network: acb_default_network, driver: 'bridge'" in log
    assert "Network: 'acb_default_network'" in log
    assert left(agents) == []


@needs_docker
def test_options_of_containers(agents: ObservedAgents) -> None:
    """Ports are published on this machine's loopback alone; user, processors and privileges are the step's."""
    port = 10_000 + os.getpid() % 9_000  # below the ports that Linux and emulators choose, which others could get
    task = f"""\
steps:
  - id: held
    cmd: busybox sh -c 'echo ready; {NAP}'
    ports: ["{port}:80"]
    expose: ["81"]
    cpus: 0.5
    user: nobody
    privileged: true
    isolation: default
"""
    run_id = agents.submit(encoded(task))
    agents.wait_for_text(run_id, "\nready\n")
    found = json.loads("\n".join(ask("inspect", *ask("ps", "-q", "--filter", f"name=_{run_id}_held"))))[0]
    assert agents.inner.cancel(run_id)
    assert found["HostConfig"]["PortBindings"] == {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}]}
    assert "81/tcp" in found["Config"]["ExposedPorts"]
    assert found["HostConfig"]["NanoCpus"] == 500_000_000
    assert found["HostConfig"]["Privileged"] is True
    assert found["Config"]["User"] == "nobody"
    assert agents.wait(run_id)[0].status == "Canceled"
    assert left(agents) == []


@needs_docker
def test_a_network_that_cannot_be_made(agents: ObservedAgents) -> None:
    """The log has docker's words about the network, and no network is left."""
    outcome, log = agents.run(encoded("networks: [{name: own, driver: never}]\nsteps:\n- cmd: busybox true"))
    assert outcome.status == "Failed"
    assert "failed to create network: own, err: " in log
    assert left(agents) == []


@needs_docker
def test_values_stay_off_command_lines(agents: ObservedAgents) -> None:
    """Values of steps and builds are in the client's environment, which other users of the machine cannot read."""
    started: list[str] = []
    start = agents.supervisor.start
    agents.supervisor.start = lambda argv, **more: (started.extend(argv), start(argv, **more))[1]
    try:
        task = "steps:\n- build: --build-arg WORD={{.Values.word}} -t x .\n- cmd: busybox sh -c 'echo $WORD | rev'\n"
        task += "  env: ['WORD={{.Values.word}}']"
        values = [{"name": "word", "value": "s3cret", "isSecret": True}]
        files = {"Dockerfile": "FROM busybox\nARG WORD\nRUN echo $WORD | rev\n"}
        outcome, log = agents.run(encoded(task, values=values), files)
    finally:
        del agents.supervisor.start
    assert outcome.status == "Succeeded", log
    assert "terc3s" in log
    assert "WORD" in started
    assert not [word for word in started if "s3cret" in word]


@needs_docker
@needs_registry
def test_images_of_others_keep_their_names(agents: ObservedAgents) -> None:
    """An image of others keeps its name, and builds do not use it for the registry's image of that name."""
    name = f"{LOGIN_SERVER}/mine:1"
    files = {"Dockerfile": "FROM scratch\nCOPY word /word\n", "word": "ours"}
    ask("tag", ask("images", "-q", LABEL)[-1], name)  # the oldest, busybox, which no other test removes
    before = ask("image", "inspect", "--format", "{{.Id}}", name)
    try:
        outcome, log = agents.run(docker(imageNames=["mine:1"]), files)
        assert outcome.status == "Succeeded", log
        assert ask("image", "inspect", "--format", "{{.Id}}", name) == before
        outcome, log = agents.run(
            docker(noCache=True), {"Dockerfile": f"FROM busybox\nCOPY --from={name} /word /\nRUN cat word"}
        )
        assert "\nours" in log
    finally:
        ask("rmi", name)


@needs_docker
def test_the_daemon_pulls_nothing(agents: ObservedAgents) -> None:
    """The daemon does not pull a missing image, whatever the host in its name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        login_server = f"127.0.0.1:{server.getsockname()[1]}"
        files = {"Dockerfile": f"FROM {login_server}/never/there\nRUN true\n"}
        outcome, log = agents.run(docker(), files, login_server=login_server)
        assert outcome.status == "Failed"
        assert f"image {login_server}/never/there:latest was not found" in log
        with pytest.raises(BlockingIOError):  # no connection has come
            server.accept()


@needs_docker
def test_old_builds_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest images that were built are kept."""
    monkeypatch.setattr(docker_images, "IMAGES_KEPT", 1)
    agents = ObservedAgents(tmp_path, kind="docker")
    try:
        for word in ("one", "two"):
            files = {"Dockerfile": "FROM scratch\nCOPY word /word\n", "word": f"{tmp_path} {word}"}
            outcome, log = agents.run(docker(noCache=True), files)
            assert outcome.status == "Succeeded", log
            built = log.partition("Successfully built ")[2][:12]
            assert ask("images", "-q", f"{LABEL}:{built}") == [built]
            if word == "one":
                first = built
        assert ask("images", "-q", f"{LABEL}:{first}") == []
    finally:
        agents.close()


@pytest.mark.parametrize(
    ("port", "published"),
    [("80", "127.0.0.1::80"), ("8080:80", "127.0.0.1:8080:80"), ("0.0.0.0:8080:80", "0.0.0.0:8080:80")],
)
def test_published_ports(port: str, published: str) -> None:
    """Ports are published on loopback, unless the task names an address."""
    assert docker_tool.on_loopback(port) == published


@pytest.mark.parametrize("kind", ["docker", "auto"])
def test_without_a_daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Where no daemon answers, docker is refused with a sentence; `auto` simulates and gives both reasons."""
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    monkeypatch.setattr("acr_tasks_emulator.execution.buildah.image_store.PROGRAM", "no-such-buildah")
    supervisor = Supervisor()
    try:
        if kind == "auto":
            found = choose(kind, tmp_path, OciRegistry(tmp_path, supervisor), supervisor)
            assert isinstance(found, SimulatedExecutor)
            assert "buildah is not installed" in found.why
            why = found.why
        else:
            with pytest.raises(ExecutorError) as refused:
                choose(kind, tmp_path, OciRegistry(tmp_path, supervisor), supervisor)
            why = str(refused.value)
        assert "docker does not work here: " in why
    finally:
        supervisor.close()


@needs_docker
def test_auto_takes_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where buildah is missing and a docker daemon answers, `auto` builds with docker."""
    monkeypatch.setattr("acr_tasks_emulator.execution.buildah.image_store.PROGRAM", "no-such-buildah")
    supervisor = Supervisor()
    try:
        assert choose("auto", tmp_path, OciRegistry(tmp_path, supervisor), supervisor).name == "docker"
    finally:
        supervisor.close()


def test_sign_in_for_docker(tmp_path: Path) -> None:
    """Sign-ins of a run are written as the docker client reads them, Docker Hub under its old name."""
    from acr_tasks_emulator.execution.docker.docker_cli import DockerCli

    auth = {"auth": base64.b64encode(b"me:s3cret").decode()}
    authfile = tmp_path / "auth.json"
    authfile.write_text(json.dumps({"auths": {"docker.io": auth, "registry.example": auth}}))
    supervisor = Supervisor()
    try:
        folder = DockerCli(tmp_path / "docker", supervisor).config_of(authfile)
    finally:
        supervisor.close()
    auths = json.loads((folder / "config.json").read_text())["auths"]
    assert auths == {"https://index.docker.io/v1/": auth, "registry.example": auth}
    assert (folder / "config.json").stat().st_mode & 0o077 == 0
