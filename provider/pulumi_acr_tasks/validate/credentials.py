"""Rules for credentials of custom registries, and for managed identities."""

from __future__ import annotations

import re
from typing import Any

from pulumi_acr_tasks.schema.values import is_unknown
from pulumi_acr_tasks.validate.problem import Problem, key_path, member_path

_HOST = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d{1,5})?")
_SYSTEM = ("[system]", "system")
_NO_SYSTEM = {
    "task": "the task has no system-assigned identity; set identity.type to SystemAssigned",
    "run": "a run has no identity of its own; give user_name and password, or run a task that has an identity",
}
_IDENTITY_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.ManagedIdentity/userAssignedIdentities/[^/]+",
    re.IGNORECASE,
)


def check_credentials(value: Any, path: str, *, identity: Any = None, of: str = "task") -> list[Problem]:
    """Return the problems of the credentials of a task, whose own identity is `identity`, or of a run."""
    registries = value.get("customRegistries") if isinstance(value, dict) else None
    if not isinstance(registries, dict):
        return []
    path, problems = member_path(path, "customRegistries"), []
    hosts: set[str] = set()
    for host, entry in registries.items():
        at = key_path(path, host)
        if not _HOST.fullmatch(host):
            problems.append(Problem(at, "is not a login server, such as myregistry.azurecr.io"))
        if host.lower() in hosts:
            problems.append(Problem(at, "is given twice; the case of hosts does not count"))
        hosts.add(host.lower())
        problems += _check_entry(entry, at, identity, of)
    return problems


def _check_entry(entry: Any, path: str, identity: Any, of: str) -> list[Problem]:
    if not isinstance(entry, dict):
        return []
    problems = []
    login = [name for name in ("userName", "password") if entry.get(name) is not None]
    if len(login) == 1:
        missing = "password" if login == ["userName"] else "userName"
        problems.append(Problem(member_path(path, missing), f"is missing beside {member_path('', login[0])}"))
    if not login and entry.get("identity") is None:
        problems.append(Problem(path, "has neither user_name and password nor an identity"))
    for name in login:
        problems += _check_secret(entry[name], member_path(path, name))
    named = entry.get("identity")
    if isinstance(named, str) and named.lower() in _SYSTEM and not _may_be_system(identity):
        problems.append(Problem(member_path(path, "identity"), f"is {named!r}, and {_NO_SYSTEM[of]}"))
    return problems


def _check_secret(secret: Any, path: str) -> list[Problem]:
    if not isinstance(secret, dict) or is_unknown(secret.get("value")) or is_unknown(secret.get("type")):
        return []
    value, type_ = secret.get("value"), secret.get("type")
    if value is None:
        return [Problem(member_path(path, "value"), "is missing")]
    if str(type_).lower() == "vaultsecret" and not str(value).lower().startswith("https://"):
        return [
            Problem(
                member_path(path, "value"), "is not a URL; with type Vaultsecret it is the URL of a Key Vault secret"
            )
        ]
    return []


def _may_be_system(identity: Any) -> bool:
    if is_unknown(identity) or (isinstance(identity, dict) and is_unknown(identity.get("type"))):
        return True
    return isinstance(identity, dict) and "systemassigned" in str(identity.get("type", "")).lower()


def check_identity(value: Any, path: str) -> list[Problem]:
    """Return the problems of the managed identities of a task."""
    if not isinstance(value, dict):
        return []
    type_, ids = value.get("type"), value.get("userAssignedIdentities")
    problems = [
        Problem(key_path(member_path(path, "userAssignedIdentities"), id_), "is not the ARM id of an identity")
        for id_ in (ids if isinstance(ids, dict) else {})
        if not _IDENTITY_ID.fullmatch(id_)
    ]
    if isinstance(type_, str) and (ids is None or isinstance(ids, dict)):
        wanted = "userassigned" in type_.lower()
        if wanted and not ids:
            problems.append(Problem(member_path(path, "userAssignedIdentities"), f"is missing for type {type_!r}"))
        if ids and not wanted:
            problems.append(
                Problem(member_path(path, "type"), f"is {type_!r}, although there are user_assigned_identities")
            )
    return problems
