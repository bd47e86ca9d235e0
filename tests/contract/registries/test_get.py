"""GET of the registry: the one operation of another API version that a client of tasks needs."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.arm_documented("Registries_Get, 2023-07-01")
def test_a_registry_tells_its_location_and_login_server(arm: Any) -> None:
    """The answer is the resource, with the login server under properties."""
    registry = arm.ok("GET", arm.registry, api_version="2023-07-01")
    assert registry["id"].lower() == arm.registry.lower()
    assert registry["name"] == arm.registry.rpartition("/")[2]
    assert registry["type"] == "Microsoft.ContainerRegistry/registries"
    assert registry["location"]
    assert registry["properties"]["loginServer"]
    assert registry["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.arm_documented("the error ARMResourceNotFound, seen on registries")
def test_a_missing_registry_is_not_found(arm: Any) -> None:
    """The error names the type, the registry and the group."""
    group = arm.registry.split("/")[4]
    answer = arm("GET", arm.registry.rpartition("/")[0] + "/nosuchregistry", api_version="2023-07-01")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "ResourceNotFound"
    assert answer.json()["error"]["message"] == (
        f"The Resource 'Microsoft.ContainerRegistry/registries/nosuchregistry' under resource group '{group}' was not "
        "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
