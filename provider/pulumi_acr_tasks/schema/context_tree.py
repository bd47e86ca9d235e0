"""The tree of a context as state keeps it, and which files a change is in.

One line for each file, `<hash> <path>`, and for a folder that has more lines than there is room for, `<hash> <path>/`.
A hash has 16 bits: enough to tell a changed file in nearly every case, too few to prove a guess of its content. The
hash of a folder is made of its members' hashes, so one that is cut and one that is spelled out can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Union

DIGITS = 4
"""Hexadecimal digits of a hash."""

Node = Union[str, "dict[str, Node]"]
"""A file by its hash, a folder that is cut by `/` and its hash, a folder that is spelled out by its members."""


def changed_paths(old: object, new: object) -> list[str]:
    """Return the paths that differ between two trees, in the order of the new one; a folder's end in `/`.

    Nothing where either is no tree, as in states of older releases.
    """
    if not (isinstance(old, str) and isinstance(new, str) and old and new):
        return []
    return list(_changed(_parsed(old), _parsed(new), ""))


def _changed(old: dict[str, Node], new: dict[str, Node], above: str) -> Iterator[str]:
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _changed(before, after, f"{above}{name}/")
        elif before is None or after is None or _folded(before) != _folded(after):
            is_folder = _folded(before or after or "").startswith("/")
            yield f"{above}{name}/" if is_folder else f"{above}{name}"


def _parsed(text: str) -> dict[str, Node]:
    root: dict[str, Node] = {}
    for line in text.split("\n"):
        short, path = line[:DIGITS], line[DIGITS + 1 :]
        *folders, name = path.rstrip("/").split("/")
        members = root
        for folder in folders:
            inner = members.setdefault(folder, {})
            if isinstance(inner, str):  # no tree of ours
                return {}
            members = inner
        members[name] = f"/{short}" if path.endswith("/") else short
    return root


def _folded(node: Node) -> str:
    """Return a node as it is when it is cut."""
    if isinstance(node, str):
        return node
    members = ((name, _folded(member)) for name, member in node.items())
    lines = (f"{each.removeprefix('/')} {name}{'/' if each.startswith('/') else ''}\n" for name, each in members)
    return "/" + short("".join(lines))


def short(text: str) -> str:
    """Return the hash of a text, as short as a tree has it."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]
