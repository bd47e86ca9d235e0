"""Builds for real: images are built and pushed, with arguments and secrets, or fail with the builder's words."""

from __future__ import annotations

import socket

import pytest

from acr_tasks_emulator.execution.job import Outcome

from .observed_agents import LINGER, LOGIN_SERVER, ObservedAgents, docker, encoded, manifest, needs_registry


@needs_registry
def test_build_and_push(agents: ObservedAgents) -> None:
    """An image is built from an uploaded context and pushed under all its names, with the registry's digest."""
    step = docker(imageNames=["team/app:{{.Run.ID}}", "{{.Run.Registry}}/team/app:stable", "emulator.azurecr.io/other"])
    outcome, log = agents.run(step, {"Dockerfile": "FROM scratch\nCOPY hello /hello\n", "hello": "world"})
    assert outcome.status == "Succeeded", log
    names = [(image["registry"], image["repository"], image["tag"]) for image in outcome.output_images]
    assert names == [
        (LOGIN_SERVER, "team/app", f"cf{agents.count}"),
        (LOGIN_SERVER, "team/app", "stable"),
        (LOGIN_SERVER, "other", "latest"),
    ]
    for image in outcome.output_images:
        for reference in (image["tag"], image["digest"]):
            answer = manifest(agents, image["repository"], reference)
            assert (answer.status_code, answer.headers["Docker-Content-Digest"]) == (200, image["digest"])
    assert "2/2 : COPY hello /hello" in log.replace("2/2: ", "2/2 : ")
    assert f"Successfully pushed image: {LOGIN_SERVER}/team/app:stable" in log
    assert log.splitlines()[-1].startswith(f"Run ID: cf{agents.count} was successful after ")
    assert not list((agents.data / "runs").iterdir())


def test_pushes_are_tried_again(agents: ObservedAgents) -> None:
    """A push to a registry that does not answer is tried three times, as by the agent; then the run fails."""
    with socket.socket() as probe:  # bound, and nobody listens
        probe.bind(("127.0.0.1", 0))
        name = f"127.0.0.1:{probe.getsockname()[1]}/app:1"
        task = f"steps:\n- build: -t {name} .\n- push: ['{name}']\n"
        outcome, log = agents.run(encoded(task), {"Dockerfile": "FROM scratch\nCOPY a /a\n", "a": "x"})
    assert outcome.error_message == "failed during run, err: exit status 1"
    assert [f"Pushing image: {name}, attempt {n}" in log for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert log.count(f"failed to push {name}: ") == 3


@needs_registry
def test_base_images_from_the_registry(agents: ObservedAgents) -> None:
    """FROM takes the seeded busybox and what earlier runs pushed, and follows a tag that has moved."""
    for word in ("one", "two"):
        outcome, log = agents.run(
            docker(imageNames=["base"]), {"Dockerfile": f"FROM busybox\nRUN echo {word} > /word\n"}
        )
        assert outcome.status == "Succeeded", log
        child = (
            f"FROM {LOGIN_SERVER}/base\nCOPY --from=mcr.microsoft.com/library/busybox /bin/sh /s\n"
            f"RUN cat /word; {LINGER}\n"
        )
        outcome, log = agents.run(docker(noCache=True), {"Dockerfile": child})
        assert outcome.status == "Succeeded", log
        assert f"\n{word}\n" in log
        assert f"FROM {LOGIN_SERVER}/base" in log
        assert not outcome.output_images
    assert manifest(agents, "library/busybox", "latest").status_code == 200


def test_arguments_and_target(agents: ObservedAgents) -> None:
    """Arguments reach the build and secret ones are masked; stages after the target are not built."""
    dockerfile = f"""\
FROM busybox AS one
ARG TOKEN
ARG PLAIN
RUN echo $TOKEN $PLAIN | rev; echo $TOKEN; {LINGER}
FROM one
RUN exit 9
"""
    arguments = [
        {"name": "TOKEN", "value": "s3cret", "isSecret": True},
        {"name": "PLAIN", "value": "run-{{.Run.ID}}"},
    ]
    outcome, log = agents.run(
        docker(arguments=arguments, target="one", isPushEnabled=False, noCache=True), {"Dockerfile": dockerfile}
    )
    assert outcome.status == "Succeeded", log
    assert f"s3cret run-cf{agents.count}"[::-1] in log  # backwards, the secret is no secret
    assert "\n***\n" in log
    assert "s3cret" not in log


@needs_registry
def test_docker_requests_as_lines_of_a_shell(agents: ObservedAgents) -> None:
    """The members of a Docker step are one line of the agent's shell: quotes come off, what is missing is empty, a name
    with another registry is put below the run's, and no form of a secret is shown.
    """
    output = f'echo "[$A][$B][$TARGETARCH]"; echo $C; {LINGER}'
    dockerfile = f"FROM busybox\nARG A\nARG B\nARG C\nARG TARGETARCH\nRUN {output}\n"
    arguments = [
        {"name": "A", "value": "{{.Values.x}}{{.Run.Unknown}}"},
        {"name": "B", "value": "'two words'"},
        {"name": "C", "value": "'hunter2 {{print `hunter3`}}'", "isSecret": True},
    ]
    names = ["mcr.microsoft.com/app:1", "{{.Run.Registry}}/other"]
    outcome, log = agents.run(docker(arguments=arguments, imageNames=names, noCache=True), {"Dockerfile": dockerfile})
    assert outcome.status == "Succeeded", log
    assert "\n[][two words][]\n***\n" in log
    assert "hunter2" not in log
    assert [image["repository"] for image in outcome.output_images] == ["mcr.microsoft.com/app", "other"]


def test_secret_arguments_that_are_invalid_templates(agents: ObservedAgents) -> None:
    """An argument's value is a template for the agent; the error shows nothing of a secret one."""
    arguments = [{"name": "TOKEN", "value": "x{{hunter2}}y", "isSecret": True}]
    outcome, log = agents.run(docker(arguments=arguments), {"Dockerfile": "FROM scratch\n"})
    assert outcome.status == "Failed"
    assert "the value of the secret argument TOKEN cannot be rendered" in log
    assert "hunter2" not in log + str(outcome.error_message)


def test_secrets_of_builds(agents: ObservedAgents) -> None:
    """A build step's secret is a file of the source. With docker it takes BuildKit, which a client may lack."""
    dockerfile = f"FROM busybox\nRUN --mount=type=secret,id=token rev /run/secrets/token; echo; {LINGER}\n"
    files = {"Dockerfile": dockerfile, "token": f"{agents.data}"}
    env = "  env: [DOCKER_BUILDKIT=1]\n"
    outcome, log = agents.run(encoded(f"steps:\n- build: --no-cache --secret id=token,src=token .\n{env}"), files)
    if agents.kind == "docker" and "buildx component is missing" in log:
        assert outcome.status == "Failed"
    else:
        assert outcome.status == "Succeeded", log
        assert str(agents.data)[::-1] in log
    for secret, problem in [
        ("id=token,src=../token", "../token is outside"),
        ("id=token", "has to have an id and a src"),
    ]:
        outcome, log = agents.run(encoded(f"steps:\n- build: --secret {secret} .\n{env}"), files)
        assert outcome.status == "Failed"
        assert problem in (outcome.error_message or "")


def test_a_run_line_that_fails(agents: ObservedAgents) -> None:
    """A failing RUN line fails the run; its output and its exit status stand in the log.

    It waits before it fails, as buildah may lose what a RUN line says last.
    """
    files = {"Dockerfile": "FROM busybox\nRUN echo now >&2; sleep 2; exit 42\n"}
    outcome, log = agents.run(docker(imageNames=["x"]), files)
    assert outcome == Outcome("Failed", error_message="failed during run, err: exit status 42")
    assert "\nnow\n" in log
    said = {
        "buildah": 'Error: building at STEP "RUN echo now >&2; sleep 2; exit 42": exit status 42',
        "docker": "The command '/bin/sh -c echo now >&2; sleep 2; exit 42' returned a non-zero code: 42",
    }
    assert said[agents.kind] in log
    assert log.splitlines()[-1].endswith("Error: failed during run, err: exit status 42")


@pytest.mark.parametrize(
    ("dockerfile", "problem"),
    [
        ("FROM busybox\nCOPY nope /nope\n", ("no such file or directory", "COPY failed: file not found")),
        ("FROM busybox\nFLY away\n", ("Unknown instruction",)),
        ("FROM 127.0.0.1:5555/nobody/has:1\n", ("image 127.0.0.1:5555/nobody/has:1 was not found",)),
    ],
)
def test_invalid_dockerfiles(agents: ObservedAgents, dockerfile: str, problem: tuple[str, ...]) -> None:
    """The log says what is wrong with a Dockerfile."""
    outcome, log = agents.run(docker(imageNames=["x"]), {"Dockerfile": dockerfile})
    assert outcome.status == "Failed"
    assert any(words.lower() in log.lower() for words in problem), log
