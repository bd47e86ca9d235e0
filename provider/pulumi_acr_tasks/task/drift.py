"""What a task's inputs would have to say for the service to be as it is: its answer, in the program's own form.

What the service only spells differently stays as the program wrote it, what it hides (secrets) stays as we know it, and
what it has by default is not there when the program did not write it. Everything else is drift, and shows.
(What answers hide: facts, section 4.4.)
"""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, members, variant
from pulumi_acr_tasks.schema.equality import same, same_member
from pulumi_acr_tasks.schema.secrets import is_secret

# Members whose absence (or null) in an answer says nothing, not even in one that shows secrets.
_UNTOLD = {("Credentials", "sourceRegistry"), ("SourceRegistryCredentials", "loginMode")}
# The same, in an answer that masks secrets.
HIDDEN = {*_UNTOLD, ("SourceProperties", "sourceControlAuthProperties")}

# What the source repository adds to a sign-in by itself: only what the program says of it is compared.
_SIGN_IN = {("AuthInfo", "refreshToken"), ("AuthInfo", "scope"), ("AuthInfo", "expiresIn")}


def live_task(answer: dict[str, Any]) -> dict[str, Any]:
    """Flattens a task as the service answers it into the members that inputs have."""
    flat = {**answer, **(answer.get("properties") or {})}
    return {name: flat[name] for name in members("Task") if flat.get(name) is not None}


def observed(inputs: dict[str, Any], answer: dict[str, Any], *, clear: bool = False) -> dict[str, Any]:
    """Gives `inputs` with the differences that an answer shows; equal to `inputs` when nothing drifted.

    `clear` says that the answer is that of listDetails: secrets are compared too. Otherwise they are masked.
    Inputs that are none of a task's own (registryId, taskName, endpoint, adopt) come back as they are.
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
    """Gives what a member is, or None when the program need not say it."""
    if live is None and (definition, name) in (_UNTOLD if clear else HIDDEN):
        return declared
    if (definition, name) in _SIGN_IN and (declared is None or live is None):
        return declared
    if same_member(definition, name, declared, live):
        return declared
    if kind.name in ("Argument", "SetValue") and kind.container == "list":
        return (live or None) if clear else _items(declared or [], live or [], kind.item)
    if kind.name in ("TimerTrigger", "SourceTrigger") and kind.container == "list":
        return _triggers(declared or [], live or [], kind.item, clear) or None
    if kind.name == "CustomRegistryCredentials" and kind.container == "map":
        return _hosts(declared or {}, live or {}, kind.item, clear) or None
    if kind.is_object and not kind.container and isinstance(live, dict):
        return _object(declared or {}, live, kind, clear) or None
    if kind.is_object and not kind.container and live is None and declared:
        # Nothing of it is there any more; members that are hidden may still be.
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


def _items(declared: list[Any], live: list[Any], kind: Kind) -> list[Any] | None:
    """Compares arguments or values where the service may drop secret items, or only their value."""
    secrets = {item.get("name"): item for item in declared if isinstance(item, dict) and item.get("isSecret")}
    # Left out, null or empty: an empty secret is none that a program can have written.
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
    """Compares triggers by name: first those that the program has, in its order, then what somebody added."""
    found = {item.get("name"): item for item in live}
    named = {item.get("name") for item in declared}
    seen = [_object(item, found[item["name"]], kind, clear) for item in declared if item.get("name") in found]
    return seen + [_object({}, item, kind, clear) for item in live if item.get("name") not in named]


def _hosts(declared: dict[str, Any], live: dict[str, Any], kind: Kind, clear: bool) -> dict[str, Any]:
    """Compares credentials by host; a masked answer shows the hosts only, and one that somebody added is `{}`."""
    found = {host.lower(): entry for host, entry in live.items()}
    seen = {}
    for host, entry in declared.items():
        if host.lower() in found:
            now = found[host.lower()]
            seen[host] = _object(entry, now, kind, clear) if clear and isinstance(now, dict) else entry
    known = {host.lower() for host in declared}
    return {**seen, **{host: live[host] or {} for host in live if host.lower() not in known}}


def _ordered(seen: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any]:
    """Puts members into the order in which the program wrote them, so that nothing but differences differs."""
    return {name: seen[name] for name in (*declared, *seen) if name in seen}
