"""The warning of a Pulumi secret that the service shows: the value of an argument without `isSecret`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pulumi_acr_tasks.schema.definitions import Kind, camel_case, members, variant
from pulumi_acr_tasks.schema.secrets import has_secret, is_secret
from pulumi_acr_tasks.validate.problem import Problem, member_path

Path = tuple[str | int, ...]

ITEMS = ("Argument", "SetValue")
"""The definitions whose `value` the service shows unless the item has `isSecret`."""


def readable_secret(path: str, name: Any) -> Problem:
    """Return the warning for the value at `path`, of the argument with that name.

    The value is sent as it is: a mark for the service would change tasks and start runs anew.
    """
    named = f" of {name!r}" if isinstance(name, str) else ""
    return Problem(
        path,
        f"the value{named} is a Pulumi secret, and the service shows it to everybody who may read the task or run, "
        "and in logs; set is_secret to hide it there too",
        warning=True,
    )


def check_marks(inputs: Mapping[str, Any], kinds: Mapping[str, Kind], marks: Collection[Path]) -> list[Problem]:
    """Return a warning for each value that the program has marked as secret, and that the service shows.

    `marks` are the paths of what is marked. SDKs mark a whole object for one secret in it. So a mark of an object that
    has a secret which the service hides says nothing about its other values.
    """
    if not marks:
        return []
    spelled = {tuple(camel_case(part) if isinstance(part, str) else part for part in mark) for mark in marks}
    return [
        problem
        for name, value in inputs.items()
        if name in kinds
        for problem in _walk(value, kinds[name], (name,), member_path("", name), spelled)
    ]


def _walk(
    value: Any, of: Kind, at: Path, path: str, marks: Collection[Path], *, marked: bool = False
) -> Iterator[Problem]:
    """Yield the warnings for a value of that kind; `marked`: an owner of the value is marked."""
    if at in marks:
        marked = not has_secret(value, of)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _walk(item, of.item, (*at, index), f"{path}[{index}]", marks, marked=marked)
    if not isinstance(value, dict) or not of.is_object or of.container:
        return
    definition = variant(of.name, value)
    for name, item in value.items():
        inner, inner_path = (*at, name), member_path(path, name)
        if definition in ITEMS and name == "value":
            if (marked or inner in marks) and not is_secret(definition, name, value):
                shown = not marked and (*at, "name") not in marks
                yield readable_secret(inner_path, value.get("name") if shown else None)
        else:
            yield from _walk(item, members(definition).get(name, Kind("any")), inner, inner_path, marks, marked=marked)
