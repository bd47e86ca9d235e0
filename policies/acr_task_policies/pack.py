"""Which rules there are: those that stand in the folder."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from pulumi_policy import Policy

from . import rules


def policies() -> list[Policy]:
    """Finds the policies of all files in `rules`, in the order of the files' names."""
    found: list[Policy] = []
    for module in sorted(pkgutil.iter_modules(rules.__path__), key=lambda each: each.name):
        members = vars(import_module(f"{rules.__name__}.{module.name}"))
        found += [member for member in members.values() if isinstance(member, Policy)]
    return found
