"""Typed members of a task file, by the agent's rules.

Any plain scalar may be a text, as it is written. A quoted text is neither a number nor a boolean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acr_tasks_emulator.execution.task_file.graph import GraphError
from acr_tasks_emulator.execution.task_file.yaml_scalars import Scalar

LONGEST = 2**31 - 1
"""The largest number that is taken: 68 years in seconds, which every timer can still wait for."""


def mapping_of(tree: Any, what: str) -> Mapping[str, Any]:
    """Return a mapping, empty where there is nothing. Raises GraphError, as all of these do."""
    if _is_nothing(tree):
        return {}
    if not isinstance(tree, dict):
        raise _wrong(tree, "a mapping", f"{what} has to be a mapping")
    return tree


def items(mapping: Mapping[str, Any], name: str, what: str = "things") -> list[Any]:
    """Return a list, empty when it is missing. what: its items, for an error."""
    value = mapping.get(name)
    if _is_nothing(value):
        return []
    if not isinstance(value, list):
        raise _wrong(value, "a list", f"{name} has to be a list of {what}")
    return value


def mappings(mapping: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """Return a list of mappings, empty when it is missing."""
    return [mapping_of(item, f"{name}[{number}]") for number, item in enumerate(items(mapping, name, "mappings"))]


def text(mapping: Mapping[str, Any], name: str) -> str | None:
    """Return a text, or None when it is missing."""
    value = mapping.get(name)
    return None if _is_nothing(value) else text_of(value, name).strip()


def text_of(tree: Any, what: str) -> str:
    """Return a text as it is written; empty for nothing."""
    if _is_nothing(tree):
        return ""
    if not isinstance(tree, Scalar):
        kind = "list" if isinstance(tree, list) else "mapping"
        raise _wrong(tree, "string", f"{what} is a {kind}, and has to be text")
    return tree.text


def texts(mapping: Mapping[str, Any], name: str, what: str = "texts") -> list[str]:
    """Return a list of texts, empty when it is missing. what: its items, for an error."""
    return [text_of(item, f"{name}[{number}]") for number, item in enumerate(items(mapping, name, what))]


def whole(mapping: Mapping[str, Any], name: str, default: int, negative: str | None = None) -> int:
    """Return a whole number from 0 to LONGEST, without its fraction. negative: the error for a number below 0, which
    counts as 0 without it."""
    value = mapping.get(name)
    if _is_nothing(value):
        return default
    if not isinstance(value, Scalar) or value.tag not in ("!!int", "!!float"):
        raise _wrong(value, "int", f"{name} has to be a whole number")
    if not value.value <= LONGEST:
        raise GraphError(f"{name} must not be greater than {LONGEST}")
    number = int(max(value.value, -1))
    if number < 0 and negative:
        raise GraphError(negative)
    return max(number, 0)


def flag(mapping: Mapping[str, Any], name: str) -> bool:
    """Return true or false; false when it is missing."""
    value = mapping.get(name)
    if _is_nothing(value):
        return False
    if not isinstance(value, Scalar) or value.tag != "!!bool":
        raise _wrong(value, "bool", f"{name} has to be true or false")
    return bool(value.value)


def _is_nothing(tree: Any) -> bool:
    return tree is None or (isinstance(tree, Scalar) and tree.tag == "!!null")


def _wrong(tree: Any, wanted: str, sentence: str) -> GraphError:
    tag = tree.tag if isinstance(tree, Scalar) else "!!seq" if isinstance(tree, list) else "!!map"
    where = f"line {tree.line}: " if isinstance(tree, Scalar) else ""
    return GraphError(f"yaml: unmarshal errors: {where}cannot unmarshal {tag} into {wanted}: {sentence}")
