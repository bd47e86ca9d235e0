"""Values of the engine's messages as plain ones, and back.

Plain values have whole numbers as ints, UNKNOWN for what is not known yet, and no marks of secrets. The paths of the
marks are kept apart, so that the answer marks the same values again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc

from pulumi_acr_tasks.host.sdk import SECRET, SIGNATURE, marked_secret
from pulumi_acr_tasks.schema.definitions import camel_case
from pulumi_acr_tasks.schema.secrets import Mask, leaves, mask_of
from pulumi_acr_tasks.schema.spelling import value_at
from pulumi_acr_tasks.schema.values import UNKNOWN, Unknown, from_engine

Path = tuple[str | int, ...]

# The signature of an output. (Source: pulumi/sdk/proto, "special signatures".)
_OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"


@dataclass
class Properties:
    """The properties of a message: plain values, and the paths of those that are marked as secret.

    `internal` has the properties whose names begin with `__`: the engine's own, and those of our constructors.
    """

    values: dict[str, Any] = field(default_factory=dict)
    secrets: set[Path] = field(default_factory=set)
    internal: dict[str, Any] = field(default_factory=dict)


def read(message: struct_pb2.Struct) -> Properties:
    """Return the properties of a message."""
    found = Properties()
    for name, value in message.fields.items():
        internal = name.startswith("__")
        plain = _plain(value, (name,), set() if internal else found.secrets)
        if plain is not None:
            (found.internal if internal else found.values)[name] = plain
    return found


def write(values: dict[str, Any], secrets: Iterable[Path] = (), *, whole_lists: bool = True) -> struct_pb2.Struct:
    """Return the message of plain values in which some are marked already, with more marks at the paths of `secrets`.

    With `whole_lists` a list that has a secret is marked as a whole, as the engine itself marks outputs.
    """
    for path in secrets:
        values = _marked(values, path, whole_lists)
    message = struct_pb2.Struct()
    message.update(_message(values))
    return message


def differently_marked(olds: Properties, news: Properties) -> bool:
    """Return whether a value that both have is marked as secret in one of them only."""
    paths = {_whole_list(path) for path in olds.secrets} ^ {_whole_list(path) for path in news.secrets}
    return any(_has(olds.values, path) and _has(news.values, path) for path in paths)


def masked(text: str, *properties: Properties) -> str:
    """Return a text without the secrets of these properties: those by their nature, and those that are marked."""
    for each in properties:
        marked = [value_at(each.values, list(path)) for path in each.secrets]
        program = Mask(leaf for value in marked for leaf in leaves(value))
        mask = mask_of(each.values)
        text = "\n".join(program(mask(line)) for line in text.split("\n"))
    return text


def _plain(value: struct_pb2.Value, path: Path, secrets: set[Path]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _object(value.struct_value, path, secrets)
    if kind == "list_value":
        return [_plain(item, (*path, index), secrets) for index, item in enumerate(value.list_value.values)]
    if kind == "string_value":
        return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
    if kind == "number_value":
        return from_engine(value.number_value)
    return value.bool_value if kind == "bool_value" else None


def _object(message: struct_pb2.Struct, path: Path, secrets: set[Path]) -> Any:
    fields = message.fields
    signature = fields[SIGNATURE].string_value if SIGNATURE in fields else ""
    if signature == SECRET:
        secrets.add(path)
        return _plain(fields["value"], path, secrets)
    if signature == _OUTPUT:
        if "secret" in fields and fields["secret"].bool_value:
            secrets.add(path)
        return _plain(fields["value"], path, secrets) if "value" in fields else UNKNOWN
    if signature:
        # A resource becomes its id; an asset or archive stays one, and `check` refuses it.
        found = rpc.deserialize_property(message, keep_unknowns=True)
        return UNKNOWN if found == rpc.UNKNOWN else found
    items = ((name, _plain(value, (*path, name), secrets)) for name, value in fields.items())
    return {name: item for name, item in items if item is not None}


def _whole_list(path: Path) -> tuple[str, ...]:
    """Return a path in lower case, that of the list in place of an item's.

    The engine marks a list of outputs as a whole. Some keys mean the same in any case: hosts, and ids of Azure.
    """
    return tuple(str(part).lower() for part in itertools.takewhile(lambda part: isinstance(part, str), path))


def _has(value: Any, path: tuple[str, ...]) -> bool:
    """Return whether there is a value at a path whose names are in lower case."""
    for part in path:
        members = {name.lower(): item for name, item in value.items()} if isinstance(value, dict) else {}
        if part not in members:
            return False
        value = members[part]
    return True


def _marked(value: Any, path: Path, whole_lists: bool) -> Any:
    """Return a value with a mark at a path, whose names may have another spelling or case than the value's.

    A member that is not there any more needs no mark. Where a list has become a map, the mark is on all of it.
    """
    if isinstance(value, Unknown) or value is None or (isinstance(value, dict) and SIGNATURE in value):
        return value
    at = path[0] if path else None
    if isinstance(value, dict) and isinstance(at, str):
        spellings = (at.lower(), camel_case(at).lower())
        names = {
            name: _marked(item, path[1:], whole_lists) for name, item in value.items() if name.lower() in spellings
        }
        return {**value, **names}
    if isinstance(value, list) and isinstance(at, int) and at < len(value) and not whole_lists:
        return [*value[:at], _marked(value[at], path[1:], whole_lists), *value[at + 1 :]]
    return marked_secret(value)


def _message(value: Any) -> Any:
    if isinstance(value, Unknown):
        return rpc.UNKNOWN
    if isinstance(value, dict):
        return {name: _message(item) for name, item in value.items() if item is not None}
    return [_message(item) for item in value] if isinstance(value, list) else value
