"""Platforms: which operating system goes with which architecture and variant. (Source: facts, section 3.1.)"""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.validate.problem import Problem, member_path

# 386 and arm64 came with later versions of the API, which the same service answers.
_ARCHITECTURES = ("amd64", "x86", "arm", "386", "arm64")
_ALLOWED = {"os": ("Linux", "Windows"), "architecture": _ARCHITECTURES, "variant": ("v6", "v7", "v8")}
_VARIANTS = {"arm": ("v6", "v7", "v8"), "arm64": ("v8",)}


def check_platform(value: Any, path: str) -> list[Problem]:
    """Says what is wrong with the values of a platform; its shape is check_value's."""
    if not isinstance(value, dict):
        return []
    problems = [
        Problem(member_path(path, name), f"is {value[name]!r}; it is one of {', '.join(allowed)}")
        for name, allowed in _ALLOWED.items()
        if isinstance(value.get(name), str) and value[name].lower() not in [choice.lower() for choice in allowed]
    ]
    if problems:
        return problems
    os, architecture, variant = (
        item.lower() if isinstance(item := value.get(name), str) else item for name in ("os", "architecture", "variant")
    )
    if os == "windows" and architecture not in (None, "amd64") and isinstance(architecture, str):
        return [Problem(member_path(path, "architecture"), f"is {architecture!r}; Windows runs on amd64 only")]
    if isinstance(variant, str) and (architecture is None or isinstance(architecture, str)):
        of = _VARIANTS.get(architecture or "", ())
        if variant not in of:
            allowed = f"of {architecture}: {', '.join(of)}" if of else "only arm and arm64 have one"
            return [Problem(member_path(path, "variant"), f"is {variant!r}; {allowed}")]
    return []
