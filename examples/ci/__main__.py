"""The image of the shop, built from the folder `app`."""

import pulumi

from pulumi_acr_tasks import DockerBuildRequestArgs, PlatformPropertiesArgs, Run

build = Run(
    "build",
    context="app",
    run_request=DockerBuildRequestArgs(
        image_names=["shop:v1"],
        platform=PlatformPropertiesArgs(os="Linux"),
        timeout=600,
        is_archive_enabled=True,
    ),
)

pulumi.export("image", build.image_refs[0])
