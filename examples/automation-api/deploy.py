"""Build an image with Pulumi inside of a Python program."""

import argparse
from pathlib import Path

import pulumi
from pulumi import automation

from pulumi_acr_tasks import DockerBuildRequestArgs, PlatformPropertiesArgs, Run

APP = Path(__file__).parent / "app"


def program() -> None:
    build = Run(
        "build",
        context=str(APP),
        run_request=DockerBuildRequestArgs(image_names=["web"], platform=PlatformPropertiesArgs(os="Linux")),
    )
    pulumi.export("image", build.image_refs[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default="dev")
    parser.add_argument("--endpoint", default="embedded", help="the emulator, or https://management.azure.com")
    parser.add_argument("--subscription", default="00000000-0000-0000-0000-000000000000")
    parser.add_argument("--group", default="builds")
    parser.add_argument("--registry", default="contoso")
    parser.add_argument("--destroy", action="store_true")
    arguments = parser.parse_args()

    stack = automation.create_or_select_stack(arguments.stack, project_name="automation-api", program=program)
    settings = {
        "endpoint": arguments.endpoint,
        "subscriptionId": arguments.subscription,
        "resourceGroupName": arguments.group,
        "registryName": arguments.registry,
    }
    stack.set_all_config({f"acr-tasks:{key}": automation.ConfigValue(value) for key, value in settings.items()})
    if arguments.destroy:
        stack.destroy(on_output=print)
    else:
        print(stack.up(on_output=print).outputs["image"].value)


if __name__ == "__main__":
    main()
