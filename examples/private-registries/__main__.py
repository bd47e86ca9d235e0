"""Build with base images of private registries, signing in to each in its own way."""

import pulumi

from pulumi_acr_tasks import (
    CredentialsArgs,
    CustomRegistryCredentialsArgs,
    DockerBuildStepArgs,
    IdentityPropertiesArgs,
    PlatformPropertiesArgs,
    SecretObjectArgs,
    Task,
)

config = pulumi.Config()
vault = "https://contoso.vault.azure.net/secrets"

build = Task(
    "build-web",
    platform=PlatformPropertiesArgs(os="Linux"),
    identity=IdentityPropertiesArgs(type="SystemAssigned"),
    step=DockerBuildStepArgs(
        context_path="https://github.com/Azure-Samples/acr-build-helloworld-node#master",
        docker_file_path="Dockerfile-app",
        image_names=["web:{{.Run.ID}}"],
    ),
    credentials=CredentialsArgs(
        custom_registries={
            "contosobase.azurecr.io": CustomRegistryCredentialsArgs(identity="[system]"),
            "docker.io": CustomRegistryCredentialsArgs(
                identity="[system]",
                user_name=SecretObjectArgs(type="Vaultsecret", value=f"{vault}/docker-hub-user"),
                password=SecretObjectArgs(type="Vaultsecret", value=f"{vault}/docker-hub-token"),
            ),
            "ghcr.io": CustomRegistryCredentialsArgs(
                user_name=SecretObjectArgs(type="Opaque", value="contoso-bot"),
                password=SecretObjectArgs(type="Opaque", value=config.require_secret("ghcrToken")),
            ),
        }
    ),
)

pulumi.export("principal_id", build.principal_id)
