"""Which files of a folder belong to the context: Docker's rules, and a few folders that never should.

Beyond Docker's rules, `.git`, `.pulumi` (Pulumi's state) and the folders that the caller names (Pulumi's home, the
emulator's data) are left out, unless a pattern re-includes them. The files that the agent itself opens (the
Dockerfile, the task file) always travel along, whatever the patterns say.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.patterns import Patterns, read_patterns

ALWAYS_IGNORED = ("**/.git", "**/.pulumi")


class IgnoreRules:
    """The rules of one context. Paths are relative to it and use `/`."""

    def __init__(self, patterns: Iterable[str] = (), keep: Iterable[str] = (), drop: Iterable[str] = ()) -> None:
        self._patterns = Patterns([*ALWAYS_IGNORED, *patterns])
        self._keep = frozenset(keep)
        self._drop = frozenset(drop)

    def ignored(self, path: str) -> bool:
        """True when this file or folder is left out."""
        if path in self._drop:
            return True
        return path not in self._keep and self._patterns.ignored(path)

    def walked(self, folder: str) -> bool:
        """True when this folder, although ignored, may hold something that is not."""
        if any(kept.startswith(folder + "/") for kept in self._keep):
            return True
        return self._patterns.may_reenter(folder)


def load_rules(
    context: Path, dockerfile: str | None = None, keep: Iterable[str] = (), folders: Iterable[Path] = ()
) -> IgnoreRules:
    """Read the rules of the folder `context`.

    `dockerfile`: its path relative to the context; `<dockerfile>.dockerignore` wins over `.dockerignore`, which then
    stays behind, so that the agent's docker does not apply it after all. `keep`: paths that travel along in any case.
    `folders`: more folders to leave out, wherever they are; those outside the context say nothing.
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
    return IgnoreRules([*outside, *read_patterns(text)], kept, dropped)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"The ignore file {path} cannot be read: {error}.") from error


def _relative(folder: Path, context: Path) -> str | None:
    """`folder` relative to `context`, None when it is not inside."""
    try:
        relative = folder.resolve().relative_to(context.resolve()).as_posix()
    except ValueError:
        return None
    return None if relative == "." else relative


def _escape(path: str) -> str:
    """A pattern that matches exactly this path."""
    return "".join("\\" + char if char in "*?[\\" else char for char in path)
