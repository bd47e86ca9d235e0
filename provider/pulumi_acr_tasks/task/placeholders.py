"""Placeholders of secrets in the program of an imported task.

An import leaves `[secret]` in the inputs where the task has a secret, so that no secret stands in the program. Until
the user writes the secret there, the placeholder stands for the secret in the task's outputs, which the state encrypts.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, members, variant
from pulumi_acr_tasks.schema.secrets import (
    MASK,
    holds_placeholder,
    holds_secret,
    is_secret,
    map_secrets,
    without_secrets,
)
from pulumi_acr_tasks.schema.values import UNKNOWN, decoded

_TASK = Kind("Task")


def with_placeholders(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return a task's inputs with a placeholder for each secret, also for those in addresses and in task files."""
    return dict(map_secrets(inputs, _TASK, lambda _: MASK, _masked_text))


def filled(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return a task's inputs with the secrets of `old`, its outputs, in place of their placeholders."""
    return _replaced(new, old, with_placeholders(old), lambda secret: secret) if any(unfilled(new)) else new


def known_unknown(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return a task's inputs with UNKNOWN for each placeholder that stands for something in `old`, its old inputs."""
    return _replaced(new, old, with_placeholders(old), lambda _: UNKNOWN) if any(unfilled(new)) else new


def unfilled(
    value: Any, kind: Kind = _TASK, path: str = "", spelled: Callable[[str], str] = lambda name: name
) -> Iterator[str]:
    """Yield the path of each placeholder in a task's inputs; `spelled` returns a member's name as the path has it."""
    if isinstance(value, str):
        if holds_placeholder(value):
            yield path
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from unfilled(item, kind.item, f"{path}[{index}]", spelled)
    elif isinstance(value, dict) and (not kind.is_object or kind.container):
        for key, item in value.items():
            yield from unfilled(item, kind.item, f'{path}["{key}"]', spelled)
    elif isinstance(value, dict):
        definition = variant(kind.name, value)
        known = members(definition)
        for name, item in value.items():
            inner = f"{path}.{spelled(name)}" if path else spelled(name)
            if is_secret(definition, name, value) and item == MASK:
                yield inner
            elif name == "encodedTaskContent" and isinstance(item, str):
                yield from [inner] if holds_placeholder(decoded(item) or "") else []
            else:
                yield from unfilled(item, known.get(name, Kind("any")), inner, spelled)


def _masked_text(text: str) -> str:
    """Mask the secrets of the addresses in a text, or in a task file in base64."""
    if holds_secret(text):
        return without_secrets(text)
    return base64.b64encode(without_secrets(decoded(text) or "").encode()).decode()


def _replaced(new: Any, old: Any, placeholder: Any, value: Callable[[Any], Any]) -> Any:
    """Return `new` with `value(old)` at each place where `new` is the placeholder for `old`."""
    if isinstance(new, dict) and isinstance(old, dict):
        # The keys of a map may be hosts, whose case means nothing.
        keys = {**{key.lower(): key for key in old}, **{key: key for key in old}}
        places = {key: keys.get(key, keys.get(key.lower())) for key in new}
        return {
            key: item if (at := places[key]) is None else _replaced(item, old[at], placeholder[at], value)
            for key, item in new.items()
        }
    if isinstance(new, list) and isinstance(old, list):
        indexes = {_label(item, index): index for index, item in enumerate(old)}
        found = [indexes.get(_label(item, index)) for index, item in enumerate(new)]
        return [
            item if at is None else _replaced(item, old[at], placeholder[at], value)
            for item, at in zip(new, found, strict=True)
        ]
    if not isinstance(new, str) or new != placeholder:
        return new
    return value(old) if MASK in new or MASK in (decoded(new) or "") else new


def _label(item: Any, index: int) -> Any:
    """Return what tells an item from the others of its list: its name, or its place."""
    return item.get("name", index) if isinstance(item, dict) else index
