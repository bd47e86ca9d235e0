"""Build an image from the folder `app`, try it, and run exactly that image every night."""

import base64

import pulumi

from pulumi_acr_tasks import (
    DockerBuildRequestArgs,
    EncodedTaskRunRequestArgs,
    EncodedTaskStepArgs,
    PlatformPropertiesArgs,
    Run,
    Task,
    TimerTriggerArgs,
    TriggerPropertiesArgs,
)


def run_image(image: str) -> str:
    return base64.b64encode(f"version: v1.1.0\nsteps:\n  - cmd: {image}\n".encode()).decode()


linux = PlatformPropertiesArgs(os="Linux")

build = Run("build", context="app", run_request=DockerBuildRequestArgs(image_names=["report"], platform=linux))
image = build.image_refs[0]

smoke_test = Run(
    "smoke-test",
    run_request=EncodedTaskRunRequestArgs(encoded_task_content=image.apply(run_image), platform=linux),
)
nightly_report = Task(
    "nightly-report",
    platform=linux,
    step=EncodedTaskStepArgs(encoded_task_content=image.apply(run_image)),
    trigger=TriggerPropertiesArgs(timer_triggers=[TimerTriggerArgs(name="nightly", schedule="0 3 * * *")]),
    opts=pulumi.ResourceOptions(depends_on=smoke_test),
)

pulumi.export("image", image)
