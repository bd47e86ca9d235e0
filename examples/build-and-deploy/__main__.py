"""Build an image from the folder `app`, try it, and run exactly that image every night."""

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
    context_hash,
)

linux = PlatformPropertiesArgs(os="Linux")

tag = context_hash("app")[:12]

build = Run("build", context="app", run_request=DockerBuildRequestArgs(image_names=[f"report:{tag}"], platform=linux))
image = build.image_refs[0]

smoke_test = Run("smoke-test", run_request=EncodedTaskRunRequestArgs.from_cmd(image, platform=linux))
nightly_report = Task(
    "nightly-report",
    platform=linux,
    step=EncodedTaskStepArgs.from_cmd(image),
    trigger=TriggerPropertiesArgs(timer_triggers=[TimerTriggerArgs(name="nightly", schedule="0 3 * * *")]),
    opts=pulumi.ResourceOptions(depends_on=smoke_test),
)

pulumi.export("image", image)
