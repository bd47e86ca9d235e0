"""The ignore rules of a context: Docker's rules, and folders that never belong to one.

Beyond Docker's rules, `.git`, `.pulumi` (Pulumi's state) and the folders that the caller names (Pulumi's home, the
emulator's data) are left out, unless a pattern re-includes them. The files that the agent itself opens (the
Dockerfile, the task file) are always sent.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.patterns import Matched, Patterns, read_patterns

ALWAYS_IGNORED = ("**/.git", "**/.pulumi")


class IgnoreRules:
    """The ignore rules of one context. Paths are relative to it and use `/`."""

    def __init__(self, patterns: Iterable[str] = (), keep: Iterable[str] = (), drop: Iterable[str] = ()) -> None:
        self._patterns = Patterns([*ALWAYS_IGNORED, *patterns])
        self._keep = frozenset(keep)
        self._drop = frozenset(drop)

    def match(self, path: str, above: Matched | None) -> tuple[bool, Matched]:
        """Return whether a file or folder is left out, and the matches to pass on for its members.

        `above` is the second value for its folder, None at the top.
        """
        ignored, matched = self._patterns.match(path, above)
        return path in self._drop or (ignored and path not in self._keep), matched

    def must_walk(self, folder: str) -> bool:
        """Return whether an ignored folder may hold a file that is not ignored."""
        return self._keeps_below(folder) or self._patterns.may_reinclude_below(folder)

    def classic_builder_walks(self, folder: str) -> bool:
        """Return whether docker's classic builder walks an ignored folder."""
        return self._keeps_below(folder) or self._patterns.classic_builder_walks(folder)

    @property
    def wildcard_exceptions(self) -> bool:
        """True if an exception has a wildcard: then BuildKit may find more files than docker's classic builder."""
        return self._patterns.wildcard_exceptions

    def _keeps_below(self, folder: str) -> bool:
        return any(kept.startswith(folder + "/") for kept in self._keep)


def load_rules(
    context: Path, dockerfile: str | None = None, keep: Iterable[str] = (), folders: Iterable[Path] = ()
) -> IgnoreRules:
    """Read the rules of the folder `context`.

    `dockerfile`: its path relative to the context. `<dockerfile>.dockerignore` replaces `.dockerignore`, which is then
    not sent, so that the agent's docker does not apply it too. `keep`: paths that are always sent. `folders`: more
    folders to leave out; those outside the context have no effect.
    Raises SourceError for an ignore file that cannot be read, or a malformed pattern in it.
    """
    kept, dropped = {*keep}, set()
    own = f"{dockerfile}.dockerignore" if dockerfile else None
    if dockerfile:
        kept.add(dockerfile)
    if own is not None and (context / own).is_file():
        text = _read(context / own)
        dropped.add(".dockerignore")
    elif (context / ".dockerignore").is_file():
        text = _read(context / ".dockerignore")
        kept.add(".dockerignore")
    else:
        text = ""
    outside = [_escape(relative) for folder in folders if (relative := _relative(folder, context))]
    return IgnoreRules([*outside, *read_patterns(text, windows=os.name == "nt")], kept, dropped)


def _read(path: Path) -> str:
    """Return the text of an ignore file. Bytes that are not UTF-8 become surrogates, as in the names of files."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(f"The ignore file {path} cannot be read: {error.strerror}.") from error
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in content:
        raise SourceError(f"The ignore file {path} is in UTF-16, or no text: docker reads UTF-8, so save it as UTF-8.")
    return content.decode("utf-8", "surrogateescape")


def _relative(folder: Path, context: Path) -> str | None:
    """Return `folder` relative to `context`; None outside of it."""
    try:
        relative = folder.resolve().relative_to(context.resolve()).as_posix()
    except ValueError:
        return None
    return None if relative == "." else relative


def _escape(path: str) -> str:
    """Return a pattern that matches exactly this path."""
    return "".join("\\" + char if char in "!*?[\\" else char for char in path)
