"""Contexts of builds, and the digests of their images."""

from __future__ import annotations

import tarfile
from collections.abc import Callable

import httpx
import pytest

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import pulumi
from pulumi_acr_tasks import ArgumentArgs, DockerBuildRequestArgs, FileTaskRunRequestArgs, PlatformPropertiesArgs, Run

linux = PlatformPropertiesArgs(os="Linux")
runs = {
    "outside": Run("outside", context="app", run_request=DockerBuildRequestArgs(
        docker_file_path="../docker/Dockerfile", image_names=["outside:v1"], target="final", platform=linux,
        arguments=[ArgumentArgs(name="COLOUR", value="teal"),
                   ArgumentArgs(name="KEY", value="hush-echoed", is_secret=True)])),
    "archive": Run("archive", context="app.tgz", run_request=FileTaskRunRequestArgs(
        task_file_path="task.yaml", platform=linux)),
}
for name, run in runs.items():
    pulumi.export(name, run.image_refs)
"""

MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"

DOCKERFILE = """FROM busybox AS first
ARG COLOUR
ARG KEY
RUN echo "the key is $KEY" && echo "$COLOUR" > /colour
FROM busybox AS final
COPY --from=first /colour /colour
COPY greeting /greeting
FROM final AS never
RUN false
"""

TASK = """version: v1.1.0
steps:
  - id: build
    build: -t $Registry/archive:v1 -f plain.Dockerfile .
  - id: left
    cmd: busybox echo left
    when: ["build"]
  - id: right
    cmd: busybox echo right
    when: ["build"]
  - push: ["$Registry/archive:v1"]
    when: ["left", "right"]
"""


@pytest.mark.both_hosts
def test_contexts_are_taken_from_where_they_are(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """The Dockerfile is outside of the folder, or the context is an archive; the digests are those of the registry."""
    stack = new_stack("contexts", program=PROGRAM, **emulator.config)
    stack.write("app/greeting", "hello")
    stack.write("app/.dockerignore", "ignored\n")
    stack.write("app/ignored", "x")
    stack.write("docker/Dockerfile", DOCKERFILE)
    pack(stack, TASK)
    screen = stack.up().succeeded().screen
    for name, (reference,) in stack.outputs().items():
        asked = httpx.get(
            f"http://{emulator.login_server}/v2/{name}/manifests/v1",
            headers={"Accept": MANIFESTS},
        ).raise_for_status()
        assert reference == f"{emulator.login_server}/{name}@{asked.headers['docker-content-digest']}"

    # a secret argument that a step echoes is neither on the screen nor in state
    assert "the key is " in screen
    state = next((stack.folder / ".state").rglob("dev.json")).read_text()
    assert "hush-echoed" not in screen
    assert "hush-echoed" not in state

    # the same files packed anew are no new run; other files are
    emulator.forget_requests()
    pack(stack, TASK, order=-1)
    stack.up().changed_nothing()
    assert emulator.writes() == []
    stack.edit("docker/Dockerfile", "/greeting\n", "/greetings\n")
    assert "new run (context changed: " in stack.preview().succeeded().screen


def pack(stack: Stack, task: str, order: int = 1) -> None:
    stack.write("files/task.yaml", task)
    stack.write("files/plain.Dockerfile", "FROM busybox\nCOPY task.yaml /\n")
    with tarfile.open(stack.folder / "app.tgz", "w:gz") as archive:
        for name in ["task.yaml", "plain.Dockerfile"][::order]:
            archive.add(stack.folder / "files" / name, arcname=name)
