"""Build an image from each commit, and whenever its base image is patched."""

import pulumi

from pulumi_acr_tasks import (
    AuthInfoArgs,
    BaseImageTriggerArgs,
    DockerBuildStepArgs,
    PlatformPropertiesArgs,
    SourcePropertiesArgs,
    SourceTriggerArgs,
    Task,
    TriggerPropertiesArgs,
)

config = pulumi.Config()
repository = config.get("repository") or "https://github.com/Azure-Samples/acr-build-helloworld-node"
branch = config.get("branch") or "master"
token = config.require_secret("githubToken")

Task(
    "build-web",
    platform=PlatformPropertiesArgs(os="Linux"),
    step=DockerBuildStepArgs(
        context_path=f"{repository}#{branch}",
        context_access_token=token,
        docker_file_path="Dockerfile",
        image_names=["web:{{.Run.ID}}"],
    ),
    trigger=TriggerPropertiesArgs(
        source_triggers=[
            SourceTriggerArgs(
                name="commits",
                source_trigger_events=["commit"],
                source_repository=SourcePropertiesArgs(
                    source_control_type="Github",
                    repository_url=repository,
                    branch=branch,
                    source_control_auth_properties=AuthInfoArgs(token_type="PAT", token=token),
                ),
            )
        ],
        base_image_trigger=BaseImageTriggerArgs(name="base-image", base_image_trigger_type="Runtime"),
    ),
)
