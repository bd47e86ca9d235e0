"""The walk of a context: its files, folders and links, in the same order on every machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.dockerignore import IgnoreRules
from pulumi_acr_tasks.source.patterns import Matched


@dataclass(frozen=True)
class Entry:
    """One member of a context.

    `name`: relative to the context, with `/`. `target`: where a link points, as written. `size`, `changed_ns` (when it
    was written) and `inode`: of the file as found; they show whether it has changed since. `reached`: docker's classic
    builder finds it too.
    """

    name: str
    path: Path
    kind: Literal["file", "folder", "link"]
    executable: bool = False
    target: str = ""
    size: int = 0
    changed_ns: int = 0
    inode: int = 0
    reached: bool = True


@dataclass(frozen=True)
class _Folder:
    """A folder that the walk is in. `prefix`: of its members' names. `above`: the matches of the ignore rules."""

    members: Iterator[os.DirEntry[str]]
    prefix: str
    above: Matched | None = None
    reached: bool = True


def entries(context: Path, rules: IgnoreRules) -> Iterator[Entry]:
    """Walk the folder `context`, sorted by name folder by folder.

    An ignored folder is walked only if the rules may re-include something below it, and skipped if it cannot be read.
    Links are not followed, and are kept wherever they point, as docker sends them.
    Raises SourceError for a file or folder that cannot be read, and for pipes and devices.
    """
    # No recursion: folders may be nested deeper than Python's calls.
    walked = [_Folder(_members(context), "")]
    while walked:
        folder = walked[-1]
        member = next(folder.members, None)
        if member is None:
            walked.pop()
            continue
        name = folder.prefix + member.name
        left_out, matched = rules.match(name, folder.above)
        if not left_out:
            entry = _entry(name, member, folder.reached)
            if entry is not None:
                yield entry
        if member.is_dir(follow_symlinks=False) and (not left_out or rules.must_walk(name)):
            reached = folder.reached and (not left_out or rules.classic_builder_walks(name))
            walked.append(_Folder(_members(Path(member.path), ignored=left_out), name + "/", matched, reached))


def _members(folder: Path, *, ignored: bool = False) -> Iterator[os.DirEntry[str]]:
    """Return the members of a folder, sorted; none of an ignored one that cannot be read."""
    try:
        with os.scandir(folder) as found:
            return iter(sorted(found, key=lambda member: os.fsencode(member.name)))
    except OSError as error:
        if ignored:
            return iter(())  # no rule re-includes it by name
        raise SourceError(f"The context's folder {folder} cannot be read: {error.strerror}.") from error


def _entry(name: str, member: os.DirEntry[str], reached: bool) -> Entry | None:
    """Return the entry of one member of a folder; None for a socket, which docker leaves out too."""
    path = Path(member.path)
    try:
        if member.is_symlink():
            return Entry(name, path, "link", target=link_target(str(path.readlink())), reached=reached)
        return file_entry(name, path, member.stat(follow_symlinks=False), reached=reached)
    except OSError as error:
        raise SourceError(f"{path} in the context cannot be read: {error.strerror}.") from error


def file_entry(name: str, path: Path, status: os.stat_result, *, reached: bool = True) -> Entry | None:
    """Return the entry of a file or folder under that name; None for a socket.

    Raises SourceError for a pipe or a device, which cannot be sent.
    """
    if stat.S_ISDIR(status.st_mode):
        return Entry(name, path, "folder", reached=reached)
    if stat.S_ISSOCK(status.st_mode):
        return None
    if not stat.S_ISREG(status.st_mode):
        kind = "a pipe" if stat.S_ISFIFO(status.st_mode) else "a device"
        raise SourceError(f"{name} in the context is {kind}, which cannot be sent: name it in .dockerignore.")
    return Entry(
        name,
        path,
        "file",
        executable=is_executable(status.st_mode),
        size=status.st_size,
        changed_ns=changed_ns(status),
        inode=status.st_ino,
        reached=reached,
    )


def changed_ns(status: os.stat_result) -> int:
    """Return when a file was last written. Any program may set its time back, and not the time of that change."""
    return max(status.st_mtime_ns, status.st_ctime_ns)


def is_executable(mode: int, *, windows: bool = os.name == "nt") -> bool:
    """Return whether a file is sent as executable, by docker's rule: its owner's bit, and always from Windows.

    Other bits do not count, so the hash does not depend on a umask.
    """
    return windows or bool(mode & 0o100)


def link_target(target: str, *, windows: bool = os.name == "nt") -> str:
    """Return where a link points, in the spelling of the machine that builds."""
    return target.removeprefix("\\\\?\\").replace("\\", "/") if windows else target
