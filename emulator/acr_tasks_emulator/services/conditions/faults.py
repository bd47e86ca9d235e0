"""Fault injection: rules for which requests fail, and how."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from acr_tasks_emulator.services import errors

_HEADER_NAME = re.compile(r"(?!(?:content-length|transfer-encoding)\Z)[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.IGNORECASE)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")


def _regular_expression(text: str) -> str:
    try:
        re.compile(text)
    except (re.error, RecursionError) as error:
        raise ValueError(f"must be a regular expression ({error})") from None
    return text


def _headers(headers: dict[str, str | int]) -> dict[str, str | int]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name):
            raise ValueError(f"cannot have the name {name!r}")
        if not _HEADER_VALUE.fullmatch(str(value)):
            raise ValueError(f"must have one line of text as {name!r}")
    return headers


class _Part(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", strict=True)


class Match(_Part):
    """The requests that a rule applies to. `path` is a regular expression, searched in their paths without case."""

    method: Annotated[str, Field(pattern=r"^([A-Za-z]+|\*)$")] = "*"
    path: Annotated[str, AfterValidator(_regular_expression)] = ""


class Rule(_Part):
    """A rule. With a status, the rule's status, headers and body are the answer, and the request has no other effect.

    times: the number of requests that the rule applies to, None for all. delay_ms: the delay of each. drop: close the
    connection before or after the request takes effect.
    """

    match: Match | None = None
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    delay_ms: Annotated[int, Field(ge=0, le=600_000)] | None = None
    status: Annotated[int, Field(ge=200, le=599)] | None = None
    body: Any = None
    headers: Annotated[dict[str, str | int], AfterValidator(_headers)] | None = None
    drop: Literal["before", "after"] | None = None
    _used: int = 0

    @model_validator(mode="after")
    def _has_an_effect(self) -> Rule:
        if self.status is None and (self.body is not None or self.headers is not None):
            raise ValueError("needs a status for its body or headers")
        if self.status is not None and self.drop is not None:
            raise ValueError("can either answer with a status or drop the connection")
        if self.status is None and self.drop is None and self.delay_ms is None:
            raise ValueError("has no effect: give delayMs, status or drop")
        return self

    @property
    def left(self) -> int | None:
        """Return the number of requests that the rule still applies to, None for any number."""
        return None if self.times is None else self.times - self._used

    def meets(self, method: str, path: str) -> bool:
        """Tell whether the rule applies to a request; count the request if so."""
        match = self.match or Match()
        if self.left == 0 or match.method.upper() not in {"*", method.upper()}:
            return False
        if re.search(match.path, path, re.IGNORECASE) is None:
            return False
        self._used += 1
        return True


_RULES = TypeAdapter(list[Rule])


class Faults:
    """A list of fault rules, in the order in which they are tried."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def put(self, rules: Any) -> None:
        """Replace the rules. Raises ServiceError with every problem, and keeps the old rules then."""
        try:
            self._rules = _RULES.validate_python(rules)
        except ValidationError as error:
            problems = [
                f"{_path(each['loc'])}: {each['msg'].removeprefix('Value error, ')}"
                for each in error.errors(include_url=False, include_input=False)
            ]
            raise errors.INVALID_FAULTS(problem="; ".join(problems)) from None

    def all(self) -> list[dict[str, Any]]:
        """Return the rules as they were given, each with `left`: how often it still applies (null for any number)."""
        return [{**rule.model_dump(by_alias=True, exclude_unset=True), "left": rule.left} for rule in self._rules]

    def clear(self) -> None:
        """Remove every rule."""
        self._rules = []

    def take(self, method: str, path: str) -> Rule | None:
        """Return the first rule that applies to a request, and count the request; None when no rule does."""
        return next((rule for rule in self._rules if rule.meets(method, path)), None)


def _path(location: tuple[int | str, ...]) -> str:
    return "rules" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
