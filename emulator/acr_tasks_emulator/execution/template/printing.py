"""How Go prints values: `%v` of a plain value, list or map, and the verbs of `printf`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from acr_tasks_emulator.execution.template.nodes import TemplateError

LIMIT = 256 * 1024
"""How many characters a value may have on its way: a pipeline of a line can make a gigabyte of a letter."""
WIDEST = 1000
_VERB = re.compile(r"%([-+# 0]*)([0-9]*)(?:\.([0-9]*))?(.?)", re.DOTALL)
_ESCAPED = {"\n": "\\n", "\t": "\\t", "\r": "\\r", "\a": "\\a", "\b": "\\b", "\f": "\\f", "\v": "\\v"}
_FIXED_EXPONENTS = range(-4, 6)
"""Of floats that are written without an exponent."""


def too_long() -> TemplateError:
    """Return the error of a value that is longer than LIMIT."""
    return TemplateError(f"template: the value is longer than {LIMIT} characters")


def printed(value: Any) -> str:
    """Return a value as `%v` prints it, `<nil>` for nothing. Raises TemplateError for one that is too long."""
    parts: list[str] = []
    size = 0
    for part in _pieces(value):
        size += len(part)
        if size > LIMIT:
            raise too_long()
        parts.append(part)
    return "".join(parts)


def _pieces(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        yield "["
        for number, item in enumerate(value):
            yield " " if number else ""
            yield from _pieces(item)
        yield "]"
    elif isinstance(value, dict):
        yield "map["
        for number, name in enumerate(sorted(value)):
            yield f"{' ' if number else ''}{name}:"
            yield from _pieces(value[name])
        yield "]"
    else:
        yield _plain(value)


def _plain(value: Any) -> str:
    if value is None:
        return "<nil>"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return shortest(value)
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S +0000 UTC")
    return str(value)


def shortest(value: float) -> str:
    """Return a float in Go's shortest form: `1`, `1.1`, `1.234567e+06`."""
    if value != value or value in (float("inf"), float("-inf")):
        return {"inf": "+Inf", "-inf": "-Inf"}.get(str(value), "NaN")
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)  # noqa: S101 - the others are sorted out above
    text = "".join(map(str, digits))
    power = len(text) + exponent - 1
    lead = "-" if sign else ""
    if text == "0":
        return f"{lead}0"
    if power in _FIXED_EXPONENTS:
        return lead + format(Decimal(repr(abs(value))).normalize(), "f")
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{lead}{text[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"


def quoted(text: str) -> str:
    """Return a text as `%q` prints it."""
    out = []
    for character in text:
        if character in '"\\':
            out.append("\\" + character)
        elif character in _ESCAPED:
            out.append(_ESCAPED[character])
        elif character.isprintable():
            out.append(character)
        else:
            number = ord(character)
            out.append(f"\\x{number:02x}" if number < 128 else f"\\u{number:04x}")
    return '"' + "".join(out) + '"'


def go_type(value: Any) -> str:
    """Return what Go calls the type of a value."""
    names = {bool: "bool", int: "int", float: "float64", str: "string", list: "[]interface {}"}
    return names.get(type(value), "map[string]interface {}" if isinstance(value, dict) else "interface {}")


def formatted(pattern: str, values: list[Any]) -> str:
    """Return what `printf` gives; wrong and missing values stand in the text as Go writes them."""
    rest = list(values)
    used = 0

    def replaced(match: re.Match[str]) -> str:
        nonlocal used
        flags, width, precision, verb = match.groups()
        if int(width or 0) > WIDEST or int(precision or 0) > WIDEST:
            raise TemplateError(f"template: printf writes at most {WIDEST} places")
        if verb == "%":
            return "%"
        if not verb:
            return "%!(NOVERB)"
        if used >= len(rest):
            return f"%!{verb}(MISSING)"
        used += 1
        return _placed(_verb(verb, rest[used - 1], flags, precision), flags, width, rest[used - 1])

    text = _VERB.sub(replaced, pattern)
    if used < len(rest):
        extra = ", ".join(f"{go_type(v)}={printed(v)}" if v is not None else "<nil>" for v in rest[used:])
        text += f"%!(EXTRA {extra})"
    if len(text) > LIMIT:
        raise too_long()
    return text


def _verb(verb: str, value: Any, flags: str, precision: str | None) -> str:
    number = isinstance(value, int) and not isinstance(value, bool)
    if verb == "v":
        return printed(value)
    if verb == "T":
        return "<nil>" if value is None else go_type(value)
    if verb in "sq" and isinstance(value, (list, str)):
        if isinstance(value, list):
            return "[" + " ".join(_verb(verb, item, flags, precision) for item in value) + "]"
        cut = value if precision is None else value[: int(precision or 0)]
        return cut if verb == "s" else quoted(cut)
    if verb in "xX" and isinstance(value, str):
        text = value.encode().hex()
        return text.upper() if verb == "X" else text
    if verb in "dxXobcUq" and number:
        spelled = {"d": str(value), "o": f"{value:o}", "b": f"{value:b}", "U": f"U+{value:04X}"}
        spelled |= {"x": f"{value:x}", "X": f"{value:X}"}
        if verb in "cq":
            is_character = 0 <= value < 0x110000 and not 0xD800 <= value < 0xE000
            found = chr(value) if is_character else "\ufffd"
            return found if verb == "c" else f"'{found}'"
        return ("+" if "+" in flags and value >= 0 else "") + spelled[verb]
    if verb in "feEgG" and isinstance(value, float):
        plus = "+" if "+" in flags and value >= 0 else ""
        if verb in "gG" and precision is None:
            return plus + shortest(value)
        return plus + format(value, f".{int(precision or 0) if precision is not None else 6}{verb}")
    if verb == "t" and isinstance(value, bool):
        return printed(value)
    return f"%!{verb}(<nil>)" if value is None else f"%!{verb}({go_type(value)}={printed(value)})"


def _placed(text: str, flags: str, width: str, value: Any) -> str:
    places = int(width or 0)
    if "-" in flags:
        return text.ljust(places)
    if "0" in flags and isinstance(value, (int, float)) and not isinstance(value, bool):
        sign = text[:1] if text[:1] in ("-", "+") else ""
        return sign + text[len(sign) :].rjust(places - len(sign), "0")
    return text.rjust(places)
