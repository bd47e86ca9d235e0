"""The files, folders and links of a context, in one order on every machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.ignore import IgnoreRules


@dataclass(frozen=True)
class Entry:
    """One member of a context.

    `name`: relative to the context, with `/`. `target`: where a link points, as it is written. `size`, `mtime_ns` and
    `inode` are of the file as it was found; they tell whether it has changed since.
    """

    name: str
    path: Path
    kind: Literal["file", "folder", "link"]
    executable: bool = False
    target: str = ""
    size: int = 0
    mtime_ns: int = 0
    inode: int = 0


def entries(context: Path, rules: IgnoreRules) -> Iterator[Entry]:
    """Walk the folder `context`, sorted by name folder by folder.

    Folders that are ignored are not walked, unless the rules may re-include something below them. Links are not
    followed.
    Raises SourceError for what cannot be read, and for a link that leaves the context.
    """
    return _walk(context, "", rules)


def _walk(folder: Path, prefix: str, rules: IgnoreRules) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            members = sorted(found, key=lambda member: os.fsencode(member.name))
    except OSError as error:
        raise SourceError(f"The context's folder {folder} cannot be read: {error.strerror}.") from error
    for member in members:
        name = prefix + member.name
        ignored = rules.ignored(name)
        is_folder = member.is_dir(follow_symlinks=False)
        if not ignored:
            entry = _entry(name, member)
            if entry is not None:
                yield entry
        if is_folder and (not ignored or rules.walked(name)):
            yield from _walk(Path(member.path), name + "/", rules)


def _entry(name: str, member: os.DirEntry[str]) -> Entry | None:
    """The entry of one member of a folder, None for sockets, pipes and devices: docker leaves them out as well."""
    path = Path(member.path)
    try:
        if member.is_symlink():
            target = str(path.readlink()).replace(os.sep, "/")
            refuse_escape(name, target)
            return Entry(name, path, "link", target=target)
        return file_entry(name, path, member.stat(follow_symlinks=False))
    except OSError as error:
        raise SourceError(f"{path} in the context cannot be read: {error.strerror}.") from error


def file_entry(name: str, path: Path, status: os.stat_result) -> Entry | None:
    """The entry, of that name, of a file or folder; None for sockets, pipes and devices."""
    if stat.S_ISDIR(status.st_mode):
        return Entry(name, path, "folder")
    if not stat.S_ISREG(status.st_mode):
        return None
    return Entry(
        name,
        path,
        "file",
        executable=bool(status.st_mode & 0o100),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        inode=status.st_ino,
    )


def refuse_escape(name: str, target: str) -> None:
    """Refuse a link that points outside the context: it would point at whatever the agent has there."""
    depth = name.count("/")
    for part in target.split("/"):
        if part == "..":
            depth -= 1
        elif part not in {"", "."}:
            depth += 1
        if depth < 0:
            break
    if target.startswith("/") or depth < 0:
        raise SourceError(
            f"The link {name} points to {target}, outside the context. "
            "Links must stay inside: make it relative, replace it by what it points to, or name it in .dockerignore."
        )
