"""Places in a resource's properties, read only when asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pulumi_policy import proxy
from pulumi_policy.proxy import UnknownValueError

UNKNOWN = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))


class Place:
    """One value in the properties of a resource, known by its path; making a place reads nothing.

    What policies are given are proxies: neither dict nor list, numbers are floats, and touching an unknown value
    raises UnknownValueError. In a remediation the proxies are others, and unknown values are bare sentinels: a place
    raises the same error for both. A member that is left out reads as None.
    """

    def __init__(self, properties: Any, parent: Place | None = None, key: str | int = "") -> None:
        self._properties = properties
        self._parent = parent
        self._key = key

    def __getitem__(self, key: str | int) -> Place:
        return Place(self._properties, self, key)

    @property
    def path(self) -> str:
        """The place as a Python program spells it, such as `step.arguments[0].is_secret`."""
        if self._parent is None:
            return ""
        if isinstance(self._key, int):
            return f"{self._parent.path}[{self._key}]"
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", self._key).lower()
        return f"{self._parent.path}.{name}".lstrip(".")

    def value(self) -> Any:
        """Reads the value; raises UnknownValueError when it, or what holds it, is unknown in this preview."""
        if self._parent is None:
            return self._properties
        holder = self._parent.value()
        # list(holder), because `in holder` would touch the value.
        if isinstance(self._key, str) and not (isinstance(holder, Mapping) and self._key in list(holder)):
            return None
        found = holder[self._key]
        if isinstance(found, str) and found in UNKNOWN:
            raise UnknownValueError(found, [self.path])
        return found

    def known(self) -> bool:
        """Whether the value can be read now."""
        try:
            self.value()
        except UnknownValueError:
            return False
        return True

    def exists(self) -> bool:
        """Whether there is a value, be it unknown."""
        return not self.known() or self.value() is not None

    def text(self) -> str | None:
        """The value when it is a string, else None."""
        value = self.value()
        return value if isinstance(value, str) else None

    def number(self) -> float | None:
        """The value when it is a number, else None."""
        value = self.value()
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def flag(self) -> bool | None:
        """The value when it is a boolean, else None."""
        value = self.value()
        return value if isinstance(value, bool) else None

    def items(self) -> list[Place]:
        """The places of a list's items. An unknown list is one item, which says so when it is read."""
        if not self.known():
            return [self]
        value = self.value()
        if not isinstance(value, Sequence) or isinstance(value, str):
            return []
        return [self[index] for index in range(len(value))]

    def write(self, value: Any) -> None:
        """Sets the value in place, which is what keeps the secret marks of everything around it."""
        if self._parent is None:
            raise ValueError("the properties themselves cannot be replaced")
        self._parent.value()[self._key] = value
