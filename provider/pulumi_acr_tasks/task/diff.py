"""The difference of two tasks, and the request that each change needs: one table, one line a property.

`old` is a task's outputs as the engine keeps them (its inputs echoed), `new` its checked inputs. Both are flat and
camelCase, with UNKNOWN for what is not known yet. A PATCH cannot remove what has no documented default; a PUT can.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pulumi_acr_tasks.arm.ids import moved_registry
from pulumi_acr_tasks.schema.definitions import members, variant
from pulumi_acr_tasks.schema.equality import default, identity_type, same, same_member
from pulumi_acr_tasks.schema.values import change_of, changed_lines, contains_unknown, is_unknown

PATCH, PUT, REPLACE, LOOK_UP = "PATCH", "PUT", "replace", "GET registry"

Route = str | Callable[[Any, Any], str]


@dataclass(frozen=True)
class Change:
    """One difference: `path` as ARM spells it, the `route` to the service, and what happened to it, in `words`.

    `detail` says where within the value, if that can be said without showing it. `kind` is add, delete or update.
    """

    path: str
    route: str
    words: str
    detail: str = ""
    kind: str = "update"

    def __str__(self) -> str:
        return f"{self.path} ({self.detail})" if self.detail else self.path


@dataclass(frozen=True)
class Rule:
    """One line of the table.

    `changed` is the route of a new value, `removed` that of a removed one. A removed value with a documented default
    takes the route of `changed`, as its default. `key` is the member that tells the items of a collection apart, `noun`
    the word for one item.
    """

    path: str
    changed: Route = PATCH
    removed: str = PUT
    key: str = ""
    noun: str = ""


def _renamed(old: Any, new: Any) -> str:
    """Return the route of a changed trigger: under another name, a PATCH might add a second trigger."""
    return PUT if isinstance(old, dict) and isinstance(new, dict) and old.get("name") != new.get("name") else PATCH


def _other_sign_in(old: Any, new: Any) -> str:
    """Return the route of changed credentials: a PATCH may merge an entry, so a removed member needs a PUT."""
    gone = isinstance(old, dict) and isinstance(new, dict) and {k for k in old if old[k] is not None} - set(new)
    return PUT if gone else PATCH


RULES = (
    Rule("registryId", REPLACE, REPLACE, noun="registry"),
    Rule("taskName", REPLACE, REPLACE, noun="task name"),
    Rule("location", LOOK_UP),  # the registry's, or refused: no request carries it
    Rule("status"),
    Rule("timeout"),
    Rule("agentConfiguration.cpu"),
    Rule("platform.os"),
    Rule("platform.architecture"),
    Rule("platform.variant"),
    Rule("tags"),
    Rule("identity"),
    Rule("step.type", PUT),
    Rule("step.contextPath"),
    Rule("step.contextAccessToken"),
    Rule("step.imageNames"),
    Rule("step.isPushEnabled"),
    Rule("step.noCache"),
    Rule("step.dockerFilePath"),
    Rule("step.target"),
    Rule("step.arguments"),
    Rule("step.taskFilePath"),
    Rule("step.valuesFilePath"),
    Rule("step.encodedTaskContent"),
    Rule("step.encodedValuesContent"),
    Rule("step.values"),
    Rule("trigger.timerTriggers", key="name", noun="timer"),
    Rule("trigger.sourceTriggers", key="name", noun="source trigger"),
    Rule("trigger.baseImageTrigger", _renamed, noun="base image trigger"),
    Rule("credentials.sourceRegistry.loginMode"),
    Rule("credentials.customRegistries", _other_sign_in, PATCH, key="host", noun="credentials of"),
)

_LOST = "principal id is lost"

# What is never a difference, and why.
IGNORED = {
    "adopt": "it counts only when the task is created",
    "endpoint": "another endpoint is refused, not updated",
    "type": "set by the service",
    "provisioningState": "set by the service",
    "creationDate": "set by the service",
    "baseImageDependencies": "set by the service after a run",
    "systemData": "set by the service",
}


@dataclass(frozen=True)
class Plan:
    """The changes of a task, and the one request that carries them."""

    changes: tuple[Change, ...]

    @property
    def route(self) -> str | None:
        """The strongest route that a change needs, None without a change."""
        routes = {change.route for change in self.changes}
        return next((route for route in (REPLACE, PUT, PATCH, LOOK_UP) if route in routes), None)

    @property
    def lost_principal(self) -> str:
        """The words for a lost principal of the task, whose role assignments go with it; empty when it stays."""
        return next((change.words for change in self.changes if change.words.endswith(_LOST)), "")

    @property
    def replaces(self) -> list[str]:
        """The properties that force a replacement."""
        return [change.path for change in self.changes if change.route == REPLACE]

    def details(self, old: dict[str, Any], new: dict[str, Any]) -> dict[str, str]:
        """Return the kind of each change by its path in the engine's grammar, where an item of a list is a number."""
        found = {}
        for change in self.changes:
            path, _, key = change.path.rstrip("]").partition("[")
            at = _item_path(path, key, old if change.kind == "delete" else new)
            found[at] = "update" if at in found else change.kind  # an item is removed, and another one has its number
        return found

    def __str__(self) -> str:
        """Return the request that follows: `PATCH timeout, step.imageNames`, `PUT (timer t2 removed)`."""
        route = self.route
        if route is None:
            return "no request"
        if route == PATCH:
            return f"PATCH {', '.join(str(change) for change in self.changes if change.route == PATCH)}"
        return f"{route} ({', '.join(change.words for change in self.changes if change.route == route)})"


def diff(old: dict[str, Any], new: dict[str, Any]) -> Plan:
    """Compare a task's old outputs with its new inputs."""
    changes: list[Change] = []
    for rule in RULES:
        found = list(_changes(rule, old, new))
        changes += found
        if found and rule.path == "step.type":
            # The members of another type of step are not compared with this one's.
            old, new = {**old, "step": None}, {**new, "step": None}
    return Plan(tuple(changes))


def _changes(rule: Rule, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Change]:
    owner, _, name = rule.path.rpartition(".")
    definition = _definition(owner, new) if not contains_unknown(value_at(new, owner)) else _definition(owner, old)
    before, after = value_at(old, rule.path), value_at(new, rule.path)
    if rule.key:
        yield from _keyed_changes(rule, before, after, definition, name)
    elif rule.path == "location" and after is None:
        return  # the registry's
    elif not same_member(definition, name, before, after):
        gone = after is None and default(definition, name) is None
        route = rule.removed if gone else _route(rule, before, after)
        detail = changed_lines(before, after) if name == "encodedTaskContent" else ""
        yield Change(rule.path, route, _words(rule, before, after), detail, change_of(before, after))


def _route(rule: Rule, before: Any, after: Any) -> str:
    return rule.changed if isinstance(rule.changed, str) else rule.changed(before, after)


def _words(rule: Rule, before: Any, after: Any, item: str = "") -> str:
    if rule.path == "identity" and not is_unknown(after):
        before_type, after_type = (identity_type(value or {}) for value in (before, after))
        if "System" in before_type and "System" not in after_type:
            return f"the system-assigned identity is removed, its {_LOST}"
    if rule.path == "registryId" and isinstance(before, str) and isinstance(after, str):
        return moved_registry(before, after)
    noun = " ".join(part for part in (rule.noun or rule.path, item) if part)
    change = "removed" if after is None else "added" if before is None else "changed"
    if rule.changed is _renamed and change == "changed" and _renamed(before, after) == PUT:
        change = "renamed"
    return f"{noun} {change}"


def _keyed_changes(rule: Rule, before: Any, after: Any, definition: str, name: str) -> Iterator[Change]:
    if is_unknown(after) or (rule.key == "name" and any(is_unknown(_name(item)) for item in after or [])):
        yield Change(rule.path, PATCH, f"{rule.path} not known yet")
        return
    kind = members(definition)[name].item
    old_items, new_items = keyed(before, rule.key), keyed(after, rule.key)
    for key, (_, item) in new_items.items():
        previous = old_items[key][1] if key in old_items else None
        if key not in old_items or not same(previous, item, kind):
            words, kind_ = _words(rule, previous, item, key), change_of(previous, item)
            yield Change(f"{rule.path}[{key}]", _route(rule, previous, item), words, kind=kind_)
    for key, (_, item) in old_items.items():
        if key not in new_items:
            yield Change(f"{rule.path}[{key}]", rule.removed, _words(rule, item, None, key), kind="delete")


def keyed(collection: Any, key: str) -> dict[str, tuple[str, Any]]:
    """Return a collection's items by the key that tells them apart (hosts in lower case), each with its written key."""
    if key == "host":
        return {host.lower(): (host, item if item is not None else {}) for host, item in (collection or {}).items()}
    return {str(_name(item)): (str(_name(item)), item) for item in collection or []}


def _item_path(path: str, key: str, task: dict[str, Any]) -> str:
    """Return the path of an item that a rule knows by its key; of the collection itself without a key."""
    items = value_at(task, path)
    if key and isinstance(items, list):
        return f"{path}[{[str(_name(item)) for item in items].index(key)}]"
    written = [host for host in items if host.lower() == key] if key and isinstance(items, dict) else []
    return f'{path}["{written[0]}"]' if written else path


def _name(item: Any) -> Any:
    return item.get("name") if isinstance(item, dict) else item


def value_at(task: dict[str, Any], path: str) -> Any:
    """Return the value at a dotted path, None where the path ends early. An unknown value on the path is returned."""
    value: Any = task
    for part in path.split(".") if path else []:
        if not isinstance(value, dict):
            return value if is_unknown(value) else None
        value = value.get(part)
    return value


def _definition(path: str, task: dict[str, Any]) -> str:
    """Return the definition of the object at a path; that of a step depends on its type."""
    definition = "Task"
    for part in path.split(".") if path else []:
        definition = members(definition)[part].name
    value = value_at(task, path)
    return variant(definition, value) if isinstance(value, dict) else definition
