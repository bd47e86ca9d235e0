"""The nodes of a parsed template, which the evaluator walks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LONGEST = 60


class TemplateError(ValueError):
    """A template that cannot be rendered; the text is that of Go's template engine."""


@dataclass(frozen=True)
class Literal:
    """A string, number, boolean or nil. written: its text in the template."""

    value: Any
    written: str


@dataclass(frozen=True)
class Path:
    """A path of field names: `.a.b` from the dot, `$x.a` from a variable, `(…).a` from another operand."""

    names: tuple[str, ...]
    variable: str | None = None
    operand: Operand | None = None


@dataclass(frozen=True)
class Function:
    """The name of a function."""

    name: str


@dataclass(frozen=True)
class Pipeline:
    """A sequence of commands. Each passes its value to the next as the last argument.

    declared: the variables that get the value. assigns: whether they exist already (`=`, not `:=`).
    """

    commands: tuple[tuple[Operand, ...], ...]
    line: int
    declared: tuple[str, ...] = ()
    assigns: bool = False


Operand = Literal | Path | Function | Pipeline


@dataclass(frozen=True)
class Text:
    """Text between actions, written unchanged."""

    text: str


@dataclass(frozen=True)
class Action:
    """A pipeline whose value is written, unless it goes to a variable."""

    pipeline: Pipeline


@dataclass(frozen=True)
class Branch:
    """An `if`, `with` or `range`. body: its nodes. other: the nodes of its `else`, or None."""

    kind: str
    pipeline: Pipeline
    body: list[Node]
    other: list[Node] | None


@dataclass(frozen=True)
class Call:
    """A `template` action, which renders a named template with the pipeline's value as its dot."""

    name: str
    pipeline: Pipeline | None
    line: int


@dataclass(frozen=True)
class Jump:
    """A `break` or `continue`."""

    kind: str


Node = Text | Action | Branch | Call | Jump


@dataclass(frozen=True)
class Template:
    """A parsed template. defined: the nodes of the templates that it defines, by name."""

    body: list[Node]
    defined: dict[str, list[Node]] = field(default_factory=dict)


def spelled(operand: Operand | tuple[Operand, ...]) -> str:
    """Return an operand or command as in Go's messages, cut after LONGEST characters."""
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
