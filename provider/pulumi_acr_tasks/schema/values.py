"""Values as the engine hands them over: numbers, and values that are not known yet."""

from __future__ import annotations

from typing import Any


class Unknown:
    """A value that the engine does not know yet; it equals nothing, not even itself."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return False

    def __ne__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = Unknown()


def from_engine(value: Any) -> Any:
    """Return a value from the engine as the program wrote it: whole floats become ints.

    The engine hands over every number as a float. Booleans, fractions, and objects that are neither dicts nor lists
    (Pulumi's own Unknown among them) come back untouched.
    """
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: from_engine(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_engine(item) for item in value]
    return value


def is_unknown(value: Any) -> bool:
    """Return whether a value itself is unknown."""
    return isinstance(value, Unknown)


def contains_unknown(value: Any) -> bool:
    """Return whether a value, or any value within it, is unknown."""
    if isinstance(value, dict):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return is_unknown(value)
