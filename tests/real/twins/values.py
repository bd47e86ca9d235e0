"""The engine's values, their messages, and the engine's work on them between two calls of a provider.

The engine's code is in Go. (Source: pulumi/pkg v3.259, resource/plugin/provider_plugin.go, resource/deploy/
step_generator.go, and pulumi/sdk, go/common/resource.)
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

from google.protobuf import json_format, struct_pb2

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN_STRING = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"

Values = dict[str, Any]


@dataclass(frozen=True)
class Secret:
    """A value that is marked as secret."""

    value: Any


@dataclass(frozen=True)
class Unknown:
    """A value that is not known yet."""


UNKNOWN = Unknown()


def marshal(values: Values, *, secrets: bool) -> struct_pb2.Struct:
    """Return the message of values; without `secrets`, no value is marked."""
    message = struct_pb2.Struct()
    message.update(_json(values, secrets))
    return message


def unmarshal(message: struct_pb2.Struct) -> Values:
    """Return the values of a message. Nulls are left out, as the engine does."""
    found: Values = _values(json_format.MessageToDict(message))
    return found


def annotated(outs: Values, ins: Values) -> Values:
    """Return `outs` with the marks of `ins`, which the engine copies for a provider that takes no marks."""
    marked = dict(outs)
    for name, value in ins.items():
        if name not in outs:
            continue
        if isinstance(outs[name], dict) and isinstance(value, dict):
            marked[name] = annotated(outs[name], value)
        elif not isinstance(outs[name], Secret) and contains(value, Secret):
            marked[name] = Secret(outs[name])
    return marked


def contains(value: Any, kind: type) -> bool:
    """Return whether a value of that kind is in `value`."""
    if isinstance(value, kind):
        return True
    if isinstance(value, Secret):
        return contains(value.value, kind)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(contains(each, kind) for each in inner)


def plain(value: Any) -> Any:
    """Return a value without marks."""
    if isinstance(value, Secret):
        return plain(value.value)
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def reset(news: Values, olds: Values, path: list[str | int]) -> Values:
    """Return `news` with the value of `olds` at a path of ignoreChanges, as far as both have the path's owner."""
    changed = copy.deepcopy(news)
    owner, before = changed, olds
    for part in path[:-1]:
        if not (_has(owner, part) and _has(before, part)):
            return news
        owner, before = owner[part], before[part]  # type: ignore[index]
    last = path[-1]
    if _has(before, last) and isinstance(owner, dict if isinstance(last, str) else list):
        owner[last] = before[last]  # type: ignore[index]
    elif isinstance(owner, dict):
        owner.pop(last, None)  # type: ignore[call-overload]
    return changed


def _has(owner: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(owner, list) and part < len(owner)
    return isinstance(owner, dict) and part in owner


def _json(value: Any, secrets: bool) -> Any:
    if isinstance(value, Secret):
        inner = _json(value.value, secrets)
        return {SIGNATURE: SECRET, "value": inner} if secrets else inner
    if isinstance(value, Unknown):
        return UNKNOWN_STRING
    if isinstance(value, dict):
        return {name: _json(item, secrets) for name, item in value.items()}
    return [_json(item, secrets) for item in value] if isinstance(value, list) else value


def _values(value: Any) -> Any:
    if isinstance(value, dict):
        if value.get(SIGNATURE) == SECRET:
            return Secret(_values(value["value"]))
        return {name: _values(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_values(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return UNKNOWN if value == UNKNOWN_STRING else value
