"""A task that works, and that the preset `strict` forbids for five reasons."""

from pulumi_acr_tasks import ArgumentArgs, DockerBuildStepArgs, PlatformPropertiesArgs, Task

Task(
    "build-web",
    platform=PlatformPropertiesArgs(os="Linux"),
    timeout=7200,
    step=DockerBuildStepArgs(
        context_path="https://github.com/Azure-Samples/acr-build-helloworld-node",
        docker_file_path="Dockerfile",
        image_names=["web"],
        arguments=[ArgumentArgs(name="NPM_TOKEN", value="not-a-real-token")],
    ),
)
