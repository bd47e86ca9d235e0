"""A program of tasks and runs of many kinds: the one whose states are in this folder. It never changes."""

import base64

import pulumi

from pulumi_acr_tasks import (
    AgentPropertiesArgs,
    ArgumentArgs,
    AuthInfoArgs,
    BaseImageTriggerArgs,
    CredentialsArgs,
    CustomRegistryCredentialsArgs,
    DockerBuildRequestArgs,
    DockerBuildStepArgs,
    EncodedTaskRunRequestArgs,
    EncodedTaskStepArgs,
    FileTaskRunRequestArgs,
    FileTaskStepArgs,
    IdentityPropertiesArgs,
    PlatformPropertiesArgs,
    Provider,
    Run,
    SecretObjectArgs,
    SetValueArgs,
    SourcePropertiesArgs,
    SourceTriggerArgs,
    Task,
    TaskRunRequestArgs,
    TimerTriggerArgs,
    TriggerPropertiesArgs,
)

LINUX = PlatformPropertiesArgs(os="Linux", architecture="amd64")
STEPS = base64.b64encode(b"version: v1.1.0\nsteps:\n  - cmd: busybox echo {{.Values.colour}}\n").decode()
USER = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
HIDDEN = SetValueArgs(name="hidden", value="c4nary-value", is_secret=True)

encoded = Task(
    "encoded",
    platform=LINUX,
    step=EncodedTaskStepArgs(
        encoded_task_content=STEPS,
        encoded_values_content=base64.b64encode(b"colour: blue\n").decode(),
        values=[SetValueArgs(name="colour", value="teal"), HIDDEN],
    ),
    trigger=TriggerPropertiesArgs(
        timer_triggers=[
            TimerTriggerArgs(name="nightly", schedule="0 3 * * *"),
            TimerTriggerArgs(name="weekly", schedule="0 4 * * Mon", status="Disabled"),
        ]
    ),
    tags={"team": "api", "__owner": "me"},
    timeout=600,
)
Task(
    "docker",
    platform={"os": "linux"},
    step=DockerBuildStepArgs(
        docker_file_path="Dockerfile",
        context_path="https://github.com/contoso/web.git#main:src",
        context_access_token="c4nary-token",
        image_names=["web:{{.Run.ID}}", pulumi.Output.secret("web:c4nary")],
        arguments=[
            ArgumentArgs(name="V", value="1"),
            ArgumentArgs(name="KEY", value="c4nary-argument", is_secret=True),
        ],
        no_cache=True,
    ),
    trigger=TriggerPropertiesArgs(
        source_triggers=[
            SourceTriggerArgs(
                name="commits",
                source_trigger_events=["commit", "pullrequest"],
                source_repository=SourcePropertiesArgs(
                    source_control_type="Github",
                    repository_url="https://github.com/contoso/web",
                    branch="main",
                    source_control_auth_properties=AuthInfoArgs(token_type="PAT", token="c4nary-pat"),
                ),
            )
        ],
        base_image_trigger=BaseImageTriggerArgs(name="base", base_image_trigger_type="Runtime"),
    ),
    credentials=CredentialsArgs(
        custom_registries={
            "r.example": CustomRegistryCredentialsArgs(
                user_name=SecretObjectArgs(value="bob", type="Opaque"),
                password=SecretObjectArgs(value="c4nary-password", type="Opaque"),
            )
        }
    ),
    agent_configuration=AgentPropertiesArgs(cpu=2),
    status="Disabled",
)
own = Provider(
    "own",
    **{
        key: pulumi.Config("acr-tasks").require(name)
        for key, name in (
            ("endpoint", "endpoint"),
            ("subscription_id", "subscriptionId"),
            ("resource_group_name", "resourceGroupName"),
            ("registry_name", "registryName"),
        )
    },
)
Task(
    "file",
    task_name="named-otherwise",
    platform=LINUX,
    step=FileTaskStepArgs(task_file_path="task.yaml", context_path="https://github.com/contoso/web.git"),
    identity=IdentityPropertiesArgs(type="SystemAssigned, UserAssigned", user_assigned_identities=[USER]),
    opts=pulumi.ResourceOptions(provider=own),
)
runs = {
    "image": Run(
        "image",
        context="app",
        run_request=DockerBuildRequestArgs(
            docker_file_path="Dockerfile",
            image_names=["app:v1", "app:{{.Run.ID}}"],
            platform=LINUX,
            arguments=[ArgumentArgs(name="KEY", value="c4nary-build", is_secret=True)],
        ),
    ),
    "text": Run(
        "text",
        run_request=EncodedTaskRunRequestArgs(
            encoded_task_content=STEPS, platform=LINUX, values=[SetValueArgs(name="colour", value="red"), HIDDEN]
        ),
        triggers=[encoded.step, {"__mine": 1}, 2],
        logs="on-failure",
    ),
    "file": Run(
        "file-run", context="app", run_request=FileTaskRunRequestArgs(task_file_path="task.yaml", platform=LINUX)
    ),
    "task": Run(
        "task-run", run_request=TaskRunRequestArgs(task_name=encoded.task_name), cancel_on_delete=True, logs="none"
    ),
}
for name, run in runs.items():
    pulumi.export(name, [run.status, run.image_refs])
pulumi.export("step", encoded.step)
