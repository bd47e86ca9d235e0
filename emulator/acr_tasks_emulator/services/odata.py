"""The `$filter` of a list, as far as OData's grammar is used by Resource Manager.

    or     = and ("or" and)*        and = unit ("and" unit)*
    unit   = "(" or ")" | "contains" "(" NAME "," LITERAL ")" | "substringof" "(" LITERAL "," NAME ")"
           | NAME ("eq"|"ne"|"gt"|"ge"|"lt"|"le") LITERAL

Names, words and text are compared without case. A quote inside text is doubled.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from acr_tasks_emulator import clock

Document = dict[str, Any]
Test = Callable[[Document], bool]
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


@dataclass(frozen=True)
class Grammar:
    """What the filter of one list knows.

    properties: how to read each property, by its name in lower case; a list of values equals each of them. dates: the
    properties that hold dates. operators: the allowed words. searches: by function, the properties that it searches.
    """

    properties: Mapping[str, Callable[[Document], Any]]
    searches: Mapping[str, frozenset[str]]
    dates: frozenset[str] = frozenset()
    operators: frozenset[str] = frozenset(_COMPARE)


def compile_filter(text: str | None, grammar: Grammar) -> Test:
    """Return a test of a document. Raises ValueError with a phrase when the text is not a filter of that grammar."""
    if not text or not text.strip():
        return lambda document: True
    return _Parser(text, grammar).parse()


class _Parser:
    """A recursive descent over the tokens of one filter."""

    def __init__(self, text: str, grammar: Grammar) -> None:
        self._grammar = grammar
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
        return tests[0] if len(tests) == 1 else lambda document: any(test(document) for test in tests)

    def _and(self, depth: int) -> Test:
        tests = [self._unit(depth)]
        while self._took("and"):
            tests.append(self._unit(depth))
        return tests[0] if len(tests) == 1 else lambda document: all(test(document) for test in tests)

    def _unit(self, depth: int) -> Test:
        if depth > MAXIMUM_DEPTH:
            raise ValueError("it is nested too deeply")
        if self._took("("):
            test = self._or(depth + 1)
            self._expect(")")
            return test
        for function in self._grammar.searches:
            if self._took(function):
                return self._search(function)
        name = self._name()
        word = self._next().lower()
        if word not in self._grammar.operators:
            raise ValueError(f"the operator {word} is not supported")
        return self._comparison(name, word, _literal(self._next()))

    def _search(self, function: str) -> Test:
        self._expect("(")
        first = self._next()
        self._expect(",")
        second = self._next()
        self._expect(")")
        name, part = (first, _literal(second)) if function == "contains" else (second, _literal(first))
        name = name.lower()
        if name not in self._grammar.searches[function]:
            raise ValueError(f"{function} does not search {name}")
        if not isinstance(part, str):
            raise ValueError(f"{function} takes text in quotes")
        read, wanted = self._grammar.properties[name], part.lower()
        return lambda document: wanted in str(read(document) or "").lower()

    def _comparison(self, name: str, word: str, value: Value) -> Test:
        read, compare, is_date = self._grammar.properties[name], _COMPARE[word], name in self._grammar.dates
        if is_date and isinstance(value, str):
            value = clock.parse(value)
        if value is not None and isinstance(value, datetime) != is_date:
            raise ValueError(f"{name} cannot be compared with that")
        if word not in {"eq", "ne"} and not isinstance(value, str | datetime):
            raise ValueError(f"{word} takes text or a date")

        def test(document: Document) -> bool:
            found = read(document)
            if isinstance(found, list):
                return compare(_plain(value) in map(_plain, found), True)
            if is_date and found is not None:
                found = clock.parse(found)
            if found is None or value is None:
                return word in {"eq", "ne"} and compare(found, value)
            return compare(_plain(found), _plain(value))

        return test

    def _name(self) -> str:
        name = self._next()
        if name.lower() not in self._grammar.properties:
            raise ValueError(f"there is no property {name}")
        return name.lower()

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


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return str(value).lower()
    return value.lower() if isinstance(value, str) else value
