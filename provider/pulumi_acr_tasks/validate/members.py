"""Rules for the shape of an object: members that are missing, unknown, or of another kind than their definition's."""

from __future__ import annotations

from typing import Any

from pulumi_acr_tasks.schema.definitions import (
    CONTEXT_HASHES,
    INPUTS,
    POLYMORPHIC,
    Kind,
    camel_case,
    members,
    snake_case,
    variant,
)
from pulumi_acr_tasks.schema.secrets import is_secret
from pulumi_acr_tasks.schema.values import is_unknown
from pulumi_acr_tasks.validate.hints import did_you_mean, hint, is_hinted
from pulumi_acr_tasks.validate.problem import Problem, key_path, member_path

_WRITTEN_BY_CHECK = ("endpoint", *CONTEXT_HASHES)
_EXPECTED = {"string": "a string", "integer": "a whole number", "boolean": "a boolean"}


def check_arguments(inputs: dict[str, Any], resource: str) -> list[Problem]:
    """Return a problem for each argument that the resource, Task or Run, does not have.

    Python refuses it where the program is read. Programs of other languages, and transforms, may send any name. What
    `check` itself writes into the inputs may come back from state, by `ignoreChanges`.
    """
    known = INPUTS[resource]
    return [
        Problem(member_path("", name), meant)
        if (meant := hint(resource, camel_case(name), value))
        else Problem(name, f"is not an argument of {resource}{did_you_mean(name, known, snake_case)}")
        for name, value in inputs.items()
        if name not in known and name not in _WRITTEN_BY_CHECK and value is not None
    ]


def check_value(value: Any, kind: Kind, path: str) -> list[Problem]:
    """Return the problems of the shape of a value of that kind, at any depth; unknown values are skipped."""
    if value is None or is_unknown(value):
        return []
    if kind.container == "list":
        if not isinstance(value, list):
            return [Problem(path, f"is {_called(value)}; a list is expected")]
        return [problem for index, item in enumerate(value) for problem in _check_item(item, kind, f"{path}[{index}]")]
    if kind.container == "map":
        if kind.name == "UserIdentityProperties" and isinstance(value, list):  # programs write a list of ids
            ids = Kind("string", "list")
            return [
                problem for index, item in enumerate(value) for problem in _check_item(item, ids, f"{path}[{index}]")
            ]
        if not isinstance(value, dict):
            return [Problem(path, f"is {_called(value)}; a map is expected")]
        return [p for key, item in value.items() for p in check_value(item, kind.item, key_path(path, key))]
    if kind.is_object:
        return _check_object(value, kind, path)
    return _check_scalar(value, kind, path)


def _check_item(item: Any, kind: Kind, path: str) -> list[Problem]:
    if item is None:
        return [Problem(path, "is null; take it out of the list")]
    return check_value(item, kind.item, path)


def _check_scalar(value: Any, kind: Kind, path: str) -> list[Problem]:
    right = {
        "string": isinstance(value, str),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "boolean": isinstance(value, bool),
    }[kind.name]
    if not right:
        return [Problem(path, f"is {_called(value)}; {_EXPECTED[kind.name]} is expected")]
    if kind.name == "string" and not value and (kind.required or kind.secret):
        return [Problem(path, "is empty")]
    if kind.least is not None and kind.most is not None and not kind.least <= value <= kind.most:
        return [Problem(path, f"is {value}; it is {kind.least} to {kind.most} {kind.unit}".rstrip())]
    return []


def _check_object(value: Any, kind: Kind, path: str) -> list[Problem]:
    if not isinstance(value, dict):
        return [Problem(path, f"is {_called(value)}; the members of {kind.name} are expected")]
    definition = variant(kind.name, value)
    if definition in POLYMORPHIC:
        return _check_type(value, kind, path)
    known, problems = members(definition), []
    for name, item in value.items():
        if name in known:
            problems += check_value(item, _wanted(definition, name, known[name], value), member_path(path, name))
            problems += _check_enumeration(known[name], item, member_path(path, name))
        elif known_elsewhere := hint(definition, camel_case(name), item):
            problems.append(Problem(member_path(path, name), known_elsewhere))
        else:
            problems.append(
                Problem(f"{path}.{name}", f"is not a member of {definition}{did_you_mean(name, known, snake_case)}")
            )
    problems += [
        Problem(member_path(path, name), "is missing")
        for name, member in known.items()
        if member.required and value.get(name) is None and not is_hinted(definition, name, value)
    ]
    return problems


def _wanted(definition: str, name: str, kind: Kind, owner: dict[str, Any]) -> Kind:
    """Return the kind that a member must have: an argument's value may be empty unless it is a secret."""
    if (definition, name) in (("Argument", "value"), ("SetValue", "value")):
        return Kind(kind.name, secret=is_secret(definition, name, owner))
    return kind


def _check_type(value: dict[str, Any], kind: Kind, path: str) -> list[Problem]:
    """Return a problem that names the allowed types, for an object of another type."""
    given = value.get("type")
    if is_unknown(given):
        return []
    allowed = ", ".join(POLYMORPHIC[kind.name])
    found = "is missing" if given is None else f"is {given!r}" if isinstance(given, str) else f"is {_called(given)}"
    return [Problem(member_path(path, "type"), f"{found}; it is one of {allowed}")]


def _check_enumeration(kind: Kind, value: Any, path: str) -> list[Problem]:
    items = value if isinstance(value, list) else [value]
    lower = [choice.lower() for choice in kind.values]
    return [
        Problem(path, f"is {item!r}; it is one of {', '.join(kind.values)}")
        for item in items
        if kind.values and isinstance(item, str) and item.lower() not in lower
    ]


def _called(value: Any) -> str:
    """Return a value's kind in words. The value itself may be a secret in the wrong place."""
    if isinstance(value, float):
        return "a fraction"
    names = {bool: "a boolean", int: "a number", str: "a string", list: "a list", dict: "a map"}
    return names.get(type(value), type(value).__name__)
