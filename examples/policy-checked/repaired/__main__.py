"""The same task as the preset `strict` wants it."""

import pulumi

from pulumi_acr_tasks import (
    ArgumentArgs,
    BaseImageTriggerArgs,
    DockerBuildStepArgs,
    PlatformPropertiesArgs,
    Task,
    TriggerPropertiesArgs,
)

config = pulumi.Config()

Task(
    "build-web",
    platform=PlatformPropertiesArgs(os="Linux"),
    timeout=1800,
    step=DockerBuildStepArgs(
        context_path="https://github.com/Azure-Samples/acr-build-helloworld-node",
        docker_file_path="Dockerfile",
        image_names=["web:{{.Run.ID}}"],
        arguments=[ArgumentArgs(name="NPM_TOKEN", value=config.require_secret("npmToken"), is_secret=True)],
    ),
    trigger=TriggerPropertiesArgs(
        base_image_trigger=BaseImageTriggerArgs(name="base-image", base_image_trigger_type="Runtime"),
    ),
)
