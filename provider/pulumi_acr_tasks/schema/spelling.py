"""Names in ARM's spelling: of inputs, and within the property paths of resource options such as `ignore_changes`.

The grammar of paths is the engine's: `a.b`, `a[0]`, `a["any key"]`, `a[*]`, `*`. (Source: pulumi/sdk,
properties_path.go.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_acr_tasks.schema.definitions import CONTEXT_HASHES, Kind, camel_case, members, variant
from pulumi_acr_tasks.schema.values import UNKNOWN, is_unknown

_SEGMENT = re.compile(r'\.?(?P<name>[^.\[]+)|\.?\[(?P<index>\d+)\]|\.?\["(?P<key>(?:\\"|[^"])*)"\]|\.?\[(?P<all>\*)\]')

# The registry's parts are one input once they are checked.
_REGISTRY = ("registryId", "subscriptionId", "resourceGroupName", "registryName")
# What stands for another input too: a context is known by the hashes of its files.
_TOGETHER = {
    "context": ("context", *CONTEXT_HASHES),
    "contextHash": CONTEXT_HASHES,
    **dict.fromkeys(_REGISTRY, _REGISTRY),
}


def spelled(props: dict[str, Any], inputs: Mapping[str, Kind]) -> dict[str, Any]:
    """Return the inputs of a resource with every name of a definition as ARM spells it.

    A transform of the program may add names in Python's spelling after the constructor has translated its own; such a
    name wins. Keys of maps stay as they are. Names that no definition knows do too, and `check` reports them. Null is
    left out of objects and maps, because the service would read it as a removal.
    """
    return _members(props, inputs)


def translate(path: str, inputs: Mapping[str, Kind]) -> list[str]:
    """Return the paths in state that a path in a program means, for a resource with these inputs.

    Names of members are spelled as ARM does; keys of maps, and everything below values of any kind, stay as they are.
    A path that cannot be parsed comes back as it is: the engine judges it.
    """
    segments = parse(path)
    if not segments:
        return [path]
    root = camel_case(str(segments[0]))
    rest = _segments(segments[1:], inputs.get(root))
    if not rest and root in _TOGETHER:
        return list(_TOGETHER[root])
    return [render([root, *rest])]


def parse(path: str) -> list[str | int]:
    """Return a path's segments, an index as a number; an empty list when `path` is not a path."""
    segments: list[str | int] = []
    position = 0
    while position < len(path):
        match = _SEGMENT.match(path, position)
        if match is None or (position == 0 and path.startswith(".")):
            return []
        position = match.end()
        if match["index"] is not None:
            segments.append(int(match["index"]))
        elif match["key"] is not None:
            segments.append(match["key"].replace('\\"', '"'))
        else:
            segments.append(match["name"] or match["all"])
    return segments


def render(segments: list[str | int]) -> str:
    """Return the path of these segments, with brackets where a key is not a plain name."""
    path = ""
    for segment in segments:
        if isinstance(segment, int):
            path += f"[{segment}]"
        elif re.fullmatch(r"\w+", segment, re.ASCII) or segment == "*" == "".join(map(str, segments)):
            path += f".{segment}" if path else segment
        else:
            path += '["' + segment.replace('"', '\\"') + '"]'
    return path


def value_at(value: Any, segments: list[str | int]) -> Any:
    """Return the value at a path, the owner where the path says all members, or None where the path leads nowhere."""
    for segment in segments:
        if segment == "*":
            return value
        if isinstance(value, dict):
            value = value.get(segment)
        elif isinstance(value, list) and isinstance(segment, int) and segment < len(value):
            value = value[segment]
        else:
            return None
    return value


def without_ignored(
    news: dict[str, Any], olds: dict[str, Any], paths: Iterable[str], inputs: Mapping[str, Kind]
) -> dict[str, Any]:
    """Return the new inputs with the old ones at the paths of `ignore_changes` that the engine could not read.

    A transformation adds paths after the constructor has translated its own; the engine knows ARM's spelling alone.
    """
    for path in paths:
        for meant in translate(path, inputs):
            segments = parse(meant)
            if meant != path and segments:
                news = _reset(news, olds, segments)
    return news


def _reset(new: Any, old: Any, segments: list[str | int]) -> Any:
    """Return a copy of `new` with the old value at a path; `new` itself where either leads nowhere."""
    segment, *rest = segments
    if isinstance(new, dict) and isinstance(old, dict) and isinstance(segment, str):
        if rest:
            both = segment in new and segment in old
            return {**new, segment: _reset(new[segment], old[segment], rest)} if both else new
        kept = {name: value for name, value in new.items() if name != segment}
        return {**kept, segment: old[segment]} if segment in old else kept
    if (
        isinstance(new, list)
        and isinstance(old, list)
        and isinstance(segment, int)
        and segment < min(len(new), len(old))
    ):
        value = _reset(new[segment], old[segment], rest) if rest else old[segment]
        return [*new[:segment], value, *new[segment + 1 :]]
    return new


def _segments(segments: list[str | int], of: Kind | None) -> list[str | int]:
    """Return the segments that follow a value of that kind, in ARM's spelling."""
    spelled: list[str | int] = []
    for segment in segments:
        if of is not None and of.container:
            of = of.item
        elif of is not None and of.is_object and isinstance(segment, str):
            known = members(of.name)
            segment = segment if segment in known else camel_case(segment) if camel_case(segment) in known else segment
            of = known.get(segment)
        else:
            of = None
        spelled.append(segment)
    return spelled


def _members(value: dict[str, Any], kinds: Mapping[str, Kind]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    translated = set[str]()
    for name, item in value.items():
        camel = camel_case(name)
        target = name if name in kinds or camel not in kinds else camel
        if target in translated:
            continue
        if target != name:
            translated.add(target)
        result[target] = _value(item, kinds[target]) if target in kinds else item
    return result


def _value(value: Any, of: Kind) -> Any:
    if of.name == "UserIdentityProperties" and isinstance(value, list):
        if any(is_unknown(id_) for id_ in value):
            return UNKNOWN
        return {id_: {} for id_ in value} if all(isinstance(id_, str) for id_ in value) else value
    if of.container == "list" and isinstance(value, list):
        return [_value(item, of.item) for item in value]
    if of.container == "map" and isinstance(value, dict):
        # The null of an identity stands for its members, of which a program gives none.
        kept = of.name == "UserIdentityProperties"
        return {key: _value(item, of.item) for key, item in value.items() if kept or item is not None}
    if of.is_object and not of.container and isinstance(value, dict):
        given = {name: item for name, item in value.items() if item is not None}
        return _members(given, members(variant(of.name, value)))
    return value
