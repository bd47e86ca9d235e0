"""Makes nodes of a template's tokens, as Go's parser does, and with its messages."""

from __future__ import annotations

import ast
import re
from collections.abc import Container
from typing import NoReturn

from acr_tasks_emulator.execution.template.lexer import Token, tokens
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

DEPTH = 100
"""How deep actions and parentheses may stand in each other."""
_WORDS = {"true": True, "false": False, "nil": None}
_KEYWORDS = {"if", "with", "range", "else", "end", "template", "define", "block", "break", "continue"}
_OPERANDS = {"string", "raw", "char", "number", "field", "dot", "variable", "word", "left_paren"}
# Neither halves of UTF-16 pairs, nor numbers beyond Unicode's or a byte's.
_ESCAPE = re.compile(
    r"""\\(?:[abfnrtv\\"']|[0-3][0-7]{2}|x[0-9a-fA-F]{2}|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}"""
    r"""|U(?!0000[dD][89a-fA-F])00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})"""
)
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def parse(text: str, name: str, functions: Container[str]) -> Template:
    """Return the nodes of a template. functions: the names that may be called. Raises TemplateError."""
    return _Parser(text, name, functions).template()


class _Parser:
    """A parser with a look-ahead of one token. Spaces matter only inside a command."""

    def __init__(self, text: str, name: str, functions: Container[str]) -> None:
        self._tokens = tokens(text, name)
        self._name = name
        self._functions = functions
        self._ahead: list[Token] = []
        self._variables = ["$"]
        self._defined: dict[str, list[Node]] = {}
        self._depth = 0
        self._ranges = 0
        self._line = 1

    def template(self) -> Template:
        body, end = self._nodes(("end of text",))
        assert end == "end of text"  # noqa: S101 - what was asked for
        return Template(body, self._defined)

    def _nodes(self, ends: tuple[str, ...]) -> tuple[list[Node], str]:
        """Return the nodes up to one of the keywords in `ends`, and that keyword."""
        found: list[Node] = []
        self._depth += 1
        if self._depth > DEPTH:
            self._fail(f"actions stand more than {DEPTH} deep in each other")
        while True:
            token = self._next()
            if token.kind == "text":
                found.append(Text(token.text))
                continue
            if token.kind == "end":
                if "end of text" not in ends:
                    self._fail("unexpected EOF")
                self._depth -= 1
                return found, "end of text"
            self._push(token)
            word = self._peek_word()
            if word in ("end", "else"):
                if word not in ends:
                    self._fail(f"unexpected {{{{{word}}}}}")
                self._skip()
                if word == "end":
                    self._close("end")
                self._depth -= 1
                return found, word
            if word == "define":
                self._define()
                continue
            found.append(self._control(word) if word in _KEYWORDS else Action(self._pipeline("command")))

    def _control(self, word: str) -> Node:
        self._skip()
        if word in ("break", "continue"):
            self._close(word)
            if not self._ranges:
                self._fail(f"{{{{{word}}}}} outside {{{{range}}}}")
            return Jump(word)
        if word in ("template", "block"):
            return self._call(word)
        return self._branch(word)

    def _branch(self, word: str) -> Node:
        known = len(self._variables)
        pipeline = self._pipeline(word)
        self._ranges += word == "range"
        body, end = self._nodes(("end", "else"))
        self._ranges -= word == "range"
        other: list[Node] | None = None
        if end == "else":
            following = self._peek_word()
            if following == word and word in ("if", "with"):
                self._skip()
                self._depth += 1
                other = [self._branch(word)]
                self._depth -= 1
            else:
                self._close("else")
                other, _ = self._nodes(("end",))
        del self._variables[known:]
        return Branch(word, pipeline, body, other)

    def _define(self) -> None:
        self._skip()
        name = self._string_of("define clause")
        self._close("define clause")
        outer, self._variables = self._variables, ["$"]
        ranges, self._ranges = self._ranges, 0
        self._defined[name], _ = self._nodes(("end",))
        self._variables, self._ranges = outer, ranges

    def _call(self, word: str) -> Node:
        line = self._line
        name = self._string_of(f"{word} clause")
        token = self._next_nonspace()
        pipeline = None
        if token.kind != "right" or word == "block":
            self._push(token)
            pipeline = self._pipeline(f"{word} clause")
        if word == "block":
            outer, self._variables = self._variables, ["$"]
            self._defined[name], _ = self._nodes(("end",))
            self._variables = outer
        return Call(name, pipeline, line)

    def _string_of(self, context: str) -> str:
        token = self._next_nonspace()
        if token.kind not in ("string", "raw"):
            self._unexpected(token, context)
        return str(self._literal(token).value)

    def _pipeline(self, context: str, end: str = "right") -> Pipeline:
        self._depth += 1
        if self._depth > DEPTH:
            self._fail(f"parentheses stand more than {DEPTH} deep in each other")
        declared, assigns = self._declarations(context)
        line = self._line
        commands: list[tuple[Operand, ...]] = []
        while True:
            token = self._next_nonspace()
            if token.kind == end:
                break
            if token.kind not in _OPERANDS or (token.kind == "word" and token.text in _KEYWORDS):
                self._unexpected(token, context)
            self._push(token)
            commands.append(self._command())
        self._depth -= 1
        if not commands:
            self._fail(f"missing value for {context}")
        for number, command in enumerate(commands[1:], 2):
            if isinstance(command[0], Literal) or command[0] == Path(()):
                self._fail(f"non executable command in pipeline stage {number}")
        self._variables += [name for name in declared if not assigns]
        return Pipeline(tuple(commands), line, tuple(declared), assigns)

    def _declarations(self, context: str) -> tuple[list[str], bool]:
        declared: list[str] = []
        while True:
            first = self._next_nonspace()
            if first.kind != "variable":
                self._push(first)
                return declared, False
            following = self._next()
            space = following if following.kind == "space" else None
            operator = self._next_nonspace() if space else following
            if operator.kind in ("declare", "assign"):
                if operator.kind == "assign" and first.text not in self._variables:
                    self._fail(f'undefined variable "{first.text}"')
                return [*declared, first.text], operator.kind == "assign"
            if operator.kind == "other" and operator.text == ",":
                if context != "range" or declared:
                    self._fail(f"too many declarations in {context}")
                declared.append(first.text)
                continue
            self._push(operator)
            if space:
                self._push(space)
            self._push(first)
            return declared, False

    def _command(self) -> tuple[Operand, ...]:
        words: list[Operand] = []
        while True:
            operand = self._operand(self._next_nonspace())
            if operand is not None:
                words.append(operand)
            token = self._next()
            if token.kind == "space":
                continue
            if token.kind in ("right", "right_paren"):
                self._push(token)
            elif token.kind != "pipe":
                self._unexpected(token, "operand")
            return tuple(words)

    def _operand(self, token: Token) -> Operand | None:
        operand = self._term(token)
        if operand is None:
            self._push(token)
            return None
        names: list[str] = []
        while True:
            following = self._next()
            if following.kind != "field":
                self._push(following)
                break
            names.append(following.text[1:])
        if not names:
            return operand
        if isinstance(operand, Path) and operand.operand is None and (operand.names or operand.variable):
            return Path((*operand.names, *names), operand.variable)
        if isinstance(operand, Literal) or operand == Path(()):
            self._fail(f'unexpected . after term "{spelled(operand)}"')
        return Path(tuple(names), operand=operand)

    def _term(self, token: Token) -> Operand | None:
        if token.kind in ("string", "raw", "char", "number"):
            return self._literal(token)
        if token.kind == "dot":
            return Path(())
        if token.kind == "field":
            return Path((token.text[1:],))
        if token.kind == "variable":
            if token.text not in self._variables:
                self._fail(f'undefined variable "{token.text}"')
            return Path((), token.text)
        if token.kind == "left_paren":
            return self._pipeline("parenthesized pipeline", "right_paren")
        if token.kind != "word" or token.text in _KEYWORDS:
            return None
        if token.text in _WORDS:
            return Literal(_WORDS[token.text], token.text)
        if token.text not in self._functions:
            self._fail(f'function "{token.text}" not defined')
        return Function(token.text)

    def _literal(self, token: Token) -> Literal:
        text = token.text
        if token.kind == "raw":
            return Literal(text[1:-1], text)
        if token.kind in ("string", "char"):
            if "\\" in _ESCAPE.sub("", text[1:-1]):
                self._fail("invalid syntax")
            value = _ESCAPE.sub(lambda match: str(ast.literal_eval(f'"{match.group()}"')), text[1:-1])
            if token.kind == "char" and len(value) != 1:
                self._fail(f"malformed character constant: {text}")
            return Literal(ord(value) if token.kind == "char" else value, text)
        digits = text.replace("_", "")
        if _NUMBER.fullmatch(digits) and len(digits) < 70:
            plain = digits.lstrip("+-")
            base = 8 if re.fullmatch(r"0[0-7]+", plain) else 0
            number = int(plain, base) * (-1 if digits.startswith("-") else 1)
            if -(2**63) <= number < 2**63:
                return Literal(number, text)
        elif _FLOAT.fullmatch(digits):
            real = float(digits)
            return Literal(int(real) if re.search("[eE]", digits) and real.is_integer() else real, text)
        raise self._error(f'bad number syntax: "{text}"')

    def _peek_word(self) -> str:
        token = self._next_nonspace()
        self._push(token)
        return token.text if token.kind == "word" else ""

    def _close(self, context: str) -> None:
        token = self._next_nonspace()
        if token.kind != "right":
            self._unexpected(token, context)

    def _skip(self) -> None:
        self._next_nonspace()

    def _next(self) -> Token:
        token = self._ahead.pop() if self._ahead else next(self._tokens)
        self._line = token.line
        return token

    def _next_nonspace(self) -> Token:
        token = self._next()
        while token.kind == "space":
            token = self._next()
        return token

    def _push(self, token: Token) -> None:
        self._ahead.append(token)

    def _unexpected(self, token: Token, context: str) -> NoReturn:
        shown = f"<{token.text}>" if token.text in _KEYWORDS else f'"{token.text}"'
        self._fail(f"unexpected {shown} in {context}")

    def _fail(self, problem: str) -> NoReturn:
        raise self._error(problem)

    def _error(self, problem: str) -> TemplateError:
        return TemplateError(f"template: {self._name}:{self._line}: {problem}")
