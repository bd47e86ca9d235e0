"""Settings from configuration and environment."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import Provider
from pulumi_acr_tasks.errors import SettingsError
from pulumi_acr_tasks.schema.definitions import snake_case
from pulumi_acr_tasks.settings import credentials
from pulumi_acr_tasks.settings.credentials import missing_settings
from pulumi_acr_tasks.settings.keys import KEYS, check_configuration
from pulumi_acr_tasks.settings.settings import Settings


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
    """The variables are azure-native's; a configured credential overrides them."""
    assert _load(environ).credential == credential
    assert _load(environ, credential="cli").credential == "cli"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"endpoint": "bogus"}, "acr-tasks:endpoint is 'bogus'; it is `embedded` or a URL like"),
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


# Keys as they are in the stack's configuration, and the sentences about them; the project is called `shop`.
MISSPELT: dict[str, tuple[dict[str, Any], list[str]]] = {
    "right": ({"acr-tasks:endpoint": "embedded", "shop:endpoint": "x", "aws:region": "x", "pulumi:tags": "{}"}, []),
    "a letter is missing": (
        {"acr-tasks:endpont": "embedded"},
        ["acr-tasks:endpont is not a key of this provider; did you mean acr-tasks:endpoint?"],
    ),
    "snake case": (
        {"acr-tasks:registry_name": "x"},
        ["acr-tasks:registry_name is not a key of this provider; did you mean acr-tasks:registryName?"],
    ),
    "another case": (
        {"acr-tasks:Endpoint": "x"},
        ["acr-tasks:Endpoint is not a key of this provider; did you mean acr-tasks:endpoint?"],
    ),
    "nothing like it": (
        {"acr-tasks:zzz": "x"},
        ["acr-tasks:zzz is not a key of this provider; its keys are endpoint, environment, subscriptionId"],
    ),
    "namespace in snake case": (
        {"acr_tasks:endpoint": "embedded"},
        [
            "acr_tasks:endpoint is ignored: the namespace of this provider is acr-tasks; did you mean acr-tasks:endp",
        ],
    ),
    "namespace in one word, key too": (
        {"acrtasks:registry-name": "x"},
        ["acrtasks:registry-name is ignored: the namespace of this provider is acr-tasks; did you mean"],
    ),
    "namespace in the singular": ({"acr-task:endpont": "x"}, ["acr-task:endpont is ignored"]),
    "namespace of the distribution": ({"pulumi-acr-tasks:endpoint": "x"}, ["pulumi-acr-tasks:endpoint is ignored"]),
    "without a namespace, in a provider": ({"endpoint": "x", "version": "1"}, ["endpoint has no namespace; did you"]),
    "namespace forgotten": (
        {"shop:endpoint": "embedded"},
        ["shop:endpoint is ignored: the namespace of this provider"],
    ),
    "somebody else's": ({"acr-builds:endpoint": "x", "act:endpoint": "x", "azure-native:location": "x"}, []),
    "ours is set as well": (
        {"acr-tasks:endpoint": "embedded", "acr_tasks:endpoint": "x", "shop:endpoint": "embedded"},
        [],
    ),
    "empty": (
        {"acr-tasks:endpoint": ""},
        ["acr-tasks:endpoint is empty; give it a value, or take it out: pulumi config"],
    ),
    "blank": ({"acr-tasks:clientId": "  "}, ["acr-tasks:clientId is empty"]),
    "a map": ({"acr-tasks:endpoint": {"a": "c4nary"}}, ["acr-tasks:endpoint is a map; a string is expected"]),
    "two at once": (
        {"acr-tasks:endpont": "x", "acr-tasks:regstryName": "x"},
        ["acr-tasks:endpont", "acr-tasks:regstry"],
    ),
}


@pytest.mark.parametrize("mistake", MISSPELT)
def test_a_misspelt_key_is_a_problem_with_the_key_that_was_meant(mistake: str) -> None:
    """An ignored key would send the program to the public cloud; other providers' keys are their own."""
    config, sentences = MISSPELT[mistake]
    found = check_configuration(config, "shop")
    assert len(found) == len(sentences), found
    for said, expected in zip(found, sentences, strict=True):
        assert said.startswith(expected)
    assert "c4nary" not in str(found)


def test_a_project_of_our_name_has_keys_of_its_own() -> None:
    """Only keys that are close to one of ours are refused."""
    assert check_configuration({"acr-tasks:image": "x", "acr-tasks:credential": "cli"}, "acr-tasks") == []
    assert len(check_configuration({"acr-tasks:endpont": "x"}, "acr-tasks")) == 1
    assert len(check_configuration({"acr_tasks:endpoint": "x", "acr_tasks:image": "x"}, "acr_tasks")) == 1


def test_the_tables_of_keys_are_one() -> None:
    """The configuration page and the arguments of Provider have exactly the checked keys."""
    page = (Path(__file__).parents[4] / "docs/guide/configuration.md").read_text()
    for key in KEYS:
        assert re.search(f"`acr-tasks:{key}`", page), key
    parameters = inspect.signature(Provider.__init__).parameters
    assert {snake_case(key) for key in KEYS} == set(parameters) - {"self", "resource_name", "opts"}


@pytest.mark.parametrize(
    ("environ", "config", "lacks"),
    [
        ({}, {"credential": "client-secret", "tenantId": "t"}, "acr-tasks:clientId (or ARM_CLIENT_ID"),
        ({}, {"credential": "client-secret", "tenantId": "t", "clientId": "c"}, "needs acr-tasks:clientSecret (or ARM"),
        ({"ARM_CLIENT_SECRET": "s"}, {}, "the credential 'client-secret' needs acr-tasks:tenantId"),
        ({}, {"credential": "workload-identity", "tenantId": "t", "clientId": "c"}, "needs AZURE_FEDERATED_TOKEN_FILE"),
        (
            {},
            {"credential": "oidc", "tenantId": "t", "clientId": "c"},
            "needs ARM_OIDC_TOKEN, ARM_OIDC_TOKEN_FILE_PATH",
        ),
        (
            {"AZURE_FEDERATED_TOKEN_FILE": "f"},
            {"credential": "workload-identity", "tenantId": "t", "clientId": "c"},
            "",
        ),
        ({"ARM_OIDC_TOKEN": "x"}, {"credential": "oidc", "tenantId": "t", "clientId": "c"}, ""),
        ({}, {}, ""),
        ({}, {"credential": "cli"}, ""),
        ({}, {"credential": "managed-identity"}, ""),
    ],
)
def test_a_missing_part_of_a_credential_is_reported_before_a_request(
    environ: dict[str, str], config: dict[str, str], lacks: str
) -> None:
    """The sentence names the key of the configuration, or the variable."""
    told = missing_settings(_load(environ, **config))
    assert lacks in told
    assert bool(told) is bool(lacks)


def test_the_address_of_an_assertion_keeps_its_own_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """GitHub's address has the version of its API there."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"value": "assertion"})

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(credentials, "open_http", lambda **options: httpx.Client(transport=transport, **options))
    assert credentials.fetch_assertion("https://job.example/idtoken/1?api-version=2.0", "t0ken") == "assertion"
    (request,) = asked
    assert dict(request.url.params) == {"api-version": "2.0", "audience": "api://AzureADTokenExchange"}
    assert request.headers["authorization"] == "Bearer t0ken"


def test_the_scheme_of_an_endpoint_has_no_case() -> None:
    """What is refused for http is refused for HTTP, and the public cloud keeps its audience."""
    with pytest.raises(SettingsError, match="never sent over plain http"):
        _load(endpoint="HTTP://arm.example.org")
    assert _load(endpoint="HTTPS://Management.Azure.com/").audience == "https://management.azure.com"
    with pytest.raises(SettingsError, match="it is `embedded` or a URL"):
        _load(endpoint="https://arm.example.org\t")
