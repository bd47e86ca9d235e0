"""Settings from configuration and environment."""

from __future__ import annotations

import pytest

from pulumi_acr_tasks.errors import SettingsError
from pulumi_acr_tasks.settings import Settings


def _load(environ: dict[str, str] | None = None, **config: str) -> Settings:
    return Settings.load(config.get, environ or {})


def test_without_any_configuration_it_is_azure_with_the_default_credential() -> None:
    """The public cloud, its authority, its audience."""
    settings = _load()
    assert settings.endpoint == settings.audience == "https://management.azure.com"
    assert settings.authority == "https://login.microsoftonline.com"
    assert settings.credential == "default"
    assert not settings.is_embedded
    assert settings.registry_defaults == {"subscriptionId": None, "resourceGroupName": None, "registryName": None}


def test_embedded_has_a_registry_and_needs_no_credential() -> None:
    """The emulator's one registry is the default, whatever subscription the environment names."""
    settings = _load({"ARM_SUBSCRIPTION_ID": "x", "ARM_CLIENT_SECRET": "s"}, endpoint="embedded")
    assert settings.is_embedded
    assert settings.credential == "none"
    assert settings.registry_defaults == {
        "subscriptionId": "00000000-0000-0000-0000-000000000000",
        "resourceGroupName": "rg",
        "registryName": "emulator",
    }
    assert _load(endpoint="embedded", registryName="other").registry_name == "other"


def test_the_environment_fills_what_the_configuration_leaves_open() -> None:
    """azure-native's variables and azure-identity's; the configuration comes first."""
    environ = {
        "ARM_SUBSCRIPTION_ID": "arm",
        "AZURE_SUBSCRIPTION_ID": "azure",
        "AZURE_TENANT_ID": "t",
        "ARM_CLIENT_ID": "c",
        "ARM_CLIENT_SECRET": "s",
        "ARM_ENVIRONMENT": "USGovernment",
    }
    settings = _load(environ)
    assert (settings.subscription_id, settings.tenant_id, settings.client_id) == ("arm", "t", "c")
    assert settings.credential == "client-secret"
    assert settings.endpoint == "https://management.usgovcloudapi.net"
    assert _load(environ, subscriptionId="mine").subscription_id == "mine"


@pytest.mark.parametrize(
    ("environ", "credential"),
    [({"ARM_USE_OIDC": "true"}, "oidc"), ({"ARM_USE_MSI": "TRUE"}, "managed-identity"), ({}, "default")],
)
def test_the_environment_names_the_credential(environ: dict[str, str], credential: str) -> None:
    """As it does for azure-native; a configured one wins."""
    assert _load(environ).credential == credential
    assert _load(environ, credential="cli").credential == "cli"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"endpoint": "bogus"}, "acr-tasks:endpoint is 'bogus'; it is `embedded` or an URL like"),
        ({"endpoint": "https://user@host"}, "acr-tasks:endpoint"),
        ({"endpoint": "https://host:x"}, "acr-tasks:endpoint"),
        ({"environment": "moon"}, "acr-tasks:environment is 'moon'; it is one of public, usgovernment, china"),
        ({"credential": "magic"}, "acr-tasks:credential is 'magic'; it is one of default, cli"),
        ({"secretDrift": "yes"}, "acr-tasks:secretDrift is 'yes'; it is one of true, false"),
        ({"logLevel": "loud"}, "acr-tasks:logLevel is 'loud'; it is one of off, info, debug"),
        ({"endpoint": "http://example.org"}, "a token is never sent over plain http"),
    ],
)
def test_a_wrong_value_is_refused_with_what_is_allowed(config: dict[str, str], sentence: str) -> None:
    """The sentence names the key as the user writes it."""
    with pytest.raises(SettingsError) as caught:
        _load(**config)
    assert sentence in str(caught.value)


def test_everything_wrong_is_said_at_once() -> None:
    """One line for each key."""
    with pytest.raises(SettingsError) as caught:
        _load(endpoint="bogus", logLevel="loud")
    assert len(str(caught.value).splitlines()) == 2


def test_an_endpoint_of_ones_own_is_its_own_audience() -> None:
    """A token for Azure is never asked for another endpoint."""
    settings = _load(endpoint="https://arm.example.org/")
    assert settings.endpoint == settings.audience == "https://arm.example.org"
    assert _load(endpoint="https://arm.example.org", audience="api://mine").audience == "api://mine"


def test_plain_http_is_for_loopback_and_for_no_credential() -> None:
    """Both need no token."""
    assert _load(endpoint="http://127.0.0.1:8080").credential == "none"
    assert _load(endpoint="http://example.org", credential="none").endpoint == "http://example.org"


def test_secrets_are_not_in_the_repr() -> None:
    """Settings may be logged."""
    settings = _load({"ARM_OIDC_TOKEN": "c4nary1", "ARM_OIDC_REQUEST_TOKEN": "c4nary2"}, clientSecret="c4nary3")
    assert "c4nary" not in repr(settings)
