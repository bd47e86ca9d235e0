"""Docker's ignore patterns, with the semantics of moby's `patternmatcher`.

A pattern is relative to the context and matches whole paths; the last one that matches a path or one of its parents
decides; `!` re-includes. `*` and `?` stop at `/`, `**` does not, `[...]` is a class, and a backslash takes the next
character literally.

Package `docker` has a matcher too. It ignores case, knows no backslash, and does not look for `**` patterns among a
path's parents, so it answers differently from the docker that builds; hence this translation of moby's own.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from pulumi_acr_tasks.errors import SourceError


class Pattern:
    """One line of an ignore file. `exception` is True for one that begins with `!`."""

    def __init__(self, text: str) -> None:
        self.exception = text.startswith("!")
        self.text = text[1:] if self.exception else text
        self.parts = self.text.split("/")
        self._regex = _compile(self.text)

    def matches(self, path: str) -> bool:
        """True when the pattern matches this very path."""
        return self._regex.fullmatch(path) is not None

    def may_match_below(self, folder: str) -> bool:
        """True when the pattern could match something inside `folder`, as far as the folder's name tells."""
        for part, name in zip(self.parts, folder.split("/"), strict=False):
            if "**" in part:
                return True
            if _compile(part).fullmatch(name) is None:
                return False
        # Shorter than the folder: it matches the folder itself or a parent of it, and so all that is inside.
        return True


def read_patterns(text: str) -> list[str]:
    """The patterns in the text of an ignore file, cleaned as moby cleans them.

    Comments begin with `#` in the first column; blanks around a line, a leading `/` and `.` or `..` elements are
    dropped; a line that is only `.` or empty says nothing, and one that leads out of the context matches nothing.
    """
    patterns = []
    for line in text.removeprefix("\ufeff").splitlines():
        if line.startswith("#"):
            continue
        pattern = line.strip()
        exception = pattern.startswith("!")
        if exception:
            pattern = pattern[1:].strip()
        if not pattern:
            continue
        # normpath keeps a doubled slash at the beginning, which POSIX allows and an ignore file does not mean.
        pattern = posixpath.normpath(pattern).lstrip("/")
        if pattern in {"", ".", ".."}:
            continue
        patterns.append(("!" if exception else "") + pattern)
    return patterns


class Patterns:
    """The patterns of one context, in their order."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [Pattern(text) for text in patterns]
        self._exceptions = [pattern for pattern in self._patterns if pattern.exception]

    def ignored(self, path: str) -> bool:
        """True when the last pattern that matches `path` or one of its parents is not an exception.

        `path` is relative to the context and uses `/`.
        """
        parents = _with_parents(path)
        ignored = False
        for pattern in self._patterns:
            # A pattern that would not change the verdict need not be tried.
            if pattern.exception is ignored and any(pattern.matches(name) for name in parents):
                ignored = not pattern.exception
        return ignored

    def may_reenter(self, folder: str) -> bool:
        """True when an exception could re-include something inside this ignored folder, so that it must be walked."""
        return any(pattern.may_match_below(folder) for pattern in self._exceptions)


def _with_parents(path: str) -> list[str]:
    """`a/b/c` -> `a/b/c`, `a/b`, `a`."""
    names = [path]
    while "/" in path:
        path = path.rpartition("/")[0]
        names.append(path)
    return names


def _compile(pattern: str) -> re.Pattern[str]:
    """Translate as moby's `Pattern.compile` does.

    Raises SourceError for a class that is not closed, or a backslash at the end.
    """
    regex, index = "", 0
    while index < len(pattern):
        char = pattern[index]
        index += 1
        if char == "*" and pattern[index : index + 1] == "*":
            index += 1
            # `**/x` is `x` at any depth, none included.
            if pattern[index : index + 1] == "/":
                index += 1
            regex += ".*" if index >= len(pattern) else "(?:.*/)?"
        elif char == "*":
            regex += "[^/]*"
        elif char == "?":
            regex += "[^/]"
        elif char == "\\":
            if index >= len(pattern):
                raise SourceError(f"The ignore pattern {pattern!r} ends in a backslash: there is nothing to escape.")
            regex += re.escape(pattern[index])
            index += 1
        elif char == "[":
            end = _class_end(pattern, index)
            regex += "[" + pattern[index:end].replace("[", r"\[") + "]"
            index = end + 1
        else:
            regex += re.escape(char)
    try:
        return re.compile(regex, re.DOTALL)
    except re.error as error:
        raise SourceError(f"The ignore pattern {pattern!r} is malformed: {error}.") from error


def _class_end(pattern: str, start: int) -> int:
    """Where the class that opens before `start` closes; the first character may be a `]` of its own, after a `^`
    too."""
    first = start + 1 if pattern[start : start + 1] == "^" else start
    index = first
    while index < len(pattern):
        if pattern[index] == "\\":
            index += 2
            continue
        if pattern[index] == "]" and index > first:
            return index
        index += 1
    raise SourceError(f"The ignore pattern {pattern!r} opens a [ that is never closed.")
