"""A registry, an image that is built in it, and a Container App that runs exactly that image."""

import pulumi
from pulumi_azure_native import app, authorization, containerregistry, managedidentity, resources

from pulumi_acr_tasks import (
    DockerBuildRequestArgs,
    EncodedTaskStepArgs,
    IdentityPropertiesArgs,
    PlatformPropertiesArgs,
    Run,
    Task,
    TimerTriggerArgs,
    TriggerPropertiesArgs,
    context_hash,
)

ROLES = "/providers/Microsoft.Authorization/roleDefinitions"
ACR_PULL, ACR_DELETE = f"{ROLES}/7f951dda-4ed3-4680-a7ca-43fe172d538d", f"{ROLES}/c2f4ef07-c644-48eb-af81-4b1b4947fb11"
linux = PlatformPropertiesArgs(os="Linux")

group = resources.ResourceGroup("shop")
registry = containerregistry.Registry(
    "shop",
    resource_group_name=group.name,
    sku=containerregistry.SkuArgs(name=containerregistry.SkuName.BASIC),
)

build = Run(
    "build",
    registry_id=registry.id,
    context="app",
    run_request=DockerBuildRequestArgs(image_names=[f"web:{context_hash('app')[:12]}"], platform=linux),
)
purge = Task(
    "nightly-purge",
    registry_id=registry.id,
    platform=linux,
    step=EncodedTaskStepArgs.from_cmd("acr purge --filter 'web:.*' --ago 30d --keep 10 --untagged"),
    trigger=TriggerPropertiesArgs(timer_triggers=[TimerTriggerArgs(name="nightly", schedule="30 1 * * *")]),
    identity=IdentityPropertiesArgs(type="SystemAssigned"),
)
puller = managedidentity.UserAssignedIdentity("web", resource_group_name=group.name)

may_pull = authorization.RoleAssignment(
    "web-pulls",
    scope=registry.id,
    principal_id=puller.principal_id,
    principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
    role_definition_id=ACR_PULL,
)
authorization.RoleAssignment(
    "purge-deletes",
    scope=registry.id,
    principal_id=purge.principal_id,
    principal_type=authorization.PrincipalType.SERVICE_PRINCIPAL,
    role_definition_id=ACR_DELETE,
)

environment = app.ManagedEnvironment("shop", resource_group_name=group.name)
web = app.ContainerApp(
    "web",
    resource_group_name=group.name,
    managed_environment_id=environment.id,
    identity=app.ManagedServiceIdentityArgs(
        type=app.ManagedServiceIdentityType.USER_ASSIGNED,
        user_assigned_identities=[puller.id],
    ),
    configuration=app.ConfigurationArgs(
        ingress=app.IngressArgs(external=True, target_port=8080),
        registries=[app.RegistryCredentialsArgs(server=registry.login_server, identity=puller.id)],
    ),
    template=app.TemplateArgs(containers=[app.ContainerArgs(name="web", image=build.image_refs[0])]),
    opts=pulumi.ResourceOptions(depends_on=may_pull),
)
