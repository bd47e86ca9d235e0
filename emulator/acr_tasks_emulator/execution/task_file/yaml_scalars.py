"""Plain scalars of YAML 1.1, with the meaning that the agent's reader (yaml.v2) gives them."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

_PREFIX = "tag:yaml.org,2002:"
_YES = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]
_NO = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]
_NULL = ("", "~", "null", "Null", "NULL")
_WORDS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(_YES, ("!!bool", True)),
    **dict.fromkeys(_NO, ("!!bool", False)),
    **dict.fromkeys(_NULL, ("!!null", None)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ("!!float", float("nan"))),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), ("!!float", float("inf"))),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), ("!!float", float("-inf"))),
    "<<": ("!!merge", "<<"),
}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_BASES = ((16, re.compile(r"0[xX][0-9a-fA-F]+")), (8, re.compile(r"0[oO]?[0-7]+")), (2, re.compile(r"0[bB][01]+")))
_DECIMAL = re.compile(r"0|[1-9][0-9]*")
_LONGEST = 70
"""How many characters a number may have: 64 bits in base 2, and a sign."""


class ScalarError(ValueError):
    """A scalar that is not of the kind that its tag says; the text does not repeat it."""


@dataclass(frozen=True)
class Scalar:
    """A scalar. text: as it is written, without quotes. tag: such as `!!int`. line: counted from 1."""

    text: str = field(repr=False)
    tag: str
    value: Any = field(repr=False)
    line: int


def scalar(text: str, tag: str | None, plain: bool, line: int) -> Scalar:
    """Return what a scalar means. tag: the one that is written before it. Raises ScalarError."""
    kind = f"!!{tag.removeprefix(_PREFIX)}" if tag and tag.startswith(_PREFIX) else ""
    found, value = (
        resolved(text) if (plain and not tag) or kind in ("!!int", "!!float", "!!bool", "!!null") else ("!!str", text)
    )
    if kind == "!!binary":
        try:
            value = base64.b64decode("".join(text.split()), validate=True).decode(errors="replace")
        except binascii.Error:
            raise ScalarError("!!binary value contains invalid base64 data") from None
    elif kind == "!!float" and found == "!!int":
        found, value = kind, float(value)
    elif kind in ("!!int", "!!float", "!!bool", "!!null") and kind != found:
        raise ScalarError(f"cannot decode {found} as a {kind}")
    return Scalar(text, found, value, line)


def resolved(text: str) -> tuple[str, Any]:
    """Return the tag and the value of a plain scalar. Dates are text, as for the agent."""
    if text in _WORDS:
        return _WORDS[text]
    digits = text.replace("_", "")
    if len(digits) <= _LONGEST and digits[:1] and digits[0] in "+-.0123456789":
        sign, number = (digits[0], digits[1:]) if digits[0] in "+-" else ("", digits)
        base = next(
            (base for base, shape in _BASES if shape.fullmatch(number)), 10 if _DECIMAL.fullmatch(number) else 0
        )
        if base:
            value = int(f"{sign}{number}" if base == 10 else sign + re.sub(r"^0[xXoObB]?", "", number), base)
            if -(2**63) <= value < 2**64:
                return "!!int", value
        if _FLOAT.fullmatch(digits):
            found = float(digits)
            return ("!!float", found) if abs(found) != float("inf") else ("!!str", text)
    return "!!str", text
