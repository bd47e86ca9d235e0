"""An explicit provider: an endpoint, subscription and credential of its own within one program."""

from __future__ import annotations

import pulumi


class Provider(pulumi.ProviderResource):
    """Is used by `pulumi.ResourceOptions(provider=…)`; resources that use it ignore the stack's configuration.

    What is left out comes from the environment, as without a provider. Each provider is a process of its own.
    """

    def __init__(
        self,
        resource_name: str,
        *,
        endpoint: pulumi.Input[str] | None = None,
        environment: pulumi.Input[str] | None = None,
        subscription_id: pulumi.Input[str] | None = None,
        resource_group_name: pulumi.Input[str] | None = None,
        registry_name: pulumi.Input[str] | None = None,
        credential: pulumi.Input[str] | None = None,
        tenant_id: pulumi.Input[str] | None = None,
        client_id: pulumi.Input[str] | None = None,
        client_secret: pulumi.Input[str] | None = None,
        audience: pulumi.Input[str] | None = None,
        embedded_data: pulumi.Input[str] | None = None,
        secret_drift: pulumi.Input[bool] | None = None,
        answer_timeout: pulumi.Input[float] | None = None,
        log_level: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declares a provider.

        :param endpoint: `embedded`, or the Resource Manager's URL. Default: the environment's.
        :param environment: public (default), usgovernment or china.
        :param subscription_id: the default for resources that do not say; likewise `resource_group_name` and
            `registry_name`.
        :param credential: default, cli, managed-identity, workload-identity, client-secret, oidc or none.
        :param tenant_id: for the credentials that need it; likewise `client_id` and `client_secret`, which is kept
            encrypted.
        :param audience: the tokens' audience at an endpoint of your own. Default: that endpoint.
        :param embedded_data: the embedded emulator's folder.
        :param secret_drift: read secrets back on refresh. Default: False.
        :param answer_timeout: seconds after which an awaited run is given up when the service does not answer. The run
            is not cancelled. Default: 600.
        :param log_level: off (default), info or debug: a redacted line for every request.
        """
        values = {
            "endpoint": endpoint,
            "environment": environment,
            "subscriptionId": subscription_id,
            "resourceGroupName": resource_group_name,
            "registryName": registry_name,
            "credential": credential,
            "tenantId": tenant_id,
            "clientId": client_id,
            "clientSecret": None if client_secret is None else pulumi.Output.secret(client_secret),
            "audience": audience,
            "embeddedData": embedded_data,
            "secretDrift": None if secret_drift is None else pulumi.Output.from_input(secret_drift).apply(_configured),
            "answerTimeout": None
            if answer_timeout is None
            else pulumi.Output.from_input(answer_timeout).apply(lambda seconds: f"{seconds:g}"),
            "logLevel": log_level,
        }
        props = {f"acr-tasks:{key}": value for key, value in values.items() if value is not None}
        super().__init__("pulumi-python", resource_name, props, opts)


def _configured(value: bool) -> str:
    return "true" if value else "false"
