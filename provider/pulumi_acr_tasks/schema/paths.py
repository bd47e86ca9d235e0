"""Property paths of resource options (`ignore_changes`, `replace_on_changes`), in ARM's spelling.

The grammar is the engine's: `a.b`, `a[0]`, `a["any key"]`, `a[*]`, `*`. (Source: pulumi/sdk, properties_path.go.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, camel_case, kind, members

_SEGMENT = re.compile(r'\.?(?P<name>[^.\[]+)|\.?\[(?P<index>\d+)\]|\.?\["(?P<key>(?:\\"|[^"])*)"\]|\.?\[(?P<all>\*)\]')

# The registry's parts are one input once they are checked.
_REGISTRY = ("registryId", "subscriptionId", "resourceGroupName", "registryName")
# What stands for another input too: a context is known by the hashes of its files.
_HASHES = ("contextHash", "contextContents", "contextTree")
_TOGETHER = {"context": ("context", *_HASHES), "contextHash": _HASHES, **dict.fromkeys(_REGISTRY, _REGISTRY)}


def translate(path: str, inputs: Mapping[str, str]) -> list[str]:
    """Return the paths in state that a path in a program means, for a resource with these inputs.

    `inputs` gives each input's kind by its name in Python, as plan.definitions writes kinds. Names of members are
    spelled as ARM does; keys of maps, and everything below values of any kind, stay as they are. A path that cannot be
    parsed comes back as it is: the engine judges it.
    """
    segments = parse(path)
    if not segments:
        return [path]
    root = camel_case(str(segments[0]))
    of = next((kind(notation) for name, notation in inputs.items() if camel_case(name) == root), None)
    rest = list(_spelled(segments[1:], of))
    if not rest and root in _TOGETHER:
        return list(_TOGETHER[root])
    return [render([root, *rest])]


def parse(path: str) -> list[str | int]:
    """Return a path's segments, an index as a number; an empty list when it is no path."""
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
    """Return the path of these segments, with brackets where a key is no plain name."""
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
    """Return the value at a path; where it says all members, their owner; None where the way ends."""
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
    news: dict[str, Any], olds: dict[str, Any], paths: Iterable[str], inputs: Mapping[str, str]
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
    """Return a copy of `new` with the old value at a path; `new` itself where either way ends."""
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


def _spelled(segments: list[str | int], of: Kind | None) -> list[str | int]:
    """Spell the segments that follow a value of that kind."""
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
