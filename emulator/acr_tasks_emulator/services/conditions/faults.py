"""Faults that a test asks for: which requests meet one, and what they meet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

DROPS = ("before", "after")
MAXIMUM_DELAY = 600_000
_MEMBERS = ("match", "times", "delayMs", "status", "body", "headers", "drop")
_METHOD = re.compile(r"[A-Za-z]+|\*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_FRAMING = {"content-length", "transfer-encoding"}


class FaultsError(Exception):
    """Says in one sentence everything that is wrong with a list of rules."""


@dataclass
class Rule:
    """One rule. `left` counts down to 0, None is without end; `given` is the rule as it came.

    `path` is searched for in the path of a request, without case. `delay` is in milliseconds. With a `status`, that
    status, `body` and `headers` are the answer, and nothing is done.
    """

    given: dict[str, Any]
    method: str
    path: re.Pattern[str]
    left: int | None
    delay: int
    status: int | None
    body: Any
    headers: dict[str, str]
    drop: str | None

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a request meets this rule now."""
        return self.left != 0 and self.method in {"*", method.upper()} and self.path.search(path) is not None


class Faults:
    """The rules in force."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def put(self, rules: Any) -> None:
        """Take a list of rules in place of those before. Raises FaultsError, and then keeps those before."""
        if not isinstance(rules, list):
            raise FaultsError("The body must be a list of rules.")
        problems: list[str] = []
        read = [_Reader(rule, f"rules[{index}]", problems).rule() for index, rule in enumerate(rules)]
        if problems:
            raise FaultsError("; ".join(problems) + ".")
        self._rules = [rule for rule in read if rule is not None]

    def all(self) -> list[dict[str, Any]]:
        """Return the rules as they were given, with how many times each is `left` (null is without end)."""
        return [{**rule.given, "left": rule.left} for rule in self._rules]

    def clear(self) -> None:
        """Forget every rule."""
        self._rules = []

    def take(self, method: str, path: str) -> Rule | None:
        """Return the first rule with times left that a request meets, and count it; None when it meets none."""
        rule = next((rule for rule in self._rules if rule.matches(method, path)), None)
        if rule is not None and rule.left is not None:
            rule.left -= 1
        return rule


class _Reader:
    """Reads one rule and notes everything that is wrong with it."""

    def __init__(self, given: Any, where: str, problems: list[str]) -> None:
        self._given = given
        self._where = where
        self._problems = problems

    def rule(self) -> Rule | None:
        if not isinstance(self._given, dict):
            self._problem("", "must be an object")
            return None
        self._unknown(self._given, _MEMBERS, "")
        method, path = self._match()
        status = self._number("status", 200, 599)
        drop = self._given.get("drop")
        if drop is not None and drop not in DROPS:
            self._problem(".drop", "must be before or after")
        headers = self._headers()
        answers = self._given.get("body") is not None or self._given.get("headers") is not None
        delay = self._number("delayMs", 0, MAXIMUM_DELAY)
        if self._given.get("status") is None and answers:
            self._problem("", "needs a status for its body or headers")
        if status is not None and drop is not None:
            self._problem("", "can either answer with a status or drop the connection")
        if not any(self._given.get(name) is not None for name in ("status", "body", "headers", "drop", "delayMs")):
            self._problem("", "does nothing: give delayMs, status or drop")
        left = self._number("times", 1, 1_000_000)
        return Rule(self._given, method, path, left, delay or 0, status, self._given.get("body"), headers, drop)

    def _match(self) -> tuple[str, re.Pattern[str]]:
        match = self._given.get("match")
        if match is None:
            match = {}
        if not isinstance(match, dict):
            self._problem(".match", "must be an object with method and path")
            match = {}
        self._unknown(match, ("method", "path"), ".match")
        method, path = match.get("method", "*"), match.get("path", "")
        if not isinstance(method, str) or not _METHOD.fullmatch(method):
            self._problem(".match.method", "must be a method such as PUT, or * for any")
            method = "*"
        try:
            return method.upper(), re.compile(path, re.IGNORECASE)
        except (re.error, TypeError, RecursionError) as error:
            self._problem(".match.path", f"must be a regular expression ({error})")
            return method, re.compile("")

    def _headers(self) -> dict[str, str]:
        headers = self._given.get("headers")
        if headers is None:
            return {}
        if not isinstance(headers, dict):
            self._problem(".headers", "must be an object of names and values")
            return {}
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING:
                self._problem(".headers", f"cannot have the name {name!r}")
            is_number = isinstance(value, int) and not isinstance(value, bool)
            if not is_number and not (isinstance(value, str) and _HEADER_VALUE.fullmatch(value)):
                self._problem(f".headers[{name!r}]", "must be a number or one line of text")
        return {name: str(value) for name, value in headers.items()}

    def _number(self, name: str, lowest: int, highest: int) -> int | None:
        value = self._given.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            self._problem(f".{name}", f"must be a whole number from {lowest} to {highest}")
            return None
        return value

    def _unknown(self, owner: dict[str, Any], known: tuple[str, ...], where: str) -> None:
        for name in owner:
            if name not in known:
                self._problem(where, f"cannot have the member {name!r}: {', '.join(known)} are known")

    def _problem(self, where: str, text: str) -> None:
        self._problems.append(f"{self._where}{where} {text}")
