"""Tasks of a registry, taken over as they are."""

from pulumi_acr_tasks import (
    BaseImageTriggerArgs,
    DockerBuildStepArgs,
    EncodedTaskStepArgs,
    PlatformPropertiesArgs,
    Task,
    TimerTriggerArgs,
    TriggerPropertiesArgs,
)

REGISTRY = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso"

Task(
    "build-web",
    registry_id=REGISTRY,
    platform=PlatformPropertiesArgs(os="Linux", architecture="amd64"),
    step=DockerBuildStepArgs(
        context_path="https://github.com/Azure-Samples/acr-build-helloworld-node",
        image_names=["web:{{.Run.ID}}"],
        docker_file_path="Dockerfile",
    ),
    trigger=TriggerPropertiesArgs(
        base_image_trigger=BaseImageTriggerArgs(
            base_image_trigger_type="Runtime",
            name="defaultBaseimageTriggerName",
        ),
    ),
    adopt=True,
)

Task(
    "nightly-purge",
    registry_id=REGISTRY,
    platform=PlatformPropertiesArgs(os="linux", architecture="amd64"),
    step=EncodedTaskStepArgs.from_cmd("acr purge --filter 'web:.*' --ago 30d --untagged"),
    trigger=TriggerPropertiesArgs(
        timer_triggers=[TimerTriggerArgs(schedule="30 1 * * *", name="t1")],
        base_image_trigger=BaseImageTriggerArgs(
            base_image_trigger_type="Runtime",
            name="defaultBaseimageTriggerName",
        ),
    ),
    adopt=True,
)
