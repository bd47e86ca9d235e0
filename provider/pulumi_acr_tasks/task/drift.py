"""The outputs of a task, and its drift: both from an answer of the service.

A value that the service only spells differently stays as the program wrote it. A secret that the answer hides stays as
in state. A default that the program did not write is left out. Every other difference is drift.
"""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.schema.definitions import OUTPUTS, Kind, members, variant, writable
from pulumi_acr_tasks.schema.equality import same, same_member
from pulumi_acr_tasks.schema.secrets import is_secret

# The outputs of a task that are not inputs.
PURE_OUTPUTS = tuple(OUTPUTS["Task"])

# Members that any answer may leave out or have as null, although the task has them: also one that shows secrets.
_OPTIONAL = {("Credentials", "sourceRegistry"), ("SourceRegistryCredentials", "loginMode")}
# The same for an answer that masks secrets.
HIDDEN = {*_OPTIONAL, ("SourceProperties", "sourceControlAuthProperties")}

# Members that the source repository adds to a sign-in: they are compared only where the program has them.
_SIGN_IN = {("AuthInfo", "refreshToken"), ("AuthInfo", "scope"), ("AuthInfo", "expiresIn")}


def outputs(inputs: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    """Return a task's outputs: its inputs, which have the secrets that answers hide, and what the service set.

    Its name stands there twice: programs for azure-native read `name`.
    """
    properties = answer.get("properties") or {}
    given = {
        "name": inputs.get("taskName"),
        "type": answer.get("type"),
        "provisioningState": properties.get("provisioningState"),
        "creationDate": properties.get("creationDate"),
        "baseImageDependencies": (properties.get("step") or {}).get("baseImageDependencies"),
        "systemData": answer.get("systemData"),
    }
    outs = {**inputs, **{key: value for key, value in given.items() if value is not None}}
    return with_identity(outs, answer.get("identity"))


def with_identity(outs: dict[str, Any], given: Any) -> dict[str, Any]:
    """Return outputs whose declared identity has the principals that the service gave it."""
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
    """Return the inputs that outputs echo: without what the service set, in an identity too."""
    inputs = {key: value for key, value in props.items() if key not in ("name", *PURE_OUTPUTS)}
    if isinstance(inputs.get("identity"), dict):
        inputs["identity"] = writable(inputs["identity"], Kind("IdentityProperties"))
    return inputs


def live_task(answer: dict[str, Any]) -> dict[str, Any]:
    """Return the members of a task's answer without the level `properties`, as inputs have them."""
    flat = {**answer, **(answer.get("properties") or {})}
    return {name: flat[name] for name in members("Task") if flat.get(name) is not None}


def observed(inputs: dict[str, Any], answer: dict[str, Any], *, clear: bool = False) -> dict[str, Any]:
    """Return `inputs` with the differences that an answer shows; equal to `inputs` when nothing drifted.

    `clear` says that the answer is that of listDetails: secrets are compared too. Otherwise they are masked.
    Inputs that are not members of a task (registryId, taskName, endpoint, adopt) come back as they are.
    """
    live = live_task(answer)
    own = members("Task")
    seen = {name: value for name, value in inputs.items() if name not in own}
    for name, kind in own.items():
        if name == "location" and "location" not in inputs:
            continue  # left to the registry
        value = _member("Task", name, inputs.get(name), live.get(name), kind, clear)
        if value is not None:
            seen[name] = value
    return seen


def _member(definition: str, name: str, declared: Any, live: Any, kind: Kind, clear: bool) -> Any:
    """Return the value that the program would need for a member; None when it can leave the member out."""
    if live is None and (definition, name) in (_OPTIONAL if clear else HIDDEN):
        return declared
    if (definition, name) in _SIGN_IN and (declared is None or live is None):
        return declared
    if same_member(definition, name, declared, live):
        return declared
    if declared is None and kind.name in ("Argument", "SetValue", "CustomRegistryCredentials"):
        return _undeclared(live, kind.item, clear) or None
    if kind.name in ("Argument", "SetValue") and kind.container == "list":
        return (live or None) if clear else _items(declared or [], live or [], kind.item)
    if kind.name in ("TimerTrigger", "SourceTrigger") and kind.container == "list":
        return _triggers(declared or [], live or [], kind.item, clear) or None
    if kind.name == "CustomRegistryCredentials" and kind.container == "map":
        return _hosts(declared or {}, live or {}, kind.item, clear) or None
    if kind.is_object and not kind.container and isinstance(live, dict):
        return _object(declared or {}, live, kind, clear) or None
    if kind.is_object and not kind.container and live is None and declared:
        # The service does not show the object any more; its hidden members may still exist.
        return _object(declared, {}, kind, clear) or None
    return live


def _object(declared: dict[str, Any], live: dict[str, Any], kind: Kind, clear: bool) -> dict[str, Any]:
    definition = variant(kind.name, live)
    if definition == kind.name:
        definition = variant(kind.name, declared)
    known = members(definition)
    seen = {}
    for name, member in known.items():
        if member.read_only:
            continue
        before, now = declared.get(name), live.get(name)
        masked = now is None and not clear and is_secret(definition, name, declared)
        value = before if masked else _member(definition, name, before, now, member, clear)
        if value is not None:
            seen[name] = value
    return _ordered(seen, declared)


def _undeclared(live: Any, kind: Kind, clear: bool) -> Any:
    """Return a list or a map that the program does not have, without the members that have their defaults."""
    if isinstance(live, dict):
        return {key: _object({}, item or {}, kind, clear) for key, item in live.items()}
    return [_object({}, item, kind, clear) for item in live or []]


def _items(declared: list[Any], live: list[Any], kind: Kind) -> list[Any] | None:
    """Compare arguments or values: an answer may leave out secret items, or only their value."""
    secrets = {item.get("name"): item for item in declared if isinstance(item, dict) and item.get("isSecret")}
    # Left out, null or empty: no program writes an empty secret.
    filled = [secrets[item["name"]] if item.get("name") in secrets and not item.get("value") else item for item in live]
    visible = [item for item in declared if not (isinstance(item, dict) and item.get("isSecret"))]
    shown = [item for item in filled if item.get("name") not in secrets]
    if same(visible, shown, Kind(kind.name, "list")) and all(
        item in declared for item in filled if item.get("name") in secrets
    ):
        return declared
    named = {item.get("name") for item in filled}
    return [*filled, *(item for name, item in secrets.items() if name not in named)]


def _triggers(declared: list[Any], live: list[Any], kind: Kind, clear: bool) -> list[Any]:
    """Compare triggers by name: first those that the program has, in its order, then those that somebody added."""
    found = {item.get("name"): item for item in live}
    named = {item.get("name") for item in declared}
    seen = [_object(item, found[item["name"]], kind, clear) for item in declared if item.get("name") in found]
    return seen + [_object({}, item, kind, clear) for item in live if item.get("name") not in named]


def _hosts(declared: dict[str, Any], live: dict[str, Any], kind: Kind, clear: bool) -> dict[str, Any]:
    """Compare credentials by host. A masked answer shows the hosts only; an entry that somebody added is `{}` then."""
    found = {host.lower(): entry for host, entry in live.items()}
    seen = {}
    for host, entry in declared.items():
        if host.lower() in found:
            now = found[host.lower()]
            seen[host] = _object(entry, now, kind, clear) if clear and isinstance(now, dict) else entry
    known = {host.lower() for host in declared}
    return {**seen, **{host: live[host] or {} for host in live if host.lower() not in known}}


def _ordered(seen: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any]:
    """Return members in the order in which the program wrote them, so that order makes no difference."""
    return {name: seen[name] for name in (*declared, *seen) if name in seen}
