"""The image of the shop, built from the folder `app`."""

import pulumi

from pulumi_acr_tasks import DockerBuildRequestArgs, PlatformPropertiesArgs, Run, context_hash

build = Run(
    "build",
    context="app",
    run_request=DockerBuildRequestArgs(
        image_names=[f"shop:{context_hash('app')[:12]}"],
        platform=PlatformPropertiesArgs(os="Linux"),
        timeout=600,
        is_archive_enabled=True,
    ),
)

pulumi.export("image", build.image_refs[0])
