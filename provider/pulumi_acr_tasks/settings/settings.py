"""The provider's settings, from Pulumi's configuration (namespace `acr-tasks`) and from the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pulumi_acr_tasks.arm.http.connection import is_loopback
from pulumi_acr_tasks.errors import SettingsError

EMBEDDED = "embedded"

CREDENTIALS = ("default", "cli", "managed-identity", "workload-identity", "client-secret", "oidc", "none")
_SHORTEST = 10
"""Seconds: a request without an answer takes about as long."""

LOG_LEVELS = ("off", "info", "debug")


@dataclass(frozen=True)
class Environment:
    """One of Azure's clouds: the Resource Manager's address, the authority that signs in, and the audience."""

    endpoint: str
    authority: str
    audience: str


ENVIRONMENTS = {
    "public": Environment(
        "https://management.azure.com", "https://login.microsoftonline.com", "https://management.azure.com"
    ),
    "usgovernment": Environment(
        "https://management.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://management.usgovcloudapi.net",
    ),
    "china": Environment(
        "https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn"
    ),
}

# The one registry of an emulator that was started without --registry.
_EMBEDDED_REGISTRY = ("00000000-0000-0000-0000-000000000000", "rg", "emulator")


@dataclass(frozen=True)
class Settings:
    """The settings of a provider process; two equal Settings share one client.

    `endpoint` is `embedded` or a URL without a trailing slash. The three ids are defaults, each None where it is not
    set. `audience` is what tokens are asked for. `answer_timeout` is the number of seconds for which a service may
    leave an awaited run without an answer. The oidc values are those of azure-native's environment.
    """

    endpoint: str
    environment: str = "public"
    subscription_id: str | None = None
    resource_group_name: str | None = None
    registry_name: str | None = None
    credential: str = "default"
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    audience: str = ""
    authority: str = ""
    embedded_data: str | None = None
    secret_drift: bool = False
    answer_timeout: float = 600.0
    log_level: str = "off"
    oidc_token: str | None = field(default=None, repr=False)
    oidc_token_file: str | None = None
    oidc_request_url: str | None = None
    oidc_request_token: str | None = field(default=None, repr=False)

    @classmethod
    def load(cls, config: Callable[[str], Any], environ: Mapping[str, str]) -> Settings:
        """Read the keys of the namespace `acr-tasks`, and the environment for those that are not set.

        `config("endpoint")` returns the value of `acr-tasks:endpoint`. Raises SettingsError that names every wrong key.
        """
        return _Reader(config, environ).settings()

    @property
    def is_embedded(self) -> bool:
        """True if the service is the emulator that is started on demand."""
        return self.endpoint == EMBEDDED

    @property
    def registry_defaults(self) -> dict[str, str | None]:
        """The default parts of a registry's id, by their names in the configuration."""
        return {
            "subscriptionId": self.subscription_id,
            "resourceGroupName": self.resource_group_name,
            "registryName": self.registry_name,
        }


def pulumi_home(environ: Mapping[str, str]) -> Path:
    """Return Pulumi's own folder: PULUMI_HOME, or `.pulumi` in the user's home."""
    return Path(environ.get("PULUMI_HOME") or Path.home() / ".pulumi")


class _Reader:
    """A reader of one key after the other, which collects what is wrong with each."""

    def __init__(self, config: Callable[[str], Any], environ: Mapping[str, str]) -> None:
        self._read = config
        self._environ = environ
        self._problems: list[str] = []

    def settings(self) -> Settings:
        environment = self._choice("environment", tuple(ENVIRONMENTS), self._env("ARM_ENVIRONMENT")) or "public"
        cloud = ENVIRONMENTS[environment]
        endpoint = self._endpoint(cloud)
        ids = _EMBEDDED_REGISTRY if endpoint == EMBEDDED else (None, None, None)
        subscription_env = () if endpoint == EMBEDDED else ("ARM_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID")
        settings = Settings(
            endpoint=endpoint,
            environment=environment,
            subscription_id=self._value("subscriptionId", *subscription_env) or ids[0],
            resource_group_name=self._value("resourceGroupName") or ids[1],
            registry_name=self._value("registryName") or ids[2],
            credential=self._credential(endpoint),
            tenant_id=self._value("tenantId", "ARM_TENANT_ID", "AZURE_TENANT_ID"),
            client_id=self._value("clientId", "ARM_CLIENT_ID", "AZURE_CLIENT_ID"),
            client_secret=self._value("clientSecret", "ARM_CLIENT_SECRET", "AZURE_CLIENT_SECRET"),
            audience=self._value("audience") or (cloud.audience if endpoint.lower() == cloud.endpoint else endpoint),
            authority=(self._env("AZURE_AUTHORITY_HOST") or cloud.authority).rstrip("/"),
            embedded_data=self._value("embeddedData"),
            secret_drift=self._boolean("secretDrift"),
            answer_timeout=self._seconds("answerTimeout", 600.0),
            log_level=self._choice("logLevel", LOG_LEVELS) or "off",
            oidc_token=self._env("ARM_OIDC_TOKEN"),
            oidc_token_file=self._env("ARM_OIDC_TOKEN_FILE_PATH", "AZURE_FEDERATED_TOKEN_FILE"),
            oidc_request_url=self._env("ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL"),
            oidc_request_token=self._env("ARM_OIDC_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        )
        self._refuse_plain_http(settings)
        if self._problems:
            raise SettingsError("\n".join(self._problems))
        return settings

    def _config(self, key: str) -> str | None:
        value = self._read(key)
        if value is None or isinstance(value, str):
            return value
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _env(self, *names: str) -> str | None:
        return next((self._environ[name] for name in names if self._environ.get(name)), None)

    def _value(self, key: str, *names: str) -> str | None:
        return self._config(key) or self._env(*names)

    def _choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str | None:
        value = self._config(key) or default
        if value is None or value.lower() in allowed:
            return value and value.lower()
        self._problems.append(f"acr-tasks:{key} is {value!r}; it is one of {', '.join(allowed)}")
        return None

    def _boolean(self, key: str) -> bool:
        return self._choice(key, ("true", "false")) == "true"

    def _seconds(self, key: str, default: float) -> float:
        value = (self._config(key) or "").strip()
        if not value:
            return default
        if re.fullmatch(r"\d{1,6}(?:\.\d+)?", value) and float(value) >= _SHORTEST:
            return float(value)
        self._problems.append(f"acr-tasks:{key} is {value!r}; it is a number of seconds, {_SHORTEST} to 999999")
        return default

    def _endpoint(self, cloud: Environment) -> str:
        scheme, colon, rest = (self._config("endpoint") or cloud.endpoint).rstrip("/").partition(":")
        value = f"{scheme.lower()}:{rest}" if colon else scheme
        if value == EMBEDDED:
            return value
        if not _is_origin(value):
            self._problems.append(
                f"acr-tasks:endpoint is {value!r}; it is `embedded` or a URL like {cloud.endpoint}, "
                "https unless the host is a loopback address"
            )
            return cloud.endpoint
        return value

    def _credential(self, endpoint: str) -> str:
        chosen = self._choice("credential", CREDENTIALS)
        if chosen is not None:
            return chosen
        if endpoint == EMBEDDED or is_loopback(endpoint):
            return "none"
        if (self._env("ARM_USE_OIDC") or "").lower() == "true":
            return "oidc"
        if (self._env("ARM_USE_MSI") or "").lower() == "true":
            return "managed-identity"
        if self._value("clientSecret", "ARM_CLIENT_SECRET"):
            return "client-secret"
        return "default"

    def _refuse_plain_http(self, settings: Settings) -> None:
        plain = settings.endpoint.startswith("http://") and not is_loopback(settings.endpoint)
        if plain and settings.credential != "none":
            self._problems.append(
                f"acr-tasks:endpoint is {settings.endpoint!r}; a token is never sent over plain http: "
                "use https, or set acr-tasks:credential to none"
            )


def _is_origin(value: str) -> bool:
    """Return whether a value is scheme, host and perhaps port and path, without a user, query or fragment."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or value != "".join(value.split()))
    return parts.scheme in ("http", "https") and bool(parts.hostname) and plain
