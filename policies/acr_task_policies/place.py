"""Values in a resource's properties by path, each read when a rule needs it."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any, cast

from pulumi_policy import proxy
from pulumi_policy.proxy import UnknownValueError

UNKNOWN = frozenset(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))


class Place:
    """A value in the properties of a resource, known by its path; making a place reads nothing.

    Policies are given proxies: neither dict nor list, numbers are floats, and touching an unknown value raises
    UnknownValueError. In a remediation the proxies are others, and unknown values are bare sentinels: a place raises
    the same error for both. A member that is left out reads as None.

    `in_python`: paths spell members as Python programs do (`is_secret`), and not as the service does (`isSecret`).
    """

    def __init__(
        self,
        properties: Any,
        parent: Place | None = None,
        key: str | int = "",
        *,
        is_entry: bool = False,
        in_python: bool = False,
    ) -> None:
        self._properties = properties
        self._parent = parent
        self._key = key
        self._is_entry = is_entry
        self._in_python = in_python

    def __getitem__(self, key: str | int) -> Place:
        return Place(self._properties, self, key, in_python=self._in_python)

    @property
    def key(self) -> str:
        """Return the name of the member, the key of the entry, or the index of the item."""
        return str(self._key)

    @property
    def name(self) -> str:
        """Return the name of the member as the program spells it, such as `is_secret`."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", self.key).lower() if self._in_python else self.key

    @property
    def path(self) -> str:
        """Return the path as the program spells it, such as `step.arguments[0].is_secret`."""
        if self._parent is None:
            return ""
        if isinstance(self._key, int):
            return f"{self._parent.path}[{self._key}]"
        if self._is_entry:
            return f'{self._parent.path}["{self._key}"]'
        return f"{self._parent.path}.{self.name}".lstrip(".")

    def value(self) -> Any:
        """Return the value; raise UnknownValueError when it, or what holds it, is unknown in this preview."""
        if self._parent is None:
            return self._properties
        holder = self._parent.value()
        if isinstance(self._key, int) or (isinstance(holder, Mapping) and self._key in list(holder)):
            found = holder[self._key]
        else:
            return None
        if isinstance(found, str) and found in UNKNOWN:
            raise UnknownValueError(found, [self.path])
        return found

    def known(self) -> bool:
        """Return whether the value can be read now."""
        try:
            self.value()
        except UnknownValueError:
            return False
        return True

    def exists(self) -> bool:
        """Return whether there is a value, be it unknown."""
        return not self.known() or self.value() is not None

    def text(self) -> str | None:
        """Return the value when it is a string, else None."""
        value = self.value()
        return value if isinstance(value, str) else None

    def number(self) -> float | None:
        """Return the value when it is a number, else None."""
        value = self.value()
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    def flag(self) -> bool | None:
        """Return the value when it is a boolean, else None."""
        value = self.value()
        return value if isinstance(value, bool) else None

    def items(self) -> list[Place]:
        """Return the places of a list's items. An unknown list is one item, and reading it raises UnknownValueError."""
        if not self.known():
            return [self]
        value = self.value()
        if not isinstance(value, Sequence) or isinstance(value, str):
            return []
        return [self[index] for index in range(len(value))]

    def entries(self) -> list[Place]:
        """Return the places of a map's entries, with keys that the user chose. An unknown map is one entry."""
        if not self.known():
            return [self]
        value = self.value()
        keys = list(value) if isinstance(value, Mapping) else []
        return [Place(self._properties, self, key, is_entry=True, in_python=self._in_python) for key in keys]

    def write(self, value: Any) -> None:
        """Set the value in place, which keeps the secret marks of everything around it.

        Leave an owner of the wrong shape alone: the provider refuses it with a sentence of its own.
        """
        owner = cast("MutableMapping[str | int, Any]", self._parent.value() if self._parent is not None else None)
        if isinstance(owner, Mapping):  # a proxy can be written, and calls itself a Mapping alone
            owner[self._key] = value
