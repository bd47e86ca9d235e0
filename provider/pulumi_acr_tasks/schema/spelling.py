"""Inputs in ARM's spelling, whoever wrote them: a transform of the program sees them after the constructor has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, camel_case, kind, members, variant
from pulumi_acr_tasks.schema.values import UNKNOWN, is_unknown


def spelled(props: dict[str, Any], inputs: Mapping[str, str]) -> dict[str, Any]:
    """Return the inputs of a resource with every name of a definition as ARM spells it.

    `inputs` gives each input's kind by its name in Python, as plan.definitions writes kinds. Keys of maps stay as they
    are; names that no definition knows do too, for `check` to report. A name in Python's spelling wins: the
    constructor leaves none, so a transform has set it since.
    """
    kinds = {camel_case(name): kind(notation) for name, notation in inputs.items()}
    return _members(props, kinds)


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
        return UNKNOWN if any(is_unknown(id_) for id_ in value) else {id_: {} for id_ in value}
    if of.container == "list" and isinstance(value, list):
        return [_value(item, of.item) for item in value]
    if of.container == "map" and isinstance(value, dict):
        return {key: _value(item, of.item) for key, item in value.items()}
    if of.is_object and not of.container and isinstance(value, dict):
        return _members(value, members(variant(of.name, value)))
    return value
