"""The functions of Sprig, as far as task files and the service's documentation use them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import math
import re
import secrets
import string
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from acr_tasks_emulator.execution.template.builtins import CallError, truth
from acr_tasks_emulator.execution.template.printing import LIMIT, go_type, printed, quoted, too_long

ITEMS = 10_000
"""How many items a list may have."""
_LETTERS = string.ascii_letters
_LAYOUT = re.compile(r"2006|January|Jan|01|Monday|Mon|02|_2|15|03|04|05|06|PM|pm|MST|Z07:00|-0700|1|2|3|4|5")
_FORMAT_PAIRS = """
    2006=%Y 06=%y January=%B Jan=%b 01=%m 1=%-m Monday=%A Mon=%a 02=%d _2=%e 2=%-d 15=%H 03=%I 3=%-I 04=%M 4=%-M
    05=%S 5=%-S PM=%p pm=%p MST=UTC Z07:00=Z -0700=+0000
"""
_FORMATS = dict(pair.split("=") for pair in _FORMAT_PAIRS.split())
"""The parts of Go's layout of dates as strftime spells them."""


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode(errors="replace")
    except binascii.Error:
        bad = next((at for at, each in enumerate(text) if each not in _LETTERS + string.digits + "+/="), len(text))
        return f"illegal base64 data at input byte {bad}"  # Sprig's answer, not an error


def _replaced(old: str, new: str, text: str) -> str:
    if len(text) + text.count(old) * (len(new) - len(old)) > LIMIT:  # known before it is made
        raise too_long()
    return text.replace(old, new)


def _repeated(count: int, text: str) -> str:
    if count < 0:
        raise CallError("strings: negative Repeat count")
    if count * len(text) > LIMIT:
        raise too_long()
    return text * count


def _indented(width: int, text: str) -> str:
    if width < 0:
        raise CallError("strings: negative Repeat count")
    if (text.count("\n") + 1) * width + len(text) > LIMIT:
        raise too_long()
    return " " * width + text.replace("\n", "\n" + " " * width)


def _joined(separator: str, values: Any) -> str:
    parts = [printed(value) for value in (values if isinstance(values, list) else [values]) if value is not None]
    if sum(map(len, parts)) + len(separator) * len(parts) > LIMIT:
        raise too_long()
    return separator.join(parts)


def _number(value: Any) -> int:
    """Return a value as a whole number, by Sprig's cast: texts are parsed, and 0 stands for any other value."""
    if isinstance(value, (bool, int, float)):
        return int(value)
    try:
        return int(str(value), 0)
    except ValueError:
        return 0


def _real(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0.0


def _sum(*values: Any) -> int:
    return _wrapped(sum(map(_number, values)))


def _wrapped(value: int) -> int:
    return (value + 2**63) % 2**64 - 2**63


def _product(*values: Any) -> int:
    found = 1
    for value in values:
        found = _wrapped(found * _number(value))
    return found


def _divided(first: Any, second: Any) -> int:
    if not _number(second):
        raise CallError("runtime error: integer divide by zero")
    return (
        math.trunc(_number(first) / _number(second))
        if abs(_number(first)) < 2**53
        else _number(first) // _number(second)
    )


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise CallError(f"cannot find the items of type {go_type(value)}")
    return value


def _counted(start: int, end: int, step: int) -> list[Any]:
    if step == 0 or len(range(start, end, step)) > ITEMS:
        raise CallError(f"a list has at most {ITEMS} items")
    return list(range(start, end, step))


def _dict(*pairs: Any) -> dict[str, Any]:
    names, values = pairs[::2], [*pairs[1::2], *([""] if len(pairs) % 2 else [])]
    return {printed(name): value for name, value in zip(names, values, strict=True)}


def _dated(layout: str, moment: Any) -> str:
    at = moment if isinstance(moment, datetime) else datetime.fromtimestamp(_number(moment), timezone.utc)

    def part(match: re.Match[str]) -> str:
        text = at.strftime(_FORMATS[match.group()])
        return text.lower() if match.group() == "pm" else text

    return _LAYOUT.sub(part, layout)


def _random(letters: str) -> Callable[[int], str]:
    def made(count: int) -> str:
        if count > LIMIT:
            raise too_long()
        return "".join(secrets.choice(letters) for _ in range(count))

    return made


def _words(text: str) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+|[0-9]+", text)


def _failed(text: str) -> Any:
    raise CallError(text)


def _hash(kind: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(kind, text.encode(), usedforsecurity=False).hexdigest()


def _coalesced(*values: Any) -> Any:
    return next((value for value in values if truth(value)), None)


def _unique(values: Any) -> list[Any]:
    found: list[Any] = []
    seen: set[str] = set()
    for value in _items(values):
        if printed(value) not in seen:
            seen.add(printed(value))
            found.append(value)
    return found


SPRIG: dict[str, tuple[str, Callable[..., Any]]] = {
    "lower": ("string", lambda text: text.lower()),
    "upper": ("string", lambda text: text.upper()),
    "title": ("string", lambda text: re.sub(r"(?<![\w'])\w", lambda match: match.group().upper(), text)),
    "untitle": ("string", lambda text: re.sub(r"(?<![\w'])\w", lambda match: match.group().lower(), text)),
    "trim": ("string", lambda text: text.strip()),
    "trimAll": ("string string", lambda cut, text: text.strip(cut) if cut else text),
    "trimPrefix": ("string string", lambda prefix, text: text.removeprefix(prefix)),
    "trimSuffix": ("string string", lambda suffix, text: text.removesuffix(suffix)),
    "trunc": ("int string", lambda length, text: text[length:] if length < 0 else text[:length]),
    "substr": ("int int string", lambda start, end, text: text[max(start, 0) : end if end >= 0 else None]),
    "replace": ("string string string", _replaced),
    "repeat": ("int string", _repeated),
    "nospace": ("string", lambda text: "".join(text.split())),
    "indent": ("int string", _indented),
    "nindent": ("int string", lambda width, text: "\n" + _indented(width, text)),
    "quote": ("any*", lambda *values: " ".join(quoted(printed(value)) for value in values if value is not None)),
    "squote": ("any*", lambda *values: " ".join(f"'{printed(value)}'" for value in values if value is not None)),
    "cat": ("any*", lambda *values: " ".join(printed(value) for value in values if value is not None)),
    "contains": ("string string", lambda part, text: part in text),
    "hasPrefix": ("string string", lambda prefix, text: text.startswith(prefix)),
    "hasSuffix": ("string string", lambda suffix, text: text.endswith(suffix)),
    "snakecase": ("string", lambda text: "_".join(_words(text)).lower()),
    "kebabcase": ("string", lambda text: "-".join(_words(text)).lower()),
    "camelcase": ("string", lambda text: "".join(word[:1].upper() + word[1:] for word in re.split(r"[_\s-]+", text))),
    "b64enc": ("string", lambda text: base64.b64encode(text.encode()).decode()),
    "b64dec": ("string", _decoded),
    "sha1sum": ("string", _hash("sha1")),
    "sha256sum": ("string", _hash("sha256")),
    "toString": ("any", printed),
    "toJson": ("any", lambda value: json.dumps(value, separators=(",", ":"), default=printed)),
    "default": ("any any*", lambda instead, *given: given[0] if given and truth(given[0]) else instead),
    "empty": ("any", lambda value: not truth(value)),
    "coalesce": ("any*", _coalesced),
    "ternary": ("any any bool", lambda yes, no, condition: yes if condition else no),
    "fail": ("string", _failed),
    "env": ("string", lambda _: ""),  # the agent's environment holds nothing of a task's
    "expandenv": ("string", lambda text: re.sub(r"\$(?:\{\w+\}|\w+)", "", text)),
    "int": ("any", _number),
    "int64": ("any", _number),
    "float64": ("any", _real),
    "atoi": ("string", lambda text: int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else 0),
    "add": ("any*", _sum),
    "add1": ("any", lambda value: _sum(value, 1)),
    "sub": ("any any", lambda first, second: _sum(first, -_number(second))),
    "mul": ("any any*", _product),
    "div": ("any any", _divided),
    "mod": ("any any", lambda first, second: _number(first) - _number(second) * _divided(first, second)),
    "max": ("any any*", lambda *values: max(map(_number, values))),
    "min": ("any any*", lambda *values: min(map(_number, values))),
    "floor": ("any", lambda value: float(math.floor(_real(value)))),
    "ceil": ("any", lambda value: float(math.ceil(_real(value)))),
    "list": ("any*", lambda *values: list(values)),
    "first": ("any", lambda values: _items(values)[0] if values else None),
    "last": ("any", lambda values: _items(values)[-1] if values else None),
    "rest": ("any", lambda values: _items(values)[1:]),
    "initial": ("any", lambda values: _items(values)[:-1]),
    "append": ("any any", lambda values, value: [*_items(values), value]),
    "prepend": ("any any", lambda values, value: [value, *_items(values)]),
    "concat": ("any*", lambda *lists: [item for each in lists for item in _items(each)]),
    "reverse": ("any", lambda values: _items(values)[::-1]),
    "compact": ("any", lambda values: [value for value in _items(values) if truth(value)]),
    "without": ("any any*", lambda values, *others: [value for value in _items(values) if value not in others]),
    "uniq": ("any", _unique),
    "has": ("any any", lambda value, values: value in _items(values)),
    "sortAlpha": ("any", lambda values: sorted(map(printed, _items(values)))),
    "join": ("string any", _joined),
    "splitList": ("string string", lambda separator, text: text.split(separator) if separator else list(text)),
    "split": (
        "string string",
        lambda separator, text: {f"_{n}": part for n, part in enumerate(text.split(separator) if separator else text)},
    ),
    "until": ("int", lambda end: _counted(0, end, 1 if end >= 0 else -1)),
    "untilStep": ("int int int", _counted),
    "dict": ("any*", _dict),
    "get": ("map string", lambda values, name: values.get(name, "")),
    "hasKey": ("map string", lambda values, name: name in values),
    "keys": ("map", lambda values: sorted(values)),
    "values": ("map", lambda values: [values[name] for name in sorted(values)]),
    "now": ("", lambda: datetime.now(timezone.utc)),
    "date": ("string any", _dated),
    "unixEpoch": ("any", lambda moment: str(int(moment.timestamp())) if isinstance(moment, datetime) else "0"),
    "uuidv4": ("", lambda: str(uuid.uuid4())),
    "randAlphaNum": ("int", _random(_LETTERS + string.digits)),
    "randAlpha": ("int", _random(_LETTERS)),
    "randNumeric": ("int", _random(string.digits)),
}
"""Each with the kinds of its arguments; a star says any number of them."""

_MISSING_NAMES = """
    abbrev abbrevboth adler32sum ago b32dec b32enc biggest bcrypt buildCustomCert camelcase chunk clean base dir
    ext isAbs dateInZone dateModify date_in_zone date_modify decryptAES deepCopy deepEqual derivePassword dig
    duration durationRound encryptAES fromJson genCA genPrivateKey genSelfSignedCert genSignedCert getHostByName
    hello htmlDate htmlDateInZone htpasswd initials kindIs kindOf merge mergeOverwrite must_date_modify mustToDate
    omit osBase osClean osDir osExt osIsAbs pick pluck plural randAscii randBytes randInt regexFind regexFindAll
    regexMatch regexQuoteMeta regexReplaceAll regexReplaceAllLiteral regexSplit round semver semverCompare seq set
    shuffle splitn swapcase toDate toDecimal toPrettyJson toRawJson toStrings trimall tuple typeIs typeIsLike
    typeOf unset urlJoin urlParse wrap wrapWith addf subf mulf divf maxf minf add1f any all
"""
MISSING = frozenset(_MISSING_NAMES.split()) - frozenset(SPRIG)
"""Functions that the agent has and the emulator has not."""
