"""The list of all resources of a subscription or group, and its `$filter`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from acr_tasks_emulator.services import errors

Resource = dict[str, Any]
Test = Callable[[Resource], bool]

_TEXT = r"'(?P<text>(?:[^']|'')*)'"
_COMPARISON = re.compile(rf"(?P<name>\w+)\s+(?P<word>eq|ne)\s+{_TEXT}", re.IGNORECASE)
_SUBSTRING = re.compile(rf"substringof\(\s*{_TEXT}\s*,\s*(?P<name>\w+)\s*\)", re.IGNORECASE)
_JOIN = re.compile(r"\s+(and|or)\s+", re.IGNORECASE)
_MEMBERS: dict[str, Callable[[Resource], str]] = {
    "resourcetype": lambda resource: str(resource["type"]),
    "name": lambda resource: str(resource["name"]),
    "location": lambda resource: str(resource["location"]),
    "resourcegroup": lambda resource: str(resource["id"]).split("/")[4],
}
_MEMBERS_OF_SUBSTRING = {"name", "resourcegroup"}


def generic(resource: Resource) -> Resource:
    """Return of a resource what the list of all resources shows: no properties."""
    members = ("id", "name", "type", "location", "identity", "tags", "sku")
    return {name: resource[name] for name in members if name in resource}


def compile_filter(text: str | None) -> Test:
    """Return a test of a resource. Raises ServiceError when the text is not a filter that Resource Manager knows.

    Comparisons (`eq`, `ne`) of resourceType, name, location, resourceGroup, tagName and tagValue, and `substringof`,
    joined by `and` and `or`; `and` binds closer. Names and values are compared without case.
    """
    if text is None or not text.strip():
        return lambda resource: True
    alternatives: list[list[Test]] = [[]]
    rest, word = text.strip(), "and"
    while True:
        match = _COMPARISON.match(rest) or _SUBSTRING.match(rest)
        if match is None:
            raise errors.INVALID_RESOURCE_FILTER(filter=text)
        if word == "or":
            alternatives.append([])
        alternatives[-1].append(_test(match, text))
        rest = rest[match.end() :]
        if not rest:
            return lambda resource: any(all(test(resource) for test in tests) for tests in alternatives)
        join = _JOIN.match(rest)
        if join is None:
            raise errors.INVALID_RESOURCE_FILTER(filter=text)
        word, rest = join[1].lower(), rest[join.end() :]


def _test(match: re.Match[str], whole: str) -> Test:
    name, value = match["name"].lower(), match["text"].replace("''", "'").lower()
    if match.re is _SUBSTRING:
        if name not in _MEMBERS_OF_SUBSTRING:
            raise errors.INVALID_RESOURCE_FILTER(filter=whole)
        return lambda resource: value in _MEMBERS[name](resource).lower()
    wanted = match["word"].lower() == "eq"
    if name in _MEMBERS:
        return lambda resource: (_MEMBERS[name](resource).lower() == value) is wanted
    if name == "tagname":
        return lambda resource: (value in {tag.lower() for tag in resource.get("tags") or {}}) is wanted
    if name == "tagvalue":
        return lambda resource: (
            (value in {str(each).lower() for each in (resource.get("tags") or {}).values()}) is wanted
        )
    raise errors.INVALID_RESOURCE_FILTER(filter=whole)
