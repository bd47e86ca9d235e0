"""The lexer of templates: it splits a text into tokens, with the rules and messages of Go's lexer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from acr_tasks_emulator.execution.template.nodes import TemplateError

ACTION_LIMIT = 4096
"""The maximum number of characters of an action. Comments may be longer."""

_SPACES = " \t\r\n"
_TOKEN = re.compile(
    r"""(?P<right>[ \t\r\n]-\}\}|\}\})
    |(?P<space>[ \t\r\n]+?(?=[ \t\r\n]-\}\})|[ \t\r\n]+)
    |(?P<declare>:=)|(?P<assign>=)|(?P<pipe>\|)|(?P<left_paren>\()|(?P<right_paren>\))
    |(?P<string>"(?:[^"\\\n]|\\[^\n])*")
    |(?P<raw>`[^`]*`)
    |(?P<char>'(?:[^'\\\n]|\\[^\n])+')
    |(?P<number>[+-]?(?:\.[0-9]|[0-9])[\w.]*(?:(?<=[eEpP])[+-][0-9_]+)?)
    |(?P<field>\.\w+)
    |(?P<dot>\.(?!\w))
    |(?P<variable>\$\w*)
    |(?P<word>\w+)
    |(?P<other>[!-~])""",
    re.VERBOSE,
)
_BEGINS = {
    '"': "unterminated quoted string",
    "`": "unterminated raw quoted string",
    "'": "unterminated character constant",
}
_ENDS = " \t\r\n.,|:)("
"""The characters that may follow a field, a variable or a word."""


@dataclass(frozen=True)
class Token:
    """A token of a template. kind: `text` between actions, a group of _TOKEN, or `end`. line: counted from 1."""

    kind: str
    text: str
    line: int


def tokens(text: str, name: str) -> Iterator[Token]:
    """Yield the tokens of a template. A token `right` closes each action, and `end` is the last token.

    name: the name of the template in messages. Raises TemplateError.
    """
    at, line, trims = 0, 1, False
    while True:
        start = text.find("{{", at)
        piece = text[at:] if start < 0 else text[at:start]
        lines = piece.count("\n")
        if trims:
            piece = piece.lstrip(_SPACES)
        if start >= 0 and text.startswith("-", start + 2) and text[start + 3 : start + 4] in tuple(_SPACES):
            piece, opened = piece.rstrip(_SPACES), start + 3
        else:
            opened = start + 2
        if piece:
            yield Token("text", piece, line)
        line += lines
        if start < 0:
            yield Token("end", "", line)
            return
        comment = _comment(text, opened, name, line)
        if comment is None:
            action = _Action(text, start, opened, name, line)
            yield from action.tokens()
            at, trims = action.at, action.trims
        else:
            at, trims = comment
        line += text.count("\n", start, at)


def _comment(text: str, opened: int, name: str, line: int) -> tuple[int, bool] | None:
    """Return the end of a comment, and whether it trims the text after it; None without a comment."""
    at = opened + 1 if text[opened : opened + 1] in tuple(_SPACES) and text[opened - 1] == "-" else opened
    if not text.startswith("/*", at):
        return None
    end = text.find("*/", at + 2)
    if end < 0:
        raise TemplateError(f"template: {name}:{line}: unclosed comment")
    if text.startswith("}}", end + 2):
        return end + 4, False
    if text[end + 2 : end + 3] in tuple(_SPACES) and text.startswith("-}}", end + 3):
        return end + 6, True
    raise TemplateError(f"template: {name}:{line}: comment ends before closing delimiter")


class _Action:
    """The lexer of one action. at: the next position in the text. trims: whether the action trims the text after it."""

    trims = False

    def __init__(self, text: str, start: int, opened: int, name: str, line: int) -> None:
        self._text, self._start, self._name, self._first = text, start, name, line
        self.at = opened
        self._line = line
        self._depth = 0

    def tokens(self) -> Iterator[Token]:
        while True:
            match = _TOKEN.match(self._text, self.at)
            kind = str(match.lastgroup) if match else ""
            found = match.group() if match else self._text[self.at : self.at + 1]
            self._check(kind, found)
            self.at += len(found)
            if self.at - self._start > ACTION_LIMIT:
                raise TemplateError(f"template: an action is longer than {ACTION_LIMIT} characters")
            yield Token(kind, found, self._line)
            self._line += found.count("\n")
            if kind == "right":
                self.trims = found.startswith(tuple(_SPACES))
                return

    def _check(self, kind: str, found: str) -> None:
        if not found:
            where = f" started at {self._name}:{self._first}" if self._line > self._first else ""
            raise self._error(f"unclosed action{where}")
        if not kind:
            raise self._error(f"unrecognized character in action: {_shown(found)}")
        if kind == "other" and found in _BEGINS:
            raise self._error(_BEGINS[found])
        if kind == "other" and found == ":":
            raise self._error("expected :=")
        if kind in ("field", "variable", "word"):
            following = self._text[self.at + len(found) : self.at + len(found) + 2]
            if following and following[0] not in _ENDS and following != "}}":
                raise self._error(f"bad character {_shown(following[0])}")
        self._depth += {"left_paren": 1, "right_paren": -1}.get(kind, 0)
        if self._depth < 0:
            raise self._error("unexpected right paren")
        if kind == "right" and self._depth:
            raise self._error("unclosed left paren")

    def _error(self, problem: str) -> TemplateError:
        return TemplateError(f"template: {self._name}:{self._line}: {problem}")


def _shown(character: str) -> str:
    return f"U+{ord(character):04X} '{character}'" if character.isprintable() else f"U+{ord(character):04X}"
