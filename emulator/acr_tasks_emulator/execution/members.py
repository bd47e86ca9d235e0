"""The members of a task file, each of the kind that it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from acr_tasks_emulator.execution.graph import GraphError

LONGEST = 2**31 - 1
"""The largest number that is taken: 68 years in seconds, which every timer can still wait for."""


def mappings(mapping: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A list of mappings, empty where there is none. Raises GraphError, as all of these do."""
    value = mapping.get(name) or []
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise GraphError(f"{name} has to be a list of mappings")
    return value


def text(mapping: Mapping[str, Any], name: str) -> str | None:
    """A text, or None where there is none."""
    value = mapping.get(name)
    if value is None:
        return None
    if isinstance(value, (list, dict)):
        raise GraphError(f"{name} is a {'list' if isinstance(value, list) else 'mapping'}, and has to be text")
    return str(value).strip()


def texts(mapping: Mapping[str, Any], name: str) -> list[str]:
    """A list of texts, empty where there is none."""
    value = mapping.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or any(isinstance(item, (list, dict)) for item in value):
        raise GraphError(f"{name} has to be a list of texts")
    return [str(item) for item in value]


def whole(mapping: Mapping[str, Any], name: str, default: int, negative: str | None = None) -> int:
    """A whole number from 0 to LONGEST. negative: what is said of one below."""
    value = mapping.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphError(f"{name} has to be a whole number")
    if value < 0:
        raise GraphError(negative or f"{name} must not be negative")
    if value > LONGEST:
        raise GraphError(f"{name} must not be greater than {LONGEST}")
    return value


def flag(mapping: Mapping[str, Any], name: str) -> bool:
    """True or false; false where there is none."""
    value = mapping.get(name)
    if value is None or isinstance(value, bool):
        return bool(value)
    raise GraphError(f"{name} has to be true or false")
