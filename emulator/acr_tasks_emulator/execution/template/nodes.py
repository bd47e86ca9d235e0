"""What the parser makes of a template: plain values that the evaluator walks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LONGEST = 60


class TemplateError(ValueError):
    """A template that cannot be rendered; the text is that of Go's template engine."""


@dataclass(frozen=True)
class Literal:
    """A string, number, boolean or nil. written: how the template spells it."""

    value: Any
    written: str


@dataclass(frozen=True)
class Path:
    """Fields of a value: `.a.b` of the dot, `$x.a` of a variable, `(…).a` of another operand."""

    names: tuple[str, ...]
    variable: str | None = None
    operand: Operand | None = None


@dataclass(frozen=True)
class Function:
    """The name of a function."""

    name: str


@dataclass(frozen=True)
class Pipeline:
    """Commands, each of which gets the value of the one before it as its last argument.

    declared: the variables that take the value. assigns: they exist already (`=`).
    """

    commands: tuple[tuple[Operand, ...], ...]
    line: int
    declared: tuple[str, ...] = ()
    assigns: bool = False


Operand = Literal | Path | Function | Pipeline


@dataclass(frozen=True)
class Text:
    """Text that is written as it stands."""

    text: str


@dataclass(frozen=True)
class Action:
    """A pipeline whose value is written, unless it goes to a variable."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Branch:
    """`if`, `with` or `range`, with what follows it and what follows its `else`."""

    kind: str
    pipeline: Pipeline
    body: list[Node]
    other: list[Node] | None


@dataclass(frozen=True)
class Call:
    """`template`: another template with the pipeline's value as its dot."""

    name: str
    pipeline: Pipeline | None
    line: int


@dataclass(frozen=True)
class Jump:
    """`break` or `continue`."""

    kind: str


Node = Text | Action | Branch | Call | Jump


@dataclass(frozen=True)
class Template:
    """A parsed text, and the templates that it defines."""

    body: list[Node]
    defined: dict[str, list[Node]] = field(default_factory=dict)


def spelled(operand: Operand | tuple[Operand, ...]) -> str:
    """Return an operand or command as Go spells it in a message, at most LONGEST characters of it."""
    text = _spelled(operand)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _spelled(operand: Operand | tuple[Operand, ...]) -> str:
    if isinstance(operand, tuple):
        return " ".join(f"({_spelled(each)})" if isinstance(each, Pipeline) else _spelled(each) for each in operand)
    if isinstance(operand, Literal):
        return operand.written
    if isinstance(operand, Function):
        return operand.name
    if isinstance(operand, Path):
        first = operand.variable or (f"({_spelled(operand.operand)})" if operand.operand else "")
        return first + "".join(f".{name}" for name in operand.names) or "."
    return " | ".join(_spelled(command) for command in operand.commands)
