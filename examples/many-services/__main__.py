"""Build an image of each folder below `services`."""

from pathlib import Path

import pulumi

from pulumi_acr_tasks import DockerBuildRequestArgs, PlatformPropertiesArgs, Run, context_hash

linux = PlatformPropertiesArgs(os="Linux")
services = sorted(folder.name for folder in Path("services").iterdir())

builds = {
    service: Run(
        service,
        context=f"services/{service}",
        run_request=DockerBuildRequestArgs(
            image_names=[f"shop/{service}:{context_hash(f'services/{service}')[:12]}"], platform=linux
        ),
        logs="on-failure",
    )
    for service in services
}

pulumi.export("images", {service: build.image_refs for service, build in builds.items()})
