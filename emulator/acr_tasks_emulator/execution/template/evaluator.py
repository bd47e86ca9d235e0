"""Renders a parsed template: Go's rules for fields, functions, truth and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from acr_tasks_emulator.execution.template.builtins import BUILTINS, CallError, truth
from acr_tasks_emulator.execution.template.nodes import (
    Action,
    Branch,
    Call,
    Function,
    Jump,
    Literal,
    Node,
    Operand,
    Path,
    Pipeline,
    Template,
    TemplateError,
    Text,
    spelled,
)
from acr_tasks_emulator.execution.template.parser import DEPTH, parse
from acr_tasks_emulator.execution.template.printing import LIMIT, go_type, printed, too_long
from acr_tasks_emulator.execution.template.sprig import ITEMS, MISSING, SPRIG

OUTPUT_LIMIT = 2 * 1024 * 1024
"""How many characters a rendered text may have: a value that is named often is written as often."""
STEPS = 200_000
"""How many pipelines and nodes may be evaluated: loops in loops have an end."""
WORK = 64 * 1024 * 1024
"""How many characters functions may be given together."""
NO_VALUE = "<no value>"
_FUNCTIONS = {**SPRIG, **BUILTINS}
_NAMES = {*_FUNCTIONS, *MISSING, "and", "or"}
_KINDS = {"string": str, "int": int, "bool": bool, "map": dict}
_NOTHING = object()


def render(text: str, data: Mapping[str, Any], name: str = "task") -> str:
    """Return a template's text with each action carried out, and nothing in place of what is missing.

    data: the dot; names to plain values, lists and mappings. name: what messages call the template. Raises
    TemplateError.
    """
    if "{{" not in text:
        return text.replace(NO_VALUE, "")
    template = parse(text, name, _NAMES)
    return _Run(template, name).rendered(dict(data)).replace(NO_VALUE, "")


class _Broken(Exception):  # noqa: N818 - no error
    """A loop that is left, or goes on with the next item."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class _Run:
    """One rendering under way."""

    def __init__(self, template: Template, name: str) -> None:
        self._template = template
        self._name = name
        self._parts: list[str] = []
        self._size = self._steps = self._work = self._depth = 0
        self._variables: list[tuple[str, Any]] = []

    def rendered(self, data: dict[str, Any]) -> str:
        self._variables = [("$", data)]
        self._walk(self._template.body, data)
        return "".join(self._parts)

    def _walk(self, nodes: list[Node], dot: Any) -> None:
        for node in nodes:
            self._step()
            if isinstance(node, Text):
                self._write(node.text)
            elif isinstance(node, Action):
                value = self._pipeline(node.pipeline, dot)
                if not node.pipeline.declared:
                    self._write(NO_VALUE if value is None else printed(value))
            elif isinstance(node, Branch):
                self._branch(node, dot)
            elif isinstance(node, Jump):
                raise _Broken(node.kind)
            else:
                self._call_template(node, dot)

    def _branch(self, node: Branch, dot: Any) -> None:
        known = len(self._variables)
        try:
            if node.kind == "range":
                self._range(node, dot)
                return
            value = self._pipeline(node.pipeline, dot)
            if truth(value):
                self._walk(node.body, value if node.kind == "with" else dot)
            else:
                self._walk(node.other or [], dot)
        finally:
            del self._variables[known:]

    def _range(self, node: Branch, dot: Any) -> None:
        declared = node.pipeline.declared
        value = self._pipeline(node.pipeline, dot, declare=False)
        pairs = list(self._pairs(value, node.pipeline))
        for key, item in pairs:
            self._step()
            known = len(self._variables)
            names = dict(zip(declared, (key, item) if len(declared) > 1 else (item,), strict=False))
            if node.pipeline.assigns:
                for name, each in names.items():
                    self._assign(name, each)
            else:
                self._variables += names.items()
            try:
                self._walk(node.body, item)
            except _Broken as broken:
                if broken.kind == "break":
                    return
            finally:
                del self._variables[known:]
        if not pairs:
            self._walk(node.other or [], dot)

    def _pairs(self, value: Any, pipeline: Pipeline) -> Iterator[tuple[Any, Any]]:
        if value is None:
            return iter(())
        if isinstance(value, list):
            return iter(enumerate(value))
        if isinstance(value, dict):
            return iter(sorted(value.items()))
        if isinstance(value, int) and not isinstance(value, bool):
            if value > ITEMS:
                raise self._error(pipeline, f"range over more than {ITEMS}")
            return ((number, number) for number in range(value))
        raise self._error(pipeline, f"range can't iterate over {printed(value)[:40]}")

    def _call_template(self, node: Call, dot: Any) -> None:
        body = self._template.defined.get(node.name)
        if body is None:
            where = f'executing "{self._name}" at <{{{{template "{node.name[:20]}"}}}}>'
            raise TemplateError(f'template: {self._name}:{node.line}: {where}: template "{node.name}" not defined')
        self._depth += 1
        if self._depth > DEPTH:
            raise TemplateError(f"template: {self._name}:{node.line}: exceeded maximum template depth ({DEPTH})")
        value = self._pipeline(node.pipeline, dot) if node.pipeline else None
        outer, self._variables = self._variables, [("$", value)]
        self._walk(body, value)
        self._variables = outer
        self._depth -= 1

    def _pipeline(self, pipeline: Pipeline, dot: Any, declare: bool = True) -> Any:
        self._step()
        value: Any = _NOTHING
        for command in pipeline.commands:
            value = self._command(command, dot, value, pipeline)
        if declare:
            for name in pipeline.declared:
                if pipeline.assigns:
                    self._assign(name, value)
                else:
                    self._variables.append((name, value))
        return value

    def _assign(self, name: str, value: Any) -> None:
        for place in range(len(self._variables) - 1, -1, -1):
            if self._variables[place][0] == name:
                self._variables[place] = (name, value)
                return

    def _command(self, command: tuple[Operand, ...], dot: Any, final: Any, pipeline: Pipeline) -> Any:
        first, *rest = command
        if isinstance(first, Function):
            return self._function(first.name, rest, dot, final, command, pipeline)
        if isinstance(first, Literal) and first.written == "nil":
            raise self._error(pipeline, "nil is not a command", command)
        if rest or final is not _NOTHING:
            if isinstance(first, Path) and first.names:
                raise self._error(pipeline, f"{first.names[-1]} is not a method but has arguments", (first,))
            raise self._error(pipeline, f"can't give argument to non-function {spelled(first)}", (first,))
        return self._operand(first, dot, pipeline)

    def _operand(self, operand: Operand, dot: Any, pipeline: Pipeline) -> Any:
        if isinstance(operand, Literal):
            return operand.value
        if isinstance(operand, Pipeline):
            return self._pipeline(operand, dot)
        if isinstance(operand, Function):
            return self._function(operand.name, [], dot, _NOTHING, (operand,), pipeline)
        value = dot
        if operand.variable is not None:
            value = next(value for name, value in reversed(self._variables) if name == operand.variable)
        elif operand.operand is not None:
            value = self._operand(operand.operand, dot, pipeline)
        for name in operand.names:
            if value is None:
                raise self._error(pipeline, f"nil pointer evaluating interface {{}}.{name}", (operand,))
            if not isinstance(value, dict):
                raise self._error(pipeline, f"can't evaluate field {name} in type interface {{}}", (operand,))
            value = value.get(name)
        return value

    def _function(
        self, name: str, rest: list[Operand], dot: Any, final: Any, command: tuple[Operand, ...], pipeline: Pipeline
    ) -> Any:
        if name in MISSING:
            raise TemplateError(
                f'template: {self._name}:{pipeline.line}: the emulator does not have the function "{name}" of Sprig, '
                "which the agent has"
            )
        if name in ("and", "or"):
            return self._and_or(name, rest, dot, final, pipeline)
        kinds, function = _FUNCTIONS[name]
        given = len(rest) + (final is not _NOTHING)
        expected = list(_expected(kinds, given))
        if len(expected) != given:
            least = len([kind for kind in kinds.split() if not kind.endswith("*")])
            want = f"at least {least}" if kinds.endswith("*") else str(least)
            raise self._error(pipeline, f"wrong number of args for {name}: want {want} got {given}", (command[0],))
        values = []
        for operand, kind in zip(rest, expected, strict=False):
            value = self._operand(operand, dot, pipeline)
            values.append(
                self._checked(value, kind, operand, pipeline, f"wrong type for value; expected {_go(kind)}; got ")
            )
        if final is not _NOTHING:
            values.append(self._checked(final, expected[-1], command[0], pipeline, None))
        self._work += sum(len(value) for value in values if isinstance(value, str)) + 1
        if self._work > WORK:
            raise TemplateError("template: functions are given more than the emulator works on")
        try:
            found = function(*values)
        except CallError as error:
            raise self._error(pipeline, f"error calling {name}: {error}", command) from None
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            if isinstance(error, TemplateError):
                raise
            raise self._error(pipeline, f"error calling {name}: wrong arguments", command) from None
        if (isinstance(found, str) and len(found) > LIMIT) or (isinstance(found, (list, dict)) and len(found) > ITEMS):
            raise too_long()
        return found

    def _checked(self, value: Any, kind: str, operand: Operand, pipeline: Pipeline, wrong: str | None) -> Any:
        """Return a value that is of the kind that a function wants. Raises TemplateError."""
        wanted = _KINDS.get(kind)
        if wanted is None or type(value) is wanted:
            return value
        if isinstance(operand, Literal):
            name = "integer" if kind == "int" else _go(kind)
            raise self._error(pipeline, f"expected {name}; found {operand.written[:40]}", (operand,))
        if value is None and wrong is None:
            raise self._error(pipeline, f"invalid value; expected {_go(kind)}", (operand,))
        wrong = wrong or f"wrong type for value; expected {_go(kind)}; got "
        raise self._error(pipeline, wrong + go_type(value), (operand,))

    def _and_or(self, name: str, rest: list[Operand], dot: Any, final: Any, pipeline: Pipeline) -> Any:
        """Return the first value that decides; what follows it is not evaluated."""
        if not rest and final is _NOTHING:
            raise self._error(pipeline, f"wrong number of args for {name}: want at least 1 got 0", (Function(name),))
        value: Any = None
        for operand in rest:
            value = self._operand(operand, dot, pipeline)
            if truth(value) == (name == "or"):
                return value
        return value if final is _NOTHING else final

    def _write(self, text: str) -> None:
        self._size += len(text)
        if self._size > OUTPUT_LIMIT:
            raise TemplateError(f"template: what is rendered is longer than {OUTPUT_LIMIT} characters")
        self._parts.append(text)

    def _step(self) -> None:
        self._steps += 1
        if self._steps > STEPS:
            raise TemplateError(f"template: rendering takes more than {STEPS} steps")

    def _error(self, pipeline: Pipeline, problem: str, at: tuple[Operand, ...] | None = None) -> TemplateError:
        where = f'executing "{self._name}" at <{spelled(at if at is not None else pipeline)}>'
        return TemplateError(f"template: {self._name}:{pipeline.line}: {where}: {problem}")


def _expected(kinds: str, given: int) -> Iterator[str]:
    """Yield the kinds of as many arguments as are given, at least those that a function must have."""
    words = kinds.split()
    for number, word in enumerate(words):
        if not word.endswith("*"):
            yield word
        else:
            yield from [word[:-1]] * max(given - number, 0)


def _go(kind: str) -> str:
    return {"map": "map[string]interface {}"}.get(kind, kind)
