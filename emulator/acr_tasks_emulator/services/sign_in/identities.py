"""The tenant, the caller, and the ids that the service adds to managed identities."""

from __future__ import annotations

import uuid
from typing import Any

TENANT_ID = "00000000-0000-0000-0000-00000000aaaa"
CALLER = "user@emulator.local"
"""The author of every change, in `systemData`."""


def complete(identity: dict[str, Any], resource_id: str) -> dict[str, Any]:
    """Return an identity with principal, tenant and client ids, always the same for the same resource."""
    kind = identity.get("type", "None")
    result: dict[str, Any] = {}
    if "SystemAssigned" in kind:
        result["principalId"] = _made_of(resource_id)
        result["tenantId"] = TENANT_ID
    result["type"] = kind
    if "UserAssigned" in kind:
        result["userAssignedIdentities"] = {
            key: {"principalId": _made_of(key), "clientId": _made_of(key + "/client")}
            for key in identity.get("userAssignedIdentities", {})
        }
    return result


def _made_of(text: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, text.lower()))
