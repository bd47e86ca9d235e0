"""A task with a timer, an image built from a local folder, and a run of the task."""

import pulumi

from pulumi_acr_tasks import (
    DockerBuildRequestArgs,
    EncodedTaskStepArgs,
    PlatformPropertiesArgs,
    Run,
    Task,
    TaskRunRequestArgs,
    TimerTriggerArgs,
    TriggerPropertiesArgs,
)

GREETING = """version: v1.1.0
steps:
  - cmd: busybox echo Hello from run $ID
"""
linux = PlatformPropertiesArgs(os="Linux", architecture="amd64")

greeting = Task(
    "greeting",
    platform=linux,
    step=EncodedTaskStepArgs.from_yaml(GREETING),
    trigger=TriggerPropertiesArgs(timer_triggers=[TimerTriggerArgs(name="nightly", schedule="0 3 * * *")]),
)
image = Run(
    "image",
    run_request=DockerBuildRequestArgs(image_names=["hello/web:v1"], docker_file_path="Dockerfile", platform=linux),
    context="app",
)
greeted = Run("greeted", run_request=TaskRunRequestArgs(task_name=greeting.task_name))

for name, run in {"image": image, "greeted": greeted}.items():
    pulumi.export(f"{name}-run", run.run_id)
    pulumi.export(f"{name}-status", run.status)
pulumi.export("images", image.image_refs)
