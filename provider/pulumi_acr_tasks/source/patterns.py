"""Docker's ignore patterns, with the semantics of moby's `patternmatcher` 0.6.1 and of the walk that BuildKit does.

A pattern is relative to the context and matches whole paths. A path inherits the patterns that matched its folder; of
all that match, the last one decides; `!` re-includes. `*` and `?` stop at `/`, `**` does not, `[...]` is a class, and a
backslash takes the next character literally (on Windows it separates, as `/` does).

The Python package `docker` has a matcher too. It ignores case and backslashes, and does not try `**` patterns on a
path's parents, so its results differ from those of the docker that builds.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.go_regexp import MalformedError, check_class_syntax, readable, translate

_SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""The characters that Go trims; Python's strip() trims four control characters more."""

_LONGEST_LINE = 65_535
_SPECIAL = re.compile(r"[\ufeff*?\[\]\\]")
_ESCAPED = frozenset(".+()$")
"""moby means to escape `|`, `{` and `}` too, and does not: its table is too small for them."""

_OPERATORS = frozenset("[]\\|{}^\ufeff")
"""The characters by which a pattern becomes an expression beyond wildcards."""
_FEW_STARS = 3
"""The `*` and `**` of a pattern that Python's expressions match fast: their time grows with the path's length to the
power of that number. Go's expressions always match in linear time."""

Matched = tuple[bool, ...]
"""For each pattern, whether it has matched a path or one of its parents."""


class Pattern:
    """A pattern of an ignore file. `exception`: it begins with `!`. `literal`: it has no wildcards."""

    def __init__(self, text: str) -> None:
        self.exception = text.startswith("!")
        self.text = text[1:] if self.exception else text
        if not self.text:
            raise SourceError("The ignore pattern '!' re-includes nothing: name what comes back, or remove the line.")
        self._test: Callable[[str], bool] | None = None
        try:
            check_class_syntax(self.text)
        except MalformedError as error:
            raise self._malformed(error) from None
        special = _SPECIAL.search(self.text)
        # The beginning of every path that matches; the whole path for a pattern without wildcards.
        self._beginning = self.text[: special.start()] if special else self.text
        if special and (set(self.text) & set("|{") or readable(self.text) != self.text):
            self._beginning = ""  # the expression may match a path that begins otherwise
        self.literal = special is None

    def matches(self, path: str) -> bool:
        """Return whether the pattern matches this path itself.

        Raises SourceError for a malformed expression; docker accepts one that it never tries.
        """
        if self._test is None:
            try:
                self._test = _compile(self.text)
            except MalformedError as error:
                raise self._malformed(error) from None
        return self._test(path)

    def _malformed(self, error: MalformedError) -> SourceError:
        return SourceError(f"The ignore pattern {readable(self.text)!r} is malformed: {error}.")

    def may_match_below(self, folder: str) -> bool:
        """Return whether the pattern could match a path inside `folder`."""
        inside = folder + "/"
        return self._beginning.startswith(inside) or (not self.literal and inside.startswith(self._beginning))


def read_patterns(text: str, *, windows: bool = False) -> list[str]:
    """Return the patterns in the text of an ignore file, cleaned as moby cleans them.

    Only a line feed ends a line. Comments begin with `#` in the first column; blanks around a line, a leading `/` and
    `.` or `..` elements are dropped. `windows`: read as docker does on Windows, where a backslash is a `/`.
    Raises SourceError for a line that docker's reader cannot hold.
    """
    patterns = []
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), start=1):
        if len(line.encode("utf-8", "surrogatepass")) > _LONGEST_LINE:
            raise SourceError(f"Line {number} of the ignore file is longer than {_LONGEST_LINE} bytes.")
        if line.startswith("#"):
            continue
        pattern = line.strip(_SPACES)
        exception = pattern.startswith("!")
        if exception:
            pattern = pattern[1:].strip(_SPACES)
        elif not pattern:
            continue
        if pattern:
            pattern = _clean(pattern.replace("\\", "/") if windows else pattern)
            if len(pattern) > 1:
                pattern = pattern.removeprefix("/")
        patterns.append(("!" if exception else "") + pattern)
    return patterns


class Patterns:
    """The patterns of one context, in order."""

    def __init__(self, patterns: Iterable[str]) -> None:
        trimmed = (text.strip(_SPACES) for text in patterns)
        self._patterns = [Pattern(_clean(text)) for text in trimmed if text]
        self._exceptions = [pattern for pattern in self._patterns if pattern.exception]
        self.wildcard_exceptions = any(not pattern.literal for pattern in self._exceptions)

    def match(self, path: str, above: Matched | None = None) -> tuple[bool, Matched]:
        """Return whether `path` is ignored, and the matches to pass on for the paths below it.

        `path` is relative to the context and uses `/`; `above` are the matches of its folder, None at the top.
        """
        ignored, matched = False, []
        for index, pattern in enumerate(self._patterns):
            match = above is not None and above[index]
            # Like moby, do not try a pattern that would not change the result; it is not inherited then either.
            if not match and pattern.exception is ignored:
                match = pattern.matches(path)
            if match:
                ignored = not pattern.exception
            matched.append(match)
        return ignored, tuple(matched)

    def ignored(self, path: str) -> bool:
        """Return whether `path` is ignored, with the matches of all its parents."""
        above: Matched | None = None
        ignored = False
        for end in (*(index for index, char in enumerate(path) if char == "/"), len(path)):
            ignored, above = self.match(path[:end], above)
        return ignored

    def may_reinclude_below(self, folder: str) -> bool:
        """Return whether an exception could re-include a path inside an ignored folder."""
        return any(pattern.may_match_below(folder) for pattern in self._exceptions)

    def classic_builder_walks(self, folder: str) -> bool:
        """Return whether docker's classic builder walks an ignored folder: an exception names a path inside."""
        return any(f"{pattern.text}/".startswith(f"{folder}/") for pattern in self._exceptions)


def _clean(path: str) -> str:
    """Return a path as Go's `filepath.Clean` does."""
    # normpath keeps a doubled slash at the beginning, as POSIX allows; Go does not.
    return re.sub("^//+", "/", posixpath.normpath(path))


def _compile(pattern: str) -> Callable[[str], bool]:
    """Return the test that moby's `Pattern.compile` chooses: exact, prefix, suffix, or a regular expression.

    Raises MalformedError for an expression that Go refuses.
    """
    # The scanner that moby reads patterns with drops a byte order mark.
    first = int(pattern.startswith("\ufeff"))
    regex, kind, index = "^", "exact", first
    while index < len(pattern):
        char, start = pattern[index], index
        index += 1
        if char == "*" and pattern[index : index + 1] == "*":
            index += 1
            # `**/x` is `x` at any depth, none included.
            if pattern[index : index + 1] == "/":
                index += 1
            if index < len(pattern):
                regex, kind = regex + "(.*/)?", "regexp"
            elif kind == "exact":
                kind = "prefix"
            else:
                regex, kind = regex + ".*", "regexp"
            if start == first:
                kind = "suffix"
            continue
        if char == "*":
            regex, kind = regex + "[^/]*", "regexp"
        elif char == "?":
            regex, kind = regex + "[^/]", "regexp"
        elif char == "\\":
            regex, kind = regex + pattern[start : index + 1], "regexp"
            index += 1
        elif char in "[]":
            regex, kind = regex + char, "regexp"
        else:
            regex += "\\" + char if char in _ESCAPED else char
    return _test_of(kind, pattern, regex)


def _test_of(kind: str, pattern: str, regex: str) -> Callable[[str], bool]:
    """Return the test of a pattern; `regex` is moby's expression without its end."""
    if kind == "exact":
        return lambda path: path == pattern
    if kind == "prefix":
        return lambda path: path.startswith(pattern[:-2])
    if kind == "suffix":
        end = pattern[2:]
        return lambda path: path.endswith(end) or (end.startswith("/") and path == end[1:])
    if pattern.count("*") > _FEW_STARS and not set(pattern) & _OPERATORS:
        return lambda path: _matches(_WILDCARDS.findall(pattern), readable(path))
    expression = translate(regex + "$")
    return lambda path: expression.search(readable(path)) is not None


_WILDCARDS = re.compile(r"\*\*/?|[*?]|[^*?]", re.DOTALL)


def _matches(parts: list[str], path: str) -> bool:
    """Return whether a path matches a pattern of wildcards and plain characters, in linear time.

    All positions in the pattern that the path's beginning can have reached are followed at once. A position within a
    `**/` that has begun is negative.
    """
    positions = _reached({0}, parts)
    for char in path:
        following = set[int]()
        for position in positions:
            index = position if position >= 0 else ~position
            part = parts[index] if index < len(parts) else ""
            if part.startswith("**"):
                # At the end it matches anything, elsewhere folders; a dot of Go's expressions is no line feed.
                last = index + 1 == len(parts)
                following |= {index if last else ~index} if char != "\n" else set()
                following |= {index + 1} if char == "/" and not last else set()
            elif part == "*":
                following |= {index} if char != "/" else set()
            elif part == char or (part == "?" and char != "/"):
                following.add(index + 1)
        positions = _reached(following, parts)
    return len(parts) in positions


def _reached(positions: set[int], parts: list[str]) -> set[int]:
    """Return these positions, and those behind wildcards that match nothing."""
    for position in sorted(position for position in positions if position >= 0):
        index = position
        while index < len(parts) and parts[index].startswith("*"):
            index += 1
            positions.add(index)
    return positions
