"""The rules of the pack, found by walking their folders."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from pulumi_policy import Policy

from . import rules


def policies() -> list[Policy]:
    """Return the policies of all files below `rules`, in the order of folders and files."""
    found: list[Policy] = []
    modules = pkgutil.walk_packages(rules.__path__, f"{rules.__name__}.")
    for module in sorted(modules, key=lambda each: each.name):
        if not module.ispkg:
            members = vars(import_module(module.name))
            found += [member for member in members.values() if isinstance(member, Policy)]
    return found
