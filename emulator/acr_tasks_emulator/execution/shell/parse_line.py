"""The parser of lines for the agent's /bin/sh: words, quotes, variables, redirections, and further commands.

Nothing is run here. The agent passes `docker run` and `docker build` with all their words to its shell, so the
shell's reading of a line decides what the container gets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ENVIRONMENT = {"HOME": "/root", "PWD": "/", "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
"""What the agent's shell has of its own; a task has no part in it."""

_OPERATORS = ("&&", "||", ";;", "<<-", "<<", ">>", ">&", "<&", ">|", "<>", "&", "|", ";", "<", ">", "(", ")", "\n")
_REDIRECTIONS = {"<<-", "<<", ">>", ">&", "<&", ">|", "<>", "<", ">"}
_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_PARAMETER = re.compile(r"([A-Za-z_]\w*|[0-9?#@*$!-])(?:(:?[-=+?])(.*)|[#%/:^,].*)?", re.ASCII | re.DOTALL)
_SPECIAL = {"?": "0", "#": "0", "0": "/bin/sh", "$": "1"}


class ShellError(ValueError):
    """A line that the shell refuses; the text is the shell's."""


@dataclass(frozen=True)
class Redirection:
    """A redirection of a stream. number: of the stream, empty for the default one. operator: such as `>>`."""

    number: str
    operator: str
    target: str


@dataclass
class Command:
    """One command: its words as the program gets them, and its redirections."""

    words: list[str] = field(default_factory=list)
    redirections: list[Redirection] = field(default_factory=list)


@dataclass
class Item:
    """A pipeline of commands. after: what connects it to the one before: `&&`, `||`, `;`, or nothing for the first.

    background: the shell does not wait for it.
    """

    after: str
    commands: list[Command] = field(default_factory=list)
    background: bool = False


@dataclass(frozen=True)
class Line:
    """A parsed line. remarks: a sentence for each variable or command that the shell replaces."""

    items: list[Item]
    remarks: tuple[str, ...] = ()


def read_line(text: str) -> Line:
    """Return what a shell makes of a text of one line or several. Raises ShellError."""
    return _Reader(text).line()


class _Reader:
    """A parser that reads the text once."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._remarks: list[str] = []
        self._pending: list[str] = []  # the ends of here-documents that begin at the next line

    def line(self) -> Line:
        items = [Item("", [Command()])]
        while True:
            self._blanks()
            if self._at >= len(self._text):
                break
            operator = next((each for each in _OPERATORS if self._text.startswith(each, self._at)), None)
            if operator is None:
                self._word(items[-1].commands[-1])
                continue
            self._at += len(operator)
            if operator == "\n":
                self._here_documents()
            self._operator(operator, items)
        return self._checked(items)

    def _operator(self, operator: str, items: list[Item]) -> None:
        item = items[-1]
        command = item.commands[-1]
        if operator in _REDIRECTIONS:
            command.redirections.append(self._redirection("", operator))
            return
        if operator in ("(", ")"):
            if len(items) == 1 or command.words:
                raise ShellError(f'syntax error: unexpected "{operator}"')
            command.words.append(self._subshell())
            return
        empty = not command.words and not command.redirections
        if empty and operator == "\n":
            return  # an empty line, or one that goes on after `&&` or `|`
        if empty:
            raise ShellError(f'syntax error: unexpected "{operator}"')
        if operator == "|":
            item.commands.append(Command())
            return
        item.background = operator == "&"
        items.append(Item(operator if operator in ("&&", "||") else ";", [Command()]))

    def _checked(self, items: list[Item]) -> Line:
        last = items[-1]
        if not last.commands[-1].words and not last.commands[-1].redirections:
            if last.after in ("&&", "||") or len(last.commands) > 1:
                raise ShellError("syntax error: unexpected end of file")
            items = items[:-1] if len(items) > 1 else items
        return Line(items, tuple(dict.fromkeys(self._remarks)))

    def _subshell(self) -> str:
        start, depth = self._at, 1
        while depth and self._at < len(self._text):
            depth += {"(": 1, ")": -1}.get(self._text[self._at], 0)
            self._at += 1
        if depth:
            raise ShellError('syntax error: unexpected end of file (expecting ")")')
        return f"({self._text[start : self._at]}"

    def _blanks(self) -> None:
        while self._at < len(self._text):
            if self._text[self._at] in " \t":
                self._at += 1
            elif self._text.startswith("\\\n", self._at):
                self._at += 2
            elif self._text[self._at] == "#":
                end = self._text.find("\n", self._at)
                self._at = len(self._text) if end < 0 else end
            else:
                return

    def _redirection(self, number: str, operator: str) -> Redirection:
        self._blanks()
        target = Command()
        if self._at < len(self._text) and not self._at_operator():
            self._word(target, redirected=True)
        if not target.words:
            raise ShellError("syntax error: unexpected newline or end of file after a redirection")
        if operator in ("<<", "<<-"):
            self._pending.append(target.words[0])
        return Redirection(number, operator, target.words[0])

    def _here_documents(self) -> None:
        for end in self._pending:
            while self._at < len(self._text):
                stop = self._text.find("\n", self._at)
                stop = len(self._text) if stop < 0 else stop
                line, self._at = self._text[self._at : stop], stop + 1
                if line.lstrip("\t") == end:
                    break
        self._pending = []

    def _at_operator(self) -> bool:
        return self._text[self._at] in "&|;<>()\n"

    def _word(self, command: Command, redirected: bool = False) -> None:
        """Read one word, which may be several, or none when it is an empty variable."""
        parts: list[str] = []
        start, quoted = self._at, False
        while self._at < len(self._text) and self._text[self._at] not in " \t" and not self._at_operator():
            character = self._text[self._at]
            if character in "'\"":
                quoted = True
                parts.append(self._single() if character == "'" else self._double())
            elif character == "\\":
                parts.append(self._escaped(quoted=False))
                quoted = quoted or bool(parts[-1])
            elif character in "$`":
                parts.append(self._expanded())
            else:
                parts.append(character)
                self._at += 1
        word = "".join(parts)
        written = self._text[start : self._at]
        if not redirected and written.isdigit() and self._at < len(self._text) and self._text[self._at] in "<>":
            operator = next(each for each in _OPERATORS if self._text.startswith(each, self._at))
            self._at += len(operator)
            command.redirections.append(self._redirection(written, operator))
            return
        if written == "~" or written.startswith("~/"):
            word = ENVIRONMENT["HOME"] + word[1:]
        if word or quoted:
            command.words.append(word)

    def _single(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise ShellError("syntax error: unterminated quoted string")
        found, self._at = self._text[self._at + 1 : end], end + 1
        return found

    def _double(self) -> str:
        parts: list[str] = []
        self._at += 1
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == '"':
                self._at += 1
                return "".join(parts)
            if character == "\\":
                parts.append(self._escaped(quoted=True))
            elif character in "$`":
                parts.append(self._expanded())
            else:
                parts.append(character)
                self._at += 1
        raise ShellError("syntax error: unterminated quoted string")

    def _escaped(self, quoted: bool) -> str:
        following = self._text[self._at + 1 : self._at + 2]
        self._at += 1 + len(following)
        if following == "\n":
            return ""
        if not following or (quoted and following not in '$`"\\'):
            return "\\" + following
        return following

    def _expanded(self) -> str:
        """Return what the agent's shell puts in for a variable or a command, read from its sign on."""
        start = self._at
        if self._text[start] == "`":
            end = self._text.find("`", start + 1)
            if end < 0:
                raise ShellError("syntax error: EOF in backquote substitution")
            self._at = end + 1
            return self._command(self._text[start + 1 : end])
        following = self._text[start + 1 : start + 2]
        if following == "(":
            inner = self._between("(", ")", start + 1)
            return self._arithmetic(inner[1:-1]) if inner[:1] == "(" and inner[-1:] == ")" else self._command(inner)
        if following == "{":
            return self._parameter(self._between("{", "}", start + 1))
        name = _NAME.match(self._text, start + 1)
        if name is None and (not following or following not in "?#@*$!-0123456789"):
            self._at = start + 1
            return "$"
        self._at = name.end() if name else start + 2
        return self._variable(name.group() if name else following)

    def _between(self, opening: str, closing: str, start: int) -> str:
        depth, at = 0, start
        while at < len(self._text):
            character = self._text[at]
            if character == "\\":
                at += 1
            elif character == "'":
                at = self._text.find("'", at + 1)
                if at < 0:
                    break
            depth += (character == opening) - (character == closing)
            at += 1
            if not depth:
                self._at = at
                return self._text[start + 1 : at - 1]
        raise ShellError(f'syntax error: unexpected end of file (expecting "{closing}")')

    def _variable(self, name: str) -> str:
        found = ENVIRONMENT.get(name, _SPECIAL.get(name, ""))
        self._remarks.append(
            f"The agent's shell puts in its own ${name} before the container starts ({found or 'nothing'}); "
            "in single quotes the container would see it"
        )
        return found

    def _parameter(self, text: str) -> str:
        match = _PARAMETER.fullmatch(text.removeprefix("#") if len(text) > 1 else text)
        if match is None:
            raise ShellError("syntax error: bad substitution")
        found = self._variable(match.group(1))
        if text.startswith("#") and len(text) > 1:
            return str(len(found))
        kind, other = match.group(2), _Reader(match.group(3) or "").unquoted()
        if kind in ("-", ":-", "=", ":="):
            return found or other
        if kind in ("+", ":+"):
            return other if found else ""
        if kind in ("?", ":?") and not found:
            raise ShellError(f"{match.group(1)}: {other or 'parameter not set'}")
        return found

    def unquoted(self) -> str:
        """Return the text as one word, its quotes taken off."""
        self._text, self._at = f'"{self._text}"' if '"' not in self._text else self._text, 0
        command = Command()
        while self._at < len(self._text):
            self._blanks()
            before = self._at
            self._word(command)
            if self._at == before:
                break
        return " ".join(command.words)

    def _command(self, text: str) -> str:
        if text.strip() == "pwd":
            return ENVIRONMENT["PWD"]
        self._remarks.append(
            f"The agent's shell would run {' '.join(text.split())} on the agent and put in what it prints; "
            "the emulator does not run it, and puts in nothing"
        )
        return ""

    def _arithmetic(self, text: str) -> str:
        self._remarks.append(f"The agent's shell would work out {' '.join(text.split())}; the emulator puts in 0")
        return "0"
