"""Metadata of the cloud and of its sign-in. Every address is the emulator's own."""

from __future__ import annotations

import re
from typing import Any

Document = dict[str, Any]

CLOUD = "AcrTasksEmulator"
_ONE_CLOUD_SINCE = "2022-09-01"
_SUFFIXES = {
    "acrLoginServer": "azurecr.io",
    "attestationEndpoint": "attest.azure.net",
    "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
    "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
    "azureFrontDoorEndpointSuffix": "azurefd.net",
    "keyVaultDns": "vault.azure.net",
    "mariadbServerEndpoint": "mariadb.database.azure.com",
    "mhsmDns": "managedhsm.azure.net",
    "mysqlServerEndpoint": "mysql.database.azure.com",
    "postgresqlServerEndpoint": "postgres.database.azure.com",
    "sqlServerHostname": "database.windows.net",
    "storage": "core.windows.net",
    "storageSyncEndpointSuffix": "afs.azure.net",
    "synapseAnalytics": "dev.azuresynapse.net",
}
_TENANT = re.compile(r"https?://[^/]+/([\w.-]+)(/|$)")


def endpoints(origin: str, version: str) -> Document | list[Document]:
    """Return the cloud's endpoints in the form of an api-version.

    2015-01-01 is short; later versions return a list of clouds, here of one; since 2022-09-01 it is one cloud.
    """
    if version < "2018":
        return {
            "galleryEndpoint": f"{origin}/",
            "graphEndpoint": f"{origin}/",
            "portalEndpoint": f"{origin}/",
            "authentication": {"loginEndpoint": f"{origin}/", "audiences": [origin, f"{origin}/"]},
        }
    cloud = _cloud(origin)
    return cloud if version >= _ONE_CLOUD_SINCE else [cloud]


def _cloud(origin: str) -> Document:
    here = f"{origin}/"
    return {
        "name": CLOUD,
        "portal": origin,
        "authentication": {
            "loginEndpoint": origin,
            "audiences": [origin, here],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": here,
        "graph": here,
        "graphAudience": here,
        "microsoftGraphResourceId": here,
        "gallery": here,
        "media": here,
        "batch": here,
        "sqlManagement": here,
        "vmImageAliasDoc": here,
        "activeDirectoryDataLake": here,
        "appInsightsResourceId": here,
        "appInsightsTelemetryChannelResourceId": here,
        "attestationResourceId": here,
        "logAnalyticsResourceId": here,
        "ossrDbmsResourceId": here,
        "synapseAnalyticsResourceId": here,
        "suffixes": dict(_SUFFIXES),
    }


def openid_configuration(origin: str, tenant: str) -> Document:
    """Return the OpenID configuration of a tenant."""
    base = f"{origin}/{tenant}"
    return {
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/v2.0",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "cloud_instance_name": origin.partition("://")[2],
    }


def instance(origin: str, authorization_endpoint: str) -> Document:
    """Answer instance discovery: the emulator knows itself alone, whichever authority is asked for."""
    match = _TENANT.match(authorization_endpoint)
    tenant = match[1] if match else "common"
    host = origin.partition("://")[2]
    return {
        "tenant_discovery_endpoint": f"{origin}/{tenant}/v2.0/.well-known/openid-configuration",
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    }
