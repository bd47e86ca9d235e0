"""Each type of step and of run request, built for real."""

from __future__ import annotations

from collections.abc import Callable

from ..emulator import Emulator
from ..stack import Stack

PROGRAM = """
import base64
import pulumi
from pulumi_acr_tasks import (
    ArgumentArgs, DockerBuildRequestArgs, DockerBuildStepArgs, EncodedTaskRunRequestArgs, EncodedTaskStepArgs,
    FileTaskRunRequestArgs, FileTaskStepArgs, PlatformPropertiesArgs, Run, SetValueArgs, Task, TaskRunRequestArgs,
)

linux = PlatformPropertiesArgs(os="Linux")
steps = base64.b64encode(b"steps:\\n  - cmd: busybox echo value={{.Values.colour}}\\n").decode()

Task("docker-step", platform=linux, step=DockerBuildStepArgs(
    docker_file_path="Dockerfile", context_path="https://github.com/Azure-Samples/acr-build-helloworld-node",
    image_names=["hello:v1"], arguments=[ArgumentArgs(name="TOKEN", value="hush-argument", is_secret=True)]))
Task("file-step", platform=linux, step=FileTaskStepArgs(
    task_file_path="task.yaml", context_path="https://github.com/Azure-Samples/acr-build-helloworld-node"))
encoded = Task("encoded-step", platform=linux, step=EncodedTaskStepArgs(
    encoded_task_content=steps, values=[SetValueArgs(name="colour", value="blue")]))

runs = {
    "docker": Run("docker", context="context", run_request=DockerBuildRequestArgs(
        docker_file_path="Dockerfile", image_names=["app:v1", "app:{{.Run.ID}}"], platform=linux,
        arguments=[ArgumentArgs(name="GREETING", value="hello"),
                   ArgumentArgs(name="KEY", value="hush-build", is_secret=True)])),
    "file": Run("file", context="context", run_request=FileTaskRunRequestArgs(
        task_file_path="task.yaml", platform=linux, values=[SetValueArgs(name="name", value="filed")])),
    "encoded": Run("encoded", run_request=EncodedTaskRunRequestArgs(
        encoded_task_content=steps, platform=linux, values=[SetValueArgs(name="colour", value="red")])),
    "task": Run("task", run_request=TaskRunRequestArgs(
        task_name=encoded.task_name, values=[SetValueArgs(name="colour", value="green")])),
}
for name, run in runs.items():
    pulumi.export(name, {"status": run.status, "images": run.image_refs, "type": run.run_type})
"""

DOCKERFILE = """FROM busybox
ARG GREETING
ARG KEY
RUN test "$GREETING" = hello && test -n "$KEY" && echo "$KEY" > /dev/null
"""

TASK = """version: v1.1.0
steps:
  - build: -t $Registry/{{.Values.name}}:{{.Run.ID}} -f plain.Dockerfile .
  - push: ["$Registry/{{.Values.name}}:{{.Run.ID}}"]
"""


def test_every_step_and_every_run_request_works(emulator: Emulator, new_stack: Callable[..., Stack]) -> None:
    """All three types of step are stored, and all four kinds of request run; their digests are outputs."""
    stack = new_stack("requests", program=PROGRAM, **emulator.config)
    stack.write("context/Dockerfile", DOCKERFILE)
    stack.write("context/plain.Dockerfile", "FROM busybox\nCOPY task.yaml /\n")
    stack.write("context/task.yaml", TASK)
    screen = stack.up().succeeded().screen
    outputs = stack.outputs()
    assert {name: run["status"] for name, run in outputs.items()} == dict.fromkeys(outputs, "Succeeded")
    assert [len(outputs[name]["images"]) for name in ("docker", "file", "encoded", "task")] == [2, 1, 0, 0]
    assert outputs["docker"]["type"] == "QuickBuild"
    assert outputs["task"]["type"] == "QuickRun"
    assert all("@sha256:" in image for run in outputs.values() for image in run["images"])

    # what is secret by its nature is nowhere in clear
    state = next((stack.folder / ".state").rglob("dev.json")).read_text()
    for secret in ("hush-argument", "hush-build"):
        assert secret not in screen
        assert secret not in state
    stack.settles()
