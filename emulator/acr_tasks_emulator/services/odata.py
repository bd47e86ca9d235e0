"""The `$filter` of Runs_List: the part of OData that the specification allows (facts section 6).

    or     = and ("or" and)*        and = unit ("and" unit)*
    unit   = "(" or ")" | "contains" "(" NAME "," LITERAL ")" | NAME ("eq"|"ne"|"gt"|"ge"|"lt"|"le") LITERAL

Names and words are read without case, and text is compared without case. A quote inside text is doubled.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from acr_tasks_emulator import clock
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.versions import STABLE, ApiVersion

Properties = dict[str, Any]
Test = Callable[[Properties], bool]
Value = str | bool | datetime | None

MAXIMUM_DEPTH = 50
MAXIMUM_TOKENS = 5000
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<mark>[(),])|(?P<word>[^\s(),']+))")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def _manifests(run: Properties) -> str:
    return ",".join(f"{image.get('repository')}@{image.get('digest')}" for image in run.get("outputImages", []))


_FIELDS: dict[str, Callable[[Properties], Any]] = {
    "runid": lambda run: run.get("runId"),
    "runtype": lambda run: run.get("runType"),
    "status": lambda run: run.get("status"),
    "createtime": lambda run: run.get("createTime"),
    "finishtime": lambda run: run.get("finishTime"),
    "outputimagemanifests": _manifests,
    "isarchiveenabled": lambda run: run.get("isArchiveEnabled", False),
    "taskname": lambda run: run.get("task"),
    "agentpoolname": lambda run: run.get("agentPoolName"),
}
_DATES = {"createtime", "finishtime"}


def compile_filter(text: str | None, version: ApiVersion = STABLE) -> Test:
    """Return a test of a run's properties. Raises ServiceError when the text is not a filter of that version."""
    if not text or not text.strip():
        return lambda run: True
    try:
        return _Parser(text, {name.lower() for name in version.unknown_of("RunFilter")}).parse()
    except ValueError as error:
        raise errors.INVALID_FILTER(filter=text, problem=error) from None


class _Parser:
    def __init__(self, text: str, unknown: set[str]) -> None:
        self._unknown = unknown
        self._tokens = list(_tokens(text.strip()))
        self._at = 0
        if len(self._tokens) > MAXIMUM_TOKENS:
            raise ValueError("it is too long")

    def parse(self) -> Test:
        test = self._or(0)
        if self._at < len(self._tokens):
            raise ValueError(f"{self._tokens[self._at]} is not expected there")
        return test

    def _or(self, depth: int) -> Test:
        tests = [self._and(depth)]
        while self._took("or"):
            tests.append(self._and(depth))
        return tests[0] if len(tests) == 1 else lambda run: any(test(run) for test in tests)

    def _and(self, depth: int) -> Test:
        tests = [self._unit(depth)]
        while self._took("and"):
            tests.append(self._unit(depth))
        return tests[0] if len(tests) == 1 else lambda run: all(test(run) for test in tests)

    def _unit(self, depth: int) -> Test:
        if depth > MAXIMUM_DEPTH:
            raise ValueError("it is nested too deeply")
        if self._took("("):
            test = self._or(depth + 1)
            self._expect(")")
            return test
        if self._took("contains"):
            self._expect("(")
            name = self._name()
            self._expect(",")
            part = self._literal(self._next())
            self._expect(")")
            return _contains(name, part)
        name = self._name()
        word = self._next().lower()
        if word not in _COMPARE:
            raise ValueError(f"the operator {word} is not supported")
        return _comparison(name, word, self._literal(self._next()))

    def _name(self) -> str:
        name = self._next()
        if name.lower() not in _FIELDS or name.lower() in self._unknown:
            raise ValueError(f"there is no property {name}")
        return name.lower()

    @staticmethod
    def _literal(token: str) -> Value:
        if token.startswith("'"):
            return token[1:-1].replace("''", "'")
        if token.lower() in {"true", "false"}:
            return token.lower() == "true"
        if token.lower() == "null":
            return None
        try:
            return clock.parse(token)
        except ValueError:
            raise ValueError(f"{token} is not a value") from None

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise ValueError("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def _took(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at].lower() == word:
            self._at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._took(mark):
            raise ValueError(f"{mark} is missing")


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError("a quote is not closed")
        tokens.append(match.group(match.lastgroup or 0))
        at = match.end()
    return tokens


def _contains(name: str, part: Value) -> Test:
    if not isinstance(part, str):
        raise ValueError("contains takes text in quotes")
    field = _FIELDS[name]
    return lambda run: part.lower() in str(field(run) or "").lower()


def _comparison(name: str, word: str, value: Value) -> Test:
    field, compare = _FIELDS[name], _COMPARE[word]
    if name in _DATES and isinstance(value, str):
        value = clock.parse(value)
    if value is not None and isinstance(value, datetime) != (name in _DATES):
        raise ValueError(f"{name} cannot be compared with that")
    if word not in {"eq", "ne"} and not isinstance(value, str | datetime):
        raise ValueError(f"{word} takes text or a date")

    def test(run: Properties) -> bool:
        found = field(run)
        if name in _DATES and found is not None:
            found = clock.parse(found)
        if found is None or value is None:
            return word in {"eq", "ne"} and compare(found, value)
        return compare(_plain(found), _plain(value))

    return test


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value.lower() if isinstance(value, str) else value
