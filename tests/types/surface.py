"""What type checkers, and so editors, know of arguments and outputs; `make types` reads it, nothing runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pulumi
from typing_extensions import assert_type

from pulumi_acr_tasks import (
    DockerBuildRequestArgs,
    EncodedTaskRunRequestArgs,
    EncodedTaskStepArgs,
    PlatformPropertiesArgs,
    Run,
    SetValueArgs,
    Task,
    context_hash,
    outputs,
)

name, number = pulumi.Output.from_input("web"), pulumi.Output.from_input(60)

# A task file may be a text, a dictionary or its steps, with outputs anywhere.
assert_type(EncodedTaskStepArgs.from_yaml("steps: []"), EncodedTaskStepArgs)
EncodedTaskStepArgs.from_yaml(name, values=name)
EncodedTaskStepArgs.from_yaml({"version": "v1.1.0", "steps": [{"cmd": name}]}, values={"a": name})
EncodedTaskStepArgs.from_yaml([{"cmd": name, "timeout": number}], values=[SetValueArgs(name="a", value=name)])
EncodedTaskStepArgs.from_file("acb.yaml", values="values.yaml", context_path="https://example.com/a.git")
EncodedTaskStepArgs.from_file(Path("acb.yaml"), values=Path("values.yaml"))
EncodedTaskStepArgs.from_cmd(pulumi.Output.concat("acr purge --filter ", name), timeout=number)
assert_type(EncodedTaskRunRequestArgs.from_cmd("acr purge", timeout=60), EncodedTaskRunRequestArgs)
EncodedTaskRunRequestArgs.from_yaml("steps: []", platform={"os": "Linux"}, source_location="https://example.com/a.git")
EncodedTaskRunRequestArgs.from_file("acb.yaml", platform=PlatformPropertiesArgs(os="Linux"), is_archive_enabled=True)
assert_type(context_hash("app"), str)

# An argument that there is not, or of another kind, is an error at its place.
EncodedTaskStepArgs.from_yaml("steps: []", retries=1)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
EncodedTaskStepArgs.from_cmd(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
DockerBuildRequestArgs(image_names=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
Run("a", request={})  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]

# An output has its type, and so have its members within apply.
run = Run("build", context="app", run_request=DockerBuildRequestArgs(image_names=["web:{{.Run.ID}}"]))
task = Task("purge", platform={"os": "Linux"}, step=EncodedTaskStepArgs.from_cmd("acr purge"))
assert_type(run.image_refs, pulumi.Output[Sequence[str]])
assert_type(run.output_images, pulumi.Output[Sequence[outputs.ImageDescriptor]])
assert_type(run.output_images.apply(lambda images: images[0].digest or ""), pulumi.Output[str])
assert_type(run.run_request.apply(lambda request: request.image_names or []), pulumi.Output[Sequence[str]])
assert_type(task.step.apply(lambda step: step.encoded_task_content or ""), pulumi.Output[str])
assert_type(task.timeout, pulumi.Output["int | None"])
_ = run.digests  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
