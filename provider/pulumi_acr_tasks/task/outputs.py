"""A task's outputs: its inputs, and what the service says beyond them."""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.schema.definitions import OUTPUTS

# What a task has beyond its inputs; an input that is called like one of ARM's own members has both.
PURE_OUTPUTS = tuple(OUTPUTS["Task"])


def outputs(inputs: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Gives a task's outputs: its inputs, which have the secrets that answers hide, and what the service set."""
    properties = answer.get("properties") or {}
    given = {
        "type": answer.get("type"),
        "provisioningState": properties.get("provisioningState"),
        "creationDate": properties.get("creationDate"),
        "baseImageDependencies": (properties.get("step") or {}).get("baseImageDependencies"),
        "systemData": answer.get("systemData"),
    }
    outs = {**inputs, **{key: value for key, value in given.items() if value is not None}}
    return with_identity(outs, answer.get("identity"))


def with_identity(outs: dict[str, Any], given: Any) -> dict[str, Any]:
    """Adds to a declared identity the principals that the service gave it."""
    declared = outs.get("identity")
    if not isinstance(declared, dict) or not isinstance(given, dict):
        return outs
    principals = {key: given[key] for key in ("principalId", "tenantId") if given.get(key)}
    identity = {**declared, **principals}
    if isinstance(declared.get("userAssignedIdentities"), dict):
        known = {id_.lower(): item for id_, item in (given.get("userAssignedIdentities") or {}).items()}
        identity["userAssignedIdentities"] = {
            id_: known.get(id_.lower()) or {} for id_ in declared["userAssignedIdentities"]
        }
    return {**outs, "identity": identity}


def inputs_of(props: dict[str, Any]) -> dict[str, Any]:
    """Gives the inputs that outputs echo: without what the service set, in an identity too."""
    inputs = {key: value for key, value in props.items() if key not in PURE_OUTPUTS}
    identity = inputs.get("identity")
    if not isinstance(identity, dict):
        return inputs
    declared = {key: value for key, value in identity.items() if key not in ("principalId", "tenantId")}
    if isinstance(declared.get("userAssignedIdentities"), dict):
        declared["userAssignedIdentities"] = {id_: {} for id_ in declared["userAssignedIdentities"]}
    return {**inputs, "identity": declared}
