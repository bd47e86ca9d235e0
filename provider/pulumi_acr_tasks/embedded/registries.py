"""Registries of the embedded emulator: the ones that a program names are made when they are first needed.

So a program that is written for Azure works on the embedded emulator as it stands. They are made by the service's own
operations, as any other client of the emulator would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.client import REGISTRY_API_VERSION
from pulumi_acr_tasks.arm.operation import Operation

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId

_GROUP_API_VERSION = "2021-04-01"
_LOCATION = "westeurope"  # the emulator's own registry is there too


def make_registry(client: Client, registry: RegistryId, location: str | None) -> None:
    """Make a registry and its resource group at the embedded emulator, at `location` or the emulator's default."""
    group = f"/subscriptions/{registry.subscription_id}/resourceGroups/{registry.resource_group_name}"
    place = {"location": location or _LOCATION}
    client.call("PUT", Operation("make resource group", group), json=place, api_version=_GROUP_API_VERSION)
    body = {**place, "sku": {"name": "Basic"}}
    client.call("PUT", Operation("make registry", str(registry)), json=body, api_version=REGISTRY_API_VERSION)
