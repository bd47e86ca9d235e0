"""The functions of templates that the service's documentation uses: Sprig's, on plain values and in pipelines."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import Any

_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|`[^`]*`|-?\d+(?![\w.])|\.[A-Za-z_][\w.-]*|[A-Za-z]\w*|\||\S)')
_NUMBER = re.compile(r"-?\d{1,18}")
LIMIT = 256 * 1024
"""How many characters a value may have on its way: a pipeline of a line can make a gigabyte of a letter."""
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


class FunctionError(ValueError):
    """The expression is none, or a function cannot do what it is asked."""


def evaluate(body: str, look_up: Callable[[str], Any]) -> Any:
    """Return what an expression such as `.Values.name | lower | trunc 8` gives; look_up: the value of a `.Field`.

    Raises FunctionError, and what `look_up` raises.
    """
    result: list[Any] = []  # what comes down the pipeline: the last argument of the next function
    for words in _pipeline(body):
        first, *rest = words
        if first in _FUNCTIONS:
            arguments = [_value(word, look_up) for word in rest] + result
            try:
                result = [_short(_FUNCTIONS[first](*arguments))]
            except FunctionError:
                raise
            except (TypeError, ValueError, AttributeError) as error:
                raise FunctionError(f"error calling {first}: wrong arguments") from error
        elif rest or result:
            raise FunctionError(f'function "{first}" not defined')
        else:
            result = [_value(first, look_up)]
    return result[0]


def _pipeline(body: str) -> list[list[str]]:
    commands: list[list[str]] = [[]]
    for match in _TOKEN.finditer(body):
        if match.group(1) == "|":
            commands.append([])
        else:
            commands[-1].append(match.group(1))
    if not all(commands):
        raise FunctionError("missing value for command")
    return commands


def _value(word: str, look_up: Callable[[str], Any]) -> Any:
    if word.startswith('"') and len(word) > 1:
        return re.sub(r"\\(.)", lambda match: _ESCAPED.get(match.group(1), match.group(1)), word[1:-1])
    if word.startswith("`") and len(word) > 1:
        return word[1:-1]
    if _NUMBER.fullmatch(word):
        return int(word)
    if word.startswith(".") and len(word) > 1:
        return look_up(word[1:])
    raise FunctionError(f'function "{word}" not defined')


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeError) as error:
        raise ValueError(text) from error


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > LIMIT:
        raise FunctionError(f"the value is longer than {LIMIT} characters")
    return value


def _replaced(old: str, new: str, text: str) -> str:
    if len(text) + text.count(old) * (len(new) - len(old)) > LIMIT:  # known before it is made
        raise FunctionError(f"the value is longer than {LIMIT} characters")
    return text.replace(old, new)


def _truncated(length: int, text: str) -> str:
    return text[length:] if length < 0 else text[:length]


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "lower": lambda text: _text(text).lower(),
    "upper": lambda text: _text(text).upper(),
    "title": lambda text: re.sub(r"\b[a-z]", lambda match: match.group().upper(), _text(text)),
    "trim": lambda text: _text(text).strip(),
    "trimPrefix": lambda prefix, text: _text(text).removeprefix(prefix),
    "trimSuffix": lambda suffix, text: _text(text).removesuffix(suffix),
    "trunc": lambda length, text: _truncated(length, _text(text)),
    "replace": lambda old, new, text: _replaced(old, new, _text(text)),
    "quote": lambda text: '"' + _text(text).replace("\\", "\\\\").replace('"', '\\"') + '"',
    "squote": lambda text: f"'{_text(text)}'",
    "default": lambda instead, value: value if value else instead,
    "b64enc": lambda text: base64.b64encode(_text(text).encode()).decode(),
    "b64dec": lambda text: _decoded(_text(text)),
    "toString": lambda value: _text(value),
}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
