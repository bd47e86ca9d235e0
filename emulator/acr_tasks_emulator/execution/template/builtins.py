"""The functions of Go's text/template."""

from __future__ import annotations

import html
import urllib.parse
from collections.abc import Callable
from typing import Any

from acr_tasks_emulator.execution.template.nodes import TemplateError
from acr_tasks_emulator.execution.template.printing import LIMIT, formatted, go_type, printed, too_long

_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}


class CallError(TemplateError):
    """A function that cannot do what it is asked; the text is what follows `error calling NAME: `."""


def truth(value: Any) -> bool:
    """Return whether a value is true for Go's templates: not zero, not empty, not nil."""
    return bool(value)


def equal(first: Any, *others: Any) -> bool:
    """`eq`: whether the first value is one of the others."""
    if not others:
        raise CallError("missing argument for comparison")
    for other in others:
        if _kind(first) != _kind(other):
            if first is not None and other is not None:
                raise CallError(f"incompatible types for comparison: {go_type(first)} and {go_type(other)}")
        elif _kind(first) == "other":
            raise CallError(f"non-comparable type {printed(first)}: {go_type(first)}")
        elif first == other:
            return True
    return False


def _kind(value: Any) -> str:
    return next(
        (kind.__name__ for kind in (bool, int, float, str) if type(value) is kind), "other" if value is not None else ""
    )


def _less(first: Any, second: Any) -> bool:
    kinds = _kind(first), _kind(second)
    if not {*kinds} <= {"int", "float", "str"}:
        raise CallError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise CallError(f"incompatible types for comparison: {go_type(first)} and {go_type(second)}")
    return bool(first < second)


def _less_or_equal(first: Any, second: Any) -> bool:
    return _less(first, second) or equal(first, second)


def _index(value: Any, *keys: Any) -> Any:
    for key in keys:
        if value is None:
            raise CallError("index of untyped nil")
        if isinstance(value, dict):
            if not isinstance(key, str):
                raise CallError(f"value has type {go_type(key)}; should be string")
            value = value.get(key)
        elif isinstance(value, (list, str)):
            value = _element(value, key)
        else:
            raise CallError(f"can't index item of type {go_type(value)}")
    return value


def _element(value: Any, key: Any) -> Any:
    if isinstance(key, bool) or not isinstance(key, int):
        shown = "nil" if key is None else f"type {go_type(key)}"
        raise CallError(f"cannot index slice/array with {shown}")
    items = value.encode() if isinstance(value, str) else value
    if not 0 <= key < len(items):
        raise CallError(f"index out of range: {key}")
    return items[key]


def _slice(value: Any, *bounds: Any) -> Any:
    if not isinstance(value, (str, list)):
        raise CallError(f"can't slice item of type {go_type(value)}")
    if len(bounds) > 2 or any(isinstance(bound, bool) or not isinstance(bound, int) for bound in bounds):
        raise CallError("cannot slice with such indexes")
    items = value.encode() if isinstance(value, str) else value
    start = bounds[0] if bounds else 0
    end = bounds[1] if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise CallError(f"index out of range: {end if end > len(items) else start}")
    found = items[start:end]
    return found.decode(errors="replace") if isinstance(found, bytes) else found


def _length(value: Any) -> int:
    if value is None:
        raise CallError("len of nil pointer")
    if isinstance(value, str):
        return len(value.encode())
    if isinstance(value, (list, dict)):
        return len(value)
    raise CallError(f"len of type {go_type(value)}")


def _print(*values: Any) -> str:
    parts: list[str] = []
    for number, value in enumerate(values):
        if number and not isinstance(value, str) and not isinstance(values[number - 1], str):
            parts.append(" ")
        parts.append(printed(value))
    if sum(map(len, parts)) > LIMIT:
        raise too_long()
    return "".join(parts)


def _printf(pattern: str, *values: Any) -> str:
    return formatted(pattern, list(values))


def _html(*values: Any) -> str:
    return html.escape(_print(*values)).replace("&quot;", "&#34;").replace("&#x27;", "&#39;")


def _call(function: Any, *_: Any) -> Any:
    raise CallError(f"non-function of type {go_type(function)}")


BUILTINS: dict[str, tuple[str, Callable[..., Any]]] = {
    "not": ("any", lambda value: not truth(value)),
    "len": ("any", _length),
    "index": ("any any*", _index),
    "slice": ("any any*", _slice),
    "print": ("any*", _print),
    "printf": ("string any*", _printf),
    "println": ("any*", lambda *values: " ".join(map(printed, values)) + "\n"),
    "html": ("any*", _html),
    "js": ("any*", lambda *values: "".join(_JS.get(each, each) for each in _print(*values))),
    "urlquery": ("any*", lambda *values: urllib.parse.quote_plus(_print(*values))),
    "call": ("any any*", _call),
    "eq": ("any any*", equal),
    "ne": ("any any", lambda first, second: not equal(first, second)),
    "lt": ("any any", _less),
    "le": ("any any", _less_or_equal),
    "gt": ("any any", lambda first, second: not _less_or_equal(first, second)),
    "ge": ("any any", lambda first, second: not _less(first, second)),
}
"""Each with the kinds of its arguments; a star says any number of them. `and` and `or` are the evaluator's own."""
