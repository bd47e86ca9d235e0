"""An explicit provider: an endpoint, subscription and credential of its own within one program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pulumi

from pulumi_acr_tasks.host.sdk import providers_of
from pulumi_acr_tasks.program.declaration import program_error, strict

_PACKAGE = "pulumi-python"  # the package of every dynamic resource
_USE = "give a pulumi_acr_tasks.Provider in ResourceOptions(provider=…)"


@strict
class Provider(pulumi.ProviderResource):
    """The provider of resources whose option `provider` names it, or a parent's option `providers`.

    These resources ignore the stack's configuration. Arguments that are left out come from the environment, as without
    a provider. Each provider is a process of its own.
    """

    _package = _PACKAGE
    _namespace = "acr-tasks:"

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
        """Declare a provider.

        :param endpoint: `embedded`, or the Resource Manager's URL. Default: the environment's.
        :param environment: The cloud: public, usgovernment or china. Default: public.
        :param subscription_id: The subscription of resources that name none.
        :param resource_group_name: The resource group of resources that name none.
        :param registry_name: The registry of resources that name none.
        :param credential: The sign-in: default, cli, managed-identity, workload-identity, client-secret, oidc or none.
            Default: default; none for the emulator and for a loopback address.
        :param tenant_id: The tenant, for credentials that need it.
        :param client_id: The client id, for credentials that need it.
        :param client_secret: The secret of the credential client-secret. It is kept encrypted.
        :param audience: The audience of the tokens at an endpoint of your own. Default: that endpoint.
        :param embedded_data: The folder of the embedded emulator. Default: one for the stack, below Pulumi's home.
        :param secret_drift: Whether a refresh compares secrets too. It needs the permission listDetails. Default:
            false.
        :param answer_timeout: The seconds without an answer of the service after which an awaited run is given up. The
            run goes on. Default: 600.
        :param log_level: The redacted lines for requests: off, info or debug. Default: off.
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
        props = {f"{self._namespace}{key}": value for key, value in values.items() if value is not None}
        super().__init__(self._package, resource_name, props, opts)


def _configured(value: bool) -> str:
    return "true" if value else "false"


def with_provider(resource_name: str, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    """Put the provider into a resource's own options, wherever the program named it: in the options, or on a parent.

    The SDK finds a provider in the map `providers` by the package of its resources only, which for ours is Pulumi's
    own. Here one of ours is found under any name, so that `{"acr-tasks": provider}` works.
    Raises ProgramError for a provider of another package, which the SDK would ignore; for two providers; and for none
    where the configuration disables default providers.
    """
    own, parents = opts.provider, opts.parent
    if own is not None and own.package != _PACKAGE:
        raise program_error(f"{resource_name}: provider is one of {own.package}; {_USE}")
    if own is None:
        found = _named(opts.providers) or _named(providers_of(parents))
        _refuse_misfits(resource_name, opts.providers)
        if len(found) > 1:
            raise program_error(f"{resource_name}: providers names two that may be meant; {_USE}")
        own = found[0] if found else None
    if own is None and _disabled():
        raise program_error(f"{resource_name}: pulumi:disable-default-providers forbids the default provider; {_USE}")
    if own is not None:
        opts.provider = own
        opts.providers = {name: each for name, each in _items(opts.providers) if name != _PACKAGE} or None
    return opts


def with_alias(opts: pulumi.ResourceOptions, type_: str) -> None:
    """Add the type that the other host gives a resource: a resource of that type in the state is then this one.

    So a stack moves between dynamic resources and the plugin's by the program's import.
    """
    opts.aliases = [*(opts.aliases or []), pulumi.Alias(type_=type_)]


def _items(providers: Any) -> Iterator[tuple[str, pulumi.ProviderResource]]:
    if isinstance(providers, Mapping):
        yield from providers.items()
    else:
        yield from ((each.package, each) for each in providers or ())


def _named(providers: Any) -> list[pulumi.ProviderResource]:
    """Return the providers of a map or list that can be meant for our resources."""
    fitting = [each for name, each in _items(providers) if name == _PACKAGE or _is_ours(name, each)]
    return list({id(each): each for each in fitting}.values())


def _is_ours(name: str, provider: pulumi.ProviderResource) -> bool:
    return isinstance(provider, Provider) or (name == "acr-tasks" and provider.package == _PACKAGE)


def _refuse_misfits(resource_name: str, providers: Any) -> None:
    for name, each in _items(providers):
        if name == "acr-tasks" and each.package != _PACKAGE:
            raise program_error(f"{resource_name}: providers[{name!r}] is one of {each.package}; {_USE}")


def _disabled() -> bool:
    """Return whether the stack's configuration disables the default provider of dynamic resources, under any name."""
    try:
        names = pulumi.Config("pulumi").get_object("disable-default-providers")
    except (ValueError, pulumi.ConfigTypeError):
        return False  # the engine says what is wrong with it
    return isinstance(names, list) and any(name in ("*", _PACKAGE, "acr-tasks") for name in names)
