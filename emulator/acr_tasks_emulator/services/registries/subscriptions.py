"""Subscriptions, the tenant, locations and resource providers, the same for every caller."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.sign_in.identities import TENANT_ID
from acr_tasks_emulator.services.versions import SUPPORTED

Document = dict[str, Any]

NAMESPACE = "Microsoft.ContainerRegistry"
# The registry itself is served under any version; these are named to clients, newest first.
_REGISTRY_VERSIONS = ["2026-09-01-preview", "2025-11-01", "2025-04-01", "2023-07-01", "2023-01-01-preview"]
_RESOURCE_VERSIONS = ["2025-04-01", "2024-11-01", "2022-09-01", "2021-04-01"]
_LOCATIONS = {
    "westeurope": "West Europe",
    "northeurope": "North Europe",
    "eastus": "East US",
    "eastus2": "East US 2",
    "centralus": "Central US",
    "westus": "West US",
    "westus2": "West US 2",
    "uksouth": "UK South",
    "germanywestcentral": "Germany West Central",
    "francecentral": "France Central",
    "swedencentral": "Sweden Central",
    "southeastasia": "Southeast Asia",
    "japaneast": "Japan East",
    "australiaeast": "Australia East",
}


def show(subscription_id: str) -> Document:
    """Return a subscription."""
    return {
        "id": f"/subscriptions/{subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription_id,
        "tenantId": TENANT_ID,
        "displayName": "acr-tasks-emulator",
        "state": "Enabled",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    }


def tenant() -> Document:
    """Return the one tenant."""
    return {
        "id": f"/tenants/{TENANT_ID}",
        "tenantId": TENANT_ID,
        "countryCode": "NL",
        "displayName": "acr-tasks-emulator",
        "domains": ["emulator.local"],
        "tenantCategory": "Home",
    }


def locations(subscription_id: str, used: Iterable[str]) -> list[Document]:
    """Return the locations of registries: some of Azure's, and those in use."""
    names = dict.fromkeys([*_LOCATIONS, *sorted(used)])
    return [
        {
            "id": f"/subscriptions/{subscription_id}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": _LOCATIONS.get(name, name),
            "regionalDisplayName": _LOCATIONS.get(name, name),
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        }
        for name in names
    ]


def providers(subscription_id: str) -> list[Document]:
    """Return the resource providers of a subscription, all of them registered."""
    tasks = list(SUPPORTED)
    kinds = {
        NAMESPACE: {
            "registries": _REGISTRY_VERSIONS,
            "registries/tasks": tasks,
            "registries/runs": tasks,
            "registries/scheduleRun": tasks,
            "registries/listBuildSourceUploadUrl": tasks,
            "checkNameAvailability": _REGISTRY_VERSIONS,
            "locations/operationResults": tasks,
            "locations/operationStatuses": tasks,
            "operations": _REGISTRY_VERSIONS,
        },
        "Microsoft.Resources": {
            "subscriptions": _RESOURCE_VERSIONS,
            "resourceGroups": _RESOURCE_VERSIONS,
            "resources": _RESOURCE_VERSIONS,
            "providers": _RESOURCE_VERSIONS,
        },
    }
    return [_provider(subscription_id, namespace, types) for namespace, types in kinds.items()]


def provider(subscription_id: str, namespace: str) -> Document:
    """Return one resource provider, its name compared without case. Raises ServiceError."""
    for each in providers(subscription_id):
        if each["namespace"].lower() == namespace.lower():
            return each
    raise errors.INVALID_RESOURCE_NAMESPACE(namespace=namespace)


def _provider(subscription_id: str, namespace: str, types: dict[str, list[str]]) -> Document:
    return {
        "id": f"/subscriptions/{subscription_id}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": [
            {
                "resourceType": name,
                "locations": list(_LOCATIONS.values()),
                "apiVersions": versions,
                "defaultApiVersion": versions[0],
                "capabilities": "CrossResourceGroupResourceMove, SupportsTags" if "/" not in name else "None",
            }
            for name, versions in types.items()
        ],
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
    }
