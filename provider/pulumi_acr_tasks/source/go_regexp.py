"""Translation of Go's regular expressions to Python's, for the part that ignore patterns can use.

moby turns a pattern into a Go expression and leaves classes and escapes as they are. So `\\d` is a digit and
`[[:alpha:]]` a letter; an expression that Go refuses fails the build.
"""

from __future__ import annotations

import re

_DIGITS, _WORD = [("0", "9")], [("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")]
_PERL = {"d": _DIGITS, "s": [("\t", "\n"), ("\f", "\r"), (" ", " ")], "w": _WORD}
_ASCII = {
    "alnum": [("0", "9"), ("A", "Z"), ("a", "z")],
    "alpha": [("A", "Z"), ("a", "z")],
    "ascii": [("\0", "\x7f")],
    "blank": [("\t", "\t"), (" ", " ")],
    "cntrl": [("\0", "\x1f"), ("\x7f", "\x7f")],
    "digit": _DIGITS,
    "graph": [("!", "~")],
    "lower": [("a", "z")],
    "print": [(" ", "~")],
    "punct": [("!", "/"), (":", "@"), ("[", "`"), ("{", "~")],
    "space": [("\t", "\r"), (" ", " ")],
    "upper": [("A", "Z")],
    "word": _WORD,
    "xdigit": [("0", "9"), ("A", "F"), ("a", "f")],
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_NUMBER = re.compile(r"x\{([0-9A-Fa-f]+)\}|x([0-9A-Fa-f]{2})|([1-7](?=[0-7])[0-7]{1,2}|0[0-7]{0,2})")
_COUNT = re.compile(r"\{\d+(?:,\d*)?\}")
_NAMED = re.compile(r"\[:(\^?)(.*?):\]", re.DOTALL)
_UNDECODED = re.compile("[\ud800-\udfff]")

Ranges = list[tuple[str, str]]


class MalformedError(ValueError):
    """The reason why Go refuses an expression."""


def readable(text: str) -> str:
    """Return the text as Go's expressions see it: a byte that is not UTF-8 is U+FFFD."""
    return _UNDECODED.sub("\ufffd", text)


def check_class_syntax(pattern: str) -> None:
    """Raise MalformedError for a pattern that Go's `filepath.Match` refuses: an open class, a backslash at the end.

    moby tries each pattern on the name `.`. Match stops at the first `*` that is not at the beginning, so that the rest
    is not checked here.
    """
    index, length = len(pattern) - len(pattern.lstrip("*")), len(pattern)

    def character() -> None:
        nonlocal index
        if index >= length:
            raise MalformedError("it opens a [ that is never closed")
        if pattern[index] in "-]":
            raise MalformedError(f"a class begins or goes on with {pattern[index]}; write \\{pattern[index]}")
        index += pattern[index] == "\\"
        if index >= length or _UNDECODED.match(pattern[index]):
            raise MalformedError("a class has a character that is no UTF-8, or none")
        index += 1
        if index >= length:
            raise MalformedError("it opens a [ that is never closed")

    while index < length:
        char = pattern[index]
        index += 1
        if char == "*":
            return
        if char == "\\":
            if index >= length:
                raise MalformedError("it ends in a backslash, and there is nothing to escape")
            index += 1
        elif char == "[":
            index += pattern[index : index + 1] == "^"
            ranges = 0
            while not (ranges and pattern[index : index + 1] == "]"):
                character()
                if pattern[index] == "-":
                    index += 1
                    character()
                ranges += 1
            index += 1


def translate(regex: str) -> re.Pattern[str]:
    """Return a Go expression as Python's, for `search`.

    Raises MalformedError for an expression that Go refuses, and for Unicode classes (`\\pL`), which Python lacks.
    """
    reader = _Reader(readable(regex))
    try:
        return re.compile(reader.expression(), re.ASCII)
    except re.error as error:
        raise MalformedError(str(error)) from None


class _Reader:
    """A parser of one Go expression that writes Python's."""

    def __init__(self, text: str) -> None:
        self._text, self._at = text, 0

    def expression(self) -> str:
        made = ""
        while self._at < len(self._text):
            char = self._text[self._at]
            if char == "[":
                made += self._class()
            elif char == "\\":
                made += self._escape()
            elif char == "{":
                count = _COUNT.match(self._text, self._at)
                made += count[0] if count else r"\{"
                self._at += len(count[0]) if count else 1
            else:
                self._at += 1
                made += r"\Z" if char == "$" else char if char in "(.*)?^|" else re.escape(char)
        return made

    def _escape(self) -> str:
        letter = self._text[self._at + 1 : self._at + 2]
        if letter in {"A", "b", "B"} or letter == "z":
            self._at += 2
            return {"z": r"\Z"}.get(letter, "\\" + letter)
        if letter == "Q":
            literal, found, _ = self._text[self._at + 2 :].partition("\\E")
            self._at += 2 + len(literal) + len(found)
            return re.escape(literal)
        perl = self._perl()
        return _written(perl) if perl is not None else re.escape(self._character())

    def _perl(self) -> Ranges | None:
        """Return the ranges of `\\d`, `\\S` and the like; None for anything else."""
        letter = self._text[self._at + 1 : self._at + 2]
        if self._text[self._at] != "\\" or letter.lower() not in _PERL or not letter:
            return None
        self._at += 2
        ranges = _PERL[letter.lower()]
        return ranges if letter.islower() else _inverted(ranges)

    def _character(self) -> str:
        """Return one character, escaped or not."""
        if self._text[self._at] != "\\":
            self._at += 1
            return self._text[self._at - 1]
        letter = self._text[self._at + 1 : self._at + 2]
        number = _NUMBER.match(self._text, self._at + 1)
        if number is not None:
            self._at = number.end()
            value = int(number[1] or number[2], 16) if number[3] is None else int(number[3], 8)
            if value > 0x10FFFF:
                raise MalformedError(f"\\{number[0]} is beyond Unicode")
            return chr(value)
        if letter in _CONTROLS or (letter.isascii() and not letter.isalnum() and letter):
            self._at += 2
            return _CONTROLS.get(letter, letter)
        raise MalformedError(f"\\{letter} is not an escape; leave the backslash out")

    def _class(self) -> str:
        self._at += 1
        negated = self._text[self._at : self._at + 1] == "^"
        self._at += negated
        ranges: Ranges = []
        first = True
        while first or self._text[self._at : self._at + 1] != "]":
            if self._at >= len(self._text):
                raise MalformedError("it opens a [ that is never closed")
            first = False
            ranges += self._member()
        self._at += 1
        return _written(_inverted(ranges) if negated else ranges)

    def _member(self) -> Ranges:
        named = _NAMED.match(self._text, self._at)
        if named is not None:
            if named[2] not in _ASCII:
                raise MalformedError(f"there is no class {named[0]}")
            self._at = named.end()
            return _inverted(_ASCII[named[2]]) if named[1] else _ASCII[named[2]]
        perl = self._perl()
        if perl is not None:
            return perl
        low = high = self._character()
        following = self._text[self._at : self._at + 2]
        if len(following) == 2 and following[0] == "-" and following[1] != "]":
            self._at += 1
            high = self._character()
            if high < low:
                raise MalformedError(f"the range {low}-{high} runs backwards")
        return [(low, high)]


def _inverted(ranges: Ranges) -> Ranges:
    """Return the ranges of all other characters."""
    inverted, next_ = [], 0
    for low, high in sorted(ranges):
        if ord(low) > next_:
            inverted.append((chr(next_), chr(ord(low) - 1)))
        next_ = max(next_, ord(high) + 1)
    return [*inverted, (chr(next_), chr(0x10FFFF))] if next_ <= 0x10FFFF else inverted


def _written(ranges: Ranges) -> str:
    if not ranges:
        return "(?!)"  # no character at all
    return "[" + "".join(f"\\U{ord(low):08x}-\\U{ord(high):08x}" for low, high in ranges) + "]"
