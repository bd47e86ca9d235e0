"""The list of all resources of a subscription or group, and its `$filter`."""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.odata import Grammar, Test
from acr_tasks_emulator.services.odata import compile_filter as compile_odata

Resource = dict[str, Any]

_GRAMMAR = Grammar(
    properties={
        "resourcetype": lambda resource: resource["type"],
        "name": lambda resource: resource["name"],
        "location": lambda resource: resource["location"],
        "resourcegroup": lambda resource: resource["id"].split("/")[4],
        "tagname": lambda resource: list(resource.get("tags") or {}),
        "tagvalue": lambda resource: list((resource.get("tags") or {}).values()),
    },
    searches={"substringof": frozenset({"name", "resourcegroup"})},
    operators=frozenset({"eq", "ne"}),
)


def listed(resource: Resource) -> Resource:
    """Return the members of a resource that the list of all resources shows: no properties."""
    members = ("id", "name", "type", "location", "identity", "tags", "sku")
    return {name: resource[name] for name in members if name in resource}


def compile_filter(text: str | None) -> Test:
    """Return a test of a resource. Raises ServiceError when the text is not a filter that Resource Manager knows."""
    try:
        return compile_odata(text, _GRAMMAR)
    except ValueError:
        raise errors.INVALID_RESOURCE_FILTER(filter=text) from None
