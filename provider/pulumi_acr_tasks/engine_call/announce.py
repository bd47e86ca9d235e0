"""What `diff` announces: the request that follows, and only where one follows.

The engine asks `diff` in a refresh too, and when it looks for what a replacement takes along; nothing is sent then. It
asks `check` first only where it is about to create or update. (Source: facts/pulumi.md, section 2.2.)
"""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.schema.spelling import parse, value_at

# The constructor's word to `check`: the paths of `replace_on_changes`, which the engine tells no provider. It is in no
# state, because `check` leaves out what begins so.
REPLACE_ON_CHANGES = "__replaceOnChanges"

_checked: dict[str | None, list[str]] = {}


def checked(urn: str | None, props: dict[str, Any]) -> None:
    """Note that the resource has just been checked, with these properties."""
    paths = props.get(REPLACE_ON_CHANGES)
    _checked[urn] = [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def awaited(urn: str | None) -> list[str] | None:
    """Return the paths of `replace_on_changes` when `diff` comes right after `check`, once; None otherwise."""
    return _checked.pop(urn, None)


def replaced_by_options(paths: list[str], old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the paths, of those, at which the engine will see a difference, and replace the resource.

    `old` and `new` are a resource's inputs, as far as they may differ.
    """
    segments = {path: parse(path) for path in paths}
    if ["*"] in segments.values():
        segments = {name: [name] for name in sorted({*old, *new})}
    return [path for path, way in segments.items() if way and value_at(old, way) != value_at(new, way)]
