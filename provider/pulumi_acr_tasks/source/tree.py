"""The tree of a context: short hashes of its files and folders, by which `diff` names the changed files."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from pulumi_acr_tasks.schema.context_tree import DIGITS, short
from pulumi_acr_tasks.source.entries import Entry

SIZE = 4096
"""The characters that a tree may have."""


class Tree:
    """The computation of a tree, one entry after the other in the order of the walk.

    Memory grows with the depth of the folders, not with their number.
    """

    def __init__(self) -> None:
        self._open = [_Folder("")]
        self._path = ""

    def add(self, entry: Entry, content: str = "") -> None:
        """Add an entry; `content` is the hash of a file's content, in hexadecimal."""
        above, _, name = _shown(entry.name).rpartition("/")
        path = f"{above}/{name}".lstrip("/") if entry.kind == "folder" else above
        if path != self._path:
            self._enter(path)
        if entry.kind != "folder":
            self._open[-1].add(name, short(f"{entry.kind}\0{entry.target}\0{content}"), [])

    def text(self) -> str:
        """Return the lines of the tree; empty when the members of the top folder alone do not fit."""
        while len(self._open) > 1:
            self._close()
        return "\n".join(self._open[0].lines())

    def _enter(self, path: str) -> None:
        """Close the folders that the walk has left, and open those down to a path."""
        folders, names = path.split("/") if path else [], [folder.name for folder in self._open[1:]]
        while names != folders[: len(names)]:
            self._close()
            names.pop()
        self._open += [_Folder(folder) for folder in folders[len(names) :]]
        self._path = path

    def _close(self) -> None:
        folder = self._open.pop()
        self._open[-1].add(f"{folder.name}/", folder.hash(), folder.lines())


class _Member(NamedTuple):
    """A member of a folder: its own line, and the lines of its members if they fit."""

    line: str
    within: list[str]

    def growth(self) -> int:
        """Return how many more characters the lines of its members need than its own line."""
        return sum(len(line) + 1 for line in self.within) - len(self.line) - 1


class _Folder:
    """A folder whose members are being added. Members whose lines do not fit are only hashed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._digest = hashlib.sha256()
        self._members: list[_Member] | None = []
        self._size = 0

    def add(self, name: str, hash_: str, lines: list[str]) -> None:
        """Add a member; `lines` are those of a folder's members, relative to it, empty when they do not fit."""
        line = f"{hash_} {name}"
        self._digest.update(f"{line}\n".encode())
        self._size += len(line) + 1
        if self._size > SIZE:
            self._members = None
        if self._members is not None:
            within = [f"{each[:DIGITS]} {name}{each[DIGITS + 1 :]}" for each in lines]
            self._members.append(_Member(line, within))

    def hash(self) -> str:
        """Return the folder's hash, made of its members."""
        return self._digest.hexdigest()[:DIGITS]

    def lines(self) -> list[str]:
        """Return the lines of the members, and of the members of small folders as far as they fit."""
        members, size, spelled = self._members or [], self._size, set[int]()
        for index in sorted(range(len(members)), key=lambda index: members[index].growth()):
            if members[index].within and size + members[index].growth() <= SIZE:
                size += members[index].growth()
                spelled.add(index)
        return [
            line
            for index, member in enumerate(members)
            for line in (member.within if index in spelled else [member.line])
        ]


def _shown(name: str) -> str:
    """Return a name without control characters and surrogates, which terminals and the engine cannot take."""
    if name.isprintable():
        return name
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in name)
