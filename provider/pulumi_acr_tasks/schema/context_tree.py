"""The tree of a local context in state, by which a diff names the files that have changed.

The tree has one line for each file, `<hash> <path>`, and one for each folder with too many lines, `<hash> <path>/`. A
hash has 16 bits: enough to show nearly every change, too few to prove a guess of a file's content. The hash of a folder
is made of its members' hashes, so a collapsed folder can be compared with an expanded one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Union

DIGITS = 4
"""Hexadecimal digits of a hash."""

Node = Union[str, "dict[str, Node]"]
"""A file by its hash, a collapsed folder by `/` and its hash, an expanded folder by its members."""


def changed_paths(old: object, new: object) -> list[str]:
    """Return the paths that differ between two trees, in the order of the new one; paths of folders end in `/`.

    Return an empty list where either value is not a tree, as in states of older releases.
    """
    if not (isinstance(old, str) and isinstance(new, str) and old and new):
        return []
    return list(_differing(_parsed(old), _parsed(new), ""))


def _differing(old: dict[str, Node], new: dict[str, Node], above: str) -> Iterator[str]:
    for name in dict.fromkeys([*new, *old]):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            yield from _differing(before, after, f"{above}{name}/")
        elif before is None or after is None or _collapsed(before) != _collapsed(after):
            is_folder = _collapsed(before or after or "").startswith("/")
            yield f"{above}{name}/" if is_folder else f"{above}{name}"


def _parsed(text: str) -> dict[str, Node]:
    root: dict[str, Node] = {}
    for line in text.split("\n"):
        short, path = line[:DIGITS], line[DIGITS + 1 :]
        *folders, name = path.rstrip("/").split("/")
        members = root
        for folder in folders:
            inner = members.setdefault(folder, {})
            if isinstance(inner, str):  # not a tree that we wrote
                return {}
            members = inner
        members[name] = f"/{short}" if path.endswith("/") else short
    return root


def _collapsed(node: Node) -> str:
    """Return a node as a collapsed folder or a file."""
    if isinstance(node, str):
        return node
    members = ((name, _collapsed(member)) for name, member in node.items())
    lines = (f"{each.removeprefix('/')} {name}{'/' if each.startswith('/') else ''}\n" for name, each in members)
    return "/" + short("".join(lines))


def short(text: str) -> str:
    """Return the short hash of a text, as a tree has it."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:DIGITS]
