"""Networks, volumes of secret files, and secrets of a task file."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from acr_tasks_emulator.execution.task_file.graph import DEFAULT_NETWORK, GraphError, Network
from acr_tasks_emulator.execution.task_file.yaml_members import flag, mapping_of, mappings, text, text_of

NO_KEY_VAULT = (
    "failed to resolve secrets: failed to fetch secret value from azure key vault client: the emulator has no Key Vault"
)
"""What the agent says of a secret that it cannot have, and why."""

_VOLUME_NAME = re.compile(r"[A-Za-z0-9_-]+")
_FILE_NAME = re.compile(r"[A-Za-z0-9._-]*[A-Za-z0-9_-]")
_NETWORK_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def read_networks(task: Mapping[str, Any]) -> tuple[tuple[Network, ...], str | None]:
    """Return the task's networks and the name of the default one; without any, the agent's own network."""
    networks: list[Network] = []
    default = None
    for network in mappings(task, "networks"):
        name = text(network, "name") or ""
        if not _NETWORK_NAME.fullmatch(name):
            raise GraphError(f"network name {name!r} can hold letters, digits, dots, underscores and dashes only")
        driver = text(network, "driver") or DEFAULT_NETWORK.driver
        networks.append(Network(name, driver, flag(network, "ipv6"), flag(network, "skipCreation")))
        default = name if flag(network, "isDefault") else default
    if networks:
        return tuple(networks), default
    return (DEFAULT_NETWORK,), DEFAULT_NETWORK.name


def read_volumes(task: Mapping[str, Any]) -> dict[str, dict[str, bytes]]:
    """Return the files of each volume. Raises GraphError."""
    volumes: dict[str, dict[str, bytes]] = {}
    for volume in mappings(task, "volumes"):
        name = text(volume, "name") or ""
        files = mapping_of(volume.get("secret"), "secret")
        if not name:
            raise GraphError("volume name or secret is empty")
        if not _VOLUME_NAME.fullmatch(name):
            raise GraphError("volume name is not well formed. Only use alphanumeric and - _")
        if name in volumes:
            raise GraphError("volume with duplicate name found")
        if not files:
            raise GraphError(f"volume {name} has to have files below `secret`")
        volumes[name] = {file: _secret_file(name, file, text_of(content, file)) for file, content in files.items()}
    return volumes


def _secret_file(volume: str, name: str, content: str) -> bytes:
    if not _FILE_NAME.fullmatch(name):
        raise GraphError(f"volume {volume}: {name!r} is not the name of a file")
    try:
        return base64.b64decode(content.replace("\n", "").replace("\r", ""), validate=True)
    except ValueError:
        raise GraphError("failed to decode Base64 value. please make sure value provided is Base64 encoded") from None


def refuse_secrets(task: Mapping[str, Any]) -> None:
    """Check the task's secrets as the agent does, then refuse the first: Key Vault is not there. Raises GraphError."""
    known: set[str] = set()
    for secret in mappings(task, "secrets"):
        name, client = text(secret, "id") or "", text(secret, "clientID") or ""
        if not name:
            raise GraphError("secret is missing an ID as well as auto-generated ID")
        problem = None
        if " " in name:
            problem = "secret ID cannot contain spaces"
        elif not text(secret, "keyvault"):
            problem = (
                "secret should contain either keyvault property for vault secret, or msi clientID/aadResourceId for "
                "msi authentication"
            )
        elif client and not _GUID.fullmatch(client):
            problem = "msi client ID is not a valid guid"
        if problem:
            raise GraphError(f"failed to validate secret with ID: {name}: {problem}")
        if name in known:
            raise GraphError(f"duplicate secret found with ID: {name}")
        known.add(name)
    if known:
        first = text(mappings(task, "secrets")[0], "id")
        raise GraphError(
            f"{NO_KEY_VAULT}: give {first} as a value with isSecret, and read it as {{{{.Values.{first}}}}}"
        )
