"""A folder as the local context of a run: its files, its fingerprint, and its archive."""

from __future__ import annotations

import os
import posixpath
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulumi_acr_tasks.errors import SourceError
from pulumi_acr_tasks.source.archive import Progress, packed
from pulumi_acr_tasks.source.digest import Fingerprint, hash_context
from pulumi_acr_tasks.source.dockerignore import IgnoreRules, load_rules
from pulumi_acr_tasks.source.entries import Entry, entries, file_entry

# The members of a request that name a file of the context, which the agent opens itself.
FILES = ("dockerFilePath", "taskFilePath", "valuesFilePath")


@dataclass(frozen=True)
class Context:
    """A folder that is packed for a run request.

    `request`: the request as ARM spells it; the files that it names are packed whatever the ignore file says.
    `left_out`: folders that never belong to a context, such as Pulumi's home.
    """

    folder: Path
    request: dict[str, Any]
    left_out: tuple[Path, ...] = ()

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield each mistake: the member of the request, empty for the folder itself, and a sentence."""
        try:
            yield from self._problems()
        except OSError as error:
            yield "", f"{error.filename or self.folder} cannot be read: {error.strerror}"

    def _problems(self) -> Iterator[tuple[str, str]]:
        if not self.folder.exists():
            hint = "; only a shell expands ~: write os.path.expanduser" if str(self.folder).startswith("~") else ""
            yield "", f"the folder {self.folder} does not exist (relative to {Path.cwd()}){hint}"
            return
        if not self.folder.is_dir():
            yield "", f"{self.folder} is neither a folder nor an archive (.tar, .tar.gz, .tgz)"
            return
        for member in FILES:
            name = self.request.get(member)
            if isinstance(name, str) and (problem := self._file_problem(member, name)):
                yield member, problem

    def fingerprint(self) -> Fingerprint:
        """Return the fingerprint of the context as it would be packed.

        Raises SourceError for a file that cannot be packed.
        """
        return hash_context(self._entries())

    def missed_by_classic_builder(self) -> list[str]:
        """Return the files that are sent, and that docker's classic builder leaves out.

        An exception with wildcards re-includes them from an ignored folder, which that builder does not enter.
        Raises SourceError for a file that cannot be packed.
        """
        if not self._rules().wildcard_exceptions:
            return []
        return [entry.name for entry in self._entries() if not entry.reached and entry.kind != "folder"]

    @contextmanager
    def archive(
        self, expected: str, contents: str | None = None, progress: Progress = lambda size: None
    ) -> Iterator[Path]:
        """Pack the context into a temporary file for the block, and yield its path.

        `expected` and `contents` are the hashes in state. Raises SourceError when the context has changed since.
        """
        with packed(self._entries(), progress) as (path, found):
            if found.reconciled(expected, contents) != expected:
                raise SourceError(
                    f"The context {self.folder} has changed since this update began: run pulumi up again, and "
                    "leave out files that change by themselves (.dockerignore)."
                )
            yield path

    def request_changes(self) -> dict[str, Any]:
        """Return the members of the request that change on sending.

        These are names with backslashes, and the name that an outside Dockerfile gets.
        """
        outside = self._outside_dockerfile()
        return {**names_as_sent(self.request), **({} if outside is None else {"dockerFilePath": outside[0]})}

    def _entries(self) -> Iterator[Entry]:
        yield from entries(self.folder, self._rules())
        outside = self._outside_dockerfile()
        if outside is not None:
            name, path = outside
            try:
                entry = file_entry(name, path, path.stat())
            except OSError as error:
                raise SourceError(f"The Dockerfile {path} cannot be read: {error.strerror}.") from error
            if entry is not None:
                yield entry

    def _rules(self) -> IgnoreRules:
        dockerfile = self.request.get("dockerFilePath")
        name = inner_name(dockerfile) if isinstance(dockerfile, str) else None
        return load_rules(self.folder, name, self._kept(), self.left_out)

    def _outside_dockerfile(self) -> tuple[str, Path] | None:
        """Return the name in the archive and the path of a Dockerfile outside the folder; None for one inside."""
        given = self.request.get("dockerFilePath")
        if not isinstance(given, str) or not _is_outside(inner_name(given)):
            return None
        path = self.folder / inner_name(given)
        name = path.name
        # Its own name, unless the context has a file of that name.
        while os.path.lexists(self.folder / name):
            name += ".outside"
        return name, path

    def _kept(self) -> Iterable[str]:
        kept = [inner_name(name) for member in FILES if isinstance(name := self.request.get(member), str)]
        # A task file usually builds with the context's Dockerfile; the Azure CLI packs it too.
        return kept if "dockerFilePath" in self.request else [*kept, "Dockerfile"]

    def _file_problem(self, member: str, name: str) -> str | None:
        plain = inner_name(name)
        # Only a Dockerfile may lie outside: docker itself takes one from anywhere, and a task file names others.
        if plain.startswith("/"):
            relative = posixpath.normpath(os.path.relpath(plain, self.folder.resolve()).replace(os.sep, "/"))
            if member == "dockerFilePath" or not _is_outside(relative):
                return f"{name!r} is absolute; it is relative to the context {self.folder}: {relative!r}"
        if _is_outside(plain) and member != "dockerFilePath":
            return f"{name!r} is outside the context {self.folder}; it is relative to the context, and must be in it"
        if not (self.folder / plain).is_file():
            spelled = _as_on_disk(self.folder, plain)
            hint = f"; there is {spelled!r}" if spelled else ""
            return f"there is no file {name!r} in the context {self.folder}; it is relative to the context{hint}"
        if not _is_outside(plain) and (spelled := _as_on_disk(self.folder, plain)) not in (None, plain):
            return f"{name!r} is {spelled!r} in the context {self.folder}; the agent tells such names apart"
        return None


def _as_on_disk(folder: Path, plain: str) -> str | None:
    """Return a file's path within a folder as the folder spells it; None without such a file.

    Windows and macOS find a file under other spellings too: another letter case, or another composition of accents.
    """
    found: list[str] = []
    for part in plain.split("/"):
        try:
            members = [member.name for member in folder.joinpath(*found).iterdir()]
        except OSError:
            return None
        alike = [part] if part in members else [name for name in members if _form(name) == _form(part)]
        if not alike:
            return None
        found.append(alike[0])
    return "/".join(found)


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_outside(plain: str) -> bool:
    return plain.startswith(("../", "/")) or plain == ".."


def names_as_sent(request: dict[str, Any]) -> dict[str, str]:
    """Return the names of files that Windows spells with backslashes, as the agent finds them."""
    given = {member: request[member] for member in FILES if isinstance(request.get(member), str)}
    return {member: inner_name(name) for member, name in given.items() if "\\" in name and inner_name(name) != name}


def inner_name(name: str) -> str:
    """Return a path within the context in the spelling of the walk: `./a//b` is `a/b`."""
    return posixpath.normpath(name.replace("\\", "/") if "\\" in name and "/" not in name else name)
