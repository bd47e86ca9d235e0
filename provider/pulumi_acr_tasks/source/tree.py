"""The tree of a context, made while its entries are hashed. (Its form: plan.context_tree.)"""

from __future__ import annotations

import hashlib

from pulumi_acr_tasks.schema.context_tree import DIGITS, short
from pulumi_acr_tasks.source.entries import Entry

SIZE = 4096
"""Characters that a tree may have."""


class Tree:
    """The tree of the entries of a context, taken one after the other in the order of the walk.

    Memory grows with the depth of the folders, not with their number.
    """

    def __init__(self) -> None:
        self._open = [_Folder("")]

    def add(self, entry: Entry, content: str = "") -> None:
        """Add an entry; `content` is the hash of a file's content, in hexadecimal."""
        parts = _shown(entry.name).split("/")
        folders = parts if entry.kind == "folder" else parts[:-1]
        names = [folder.name for folder in self._open[1:]]
        while names != folders[: len(names)]:
            self._close()
            names.pop()
        self._open += [_Folder(folder) for folder in folders[len(names) :]]
        if entry.kind != "folder":
            self._open[-1].add(parts[-1], short(f"{entry.kind}\0{entry.target}\0{content}"), None)

    def text(self) -> str:
        """Return the lines; empty where the first folder alone has too many."""
        while len(self._open) > 1:
            self._close()
        return "\n".join(self._open[0].lines() or [])

    def _close(self) -> None:
        folder = self._open.pop()
        self._open[-1].add(f"{folder.name}/", folder.hash(), folder.lines())


class _Folder:
    """A folder whose members are being added. It forgets them when their lines alone are too many."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._digest = hashlib.sha256()
        self._members: list[tuple[str, list[str] | None]] | None = []
        self._size = 0

    def add(self, name: str, short: str, lines: list[str] | None) -> None:
        """Add a member; `lines` are those of a folder, relative to it, None where it is cut."""
        self._digest.update(f"{short} {name}\n".encode())
        line = f"{short} {name}"
        self._size += len(line) + 1
        if self._size > SIZE:
            self._members = None
        if self._members is not None:
            within = None if lines is None else [f"{each[:DIGITS]} {name}{each[DIGITS + 1 :]}" for each in lines]
            self._members.append((line, within or None))

    def hash(self) -> str:
        return self._digest.hexdigest()[:DIGITS]

    def lines(self) -> list[str] | None:
        """Return the lines of the members: of as many folders as there is room for the members', the small ones
        first."""
        if self._members is None:
            return None
        size, spelled = self._size, set[int]()
        costs = sorted(
            (sum(len(each) + 1 for each in lines) - len(line) - 1, index)
            for index, (line, lines) in enumerate(self._members)
            if lines is not None
        )
        for cost, index in costs:
            if size + cost <= SIZE:
                size += cost
                spelled.add(index)
        return [
            each
            for index, (line, lines) in enumerate(self._members)
            for each in (lines if index in spelled and lines is not None else [line])
        ]


def _shown(name: str) -> str:
    """Return a name as a terminal and the engine take it: no control characters, no bytes that are no text."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in name)
