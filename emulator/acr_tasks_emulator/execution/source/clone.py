"""Clones of repositories with their submodules, each looked at before it is written."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from acr_tasks_emulator.execution.cancellation import Cancellation
from acr_tasks_emulator.execution.source.addresses import Address, checked
from acr_tasks_emulator.execution.source.archive import SourceError
from acr_tasks_emulator.execution.source.git import Git
from acr_tasks_emulator.execution.source.tree import TreeMeter

SUBMODULES = 100
"""How many submodules a source may have, those of submodules among them."""

_DEPTH = 8
_REFERENCE = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_./+@-]*[A-Za-z0-9_+@-])?")
_TAKEN = re.compile(r"|[0-9a-fA-F]{40}|pull/\d+/head")
_GITLINK = b"160000"


class Clone:
    """Clones one source: a repository and its submodules together stay within the limits."""

    def __init__(self, git: Git, cancellation: Cancellation) -> None:
        self._git = git
        self._cancellation = cancellation
        self._meter = TreeMeter()
        self._submodules = 0

    def make(self, address: Address, reference: str, target: Path) -> str:
        """Check out a branch, tag or commit (the default branch when empty); return the commit. Raises SourceError."""
        if reference and (not _REFERENCE.fullmatch(reference) or ".." in reference):
            raise SourceError(f"{reference!r} is not the name of a branch, a tag or a commit")
        return self._make(address, reference, target, 0)

    def _make(self, address: Address, reference: str, target: Path, depth: int) -> str:
        target.mkdir(parents=True, exist_ok=True)
        self._git.run(target, "init", "-q")
        self._git.run(target, "remote", "add", "origin", address.pinned if address.scheme == "git" else address.url)
        try:
            self._git.run(target, "fetch", "-q", "--depth=1", "origin", reference or "HEAD", address=address)
            commit = self._git.run(target, "rev-parse", "FETCH_HEAD^{commit}")
        except SourceError:
            if self._cancellation.requested:
                raise
            commit = self._fetched_with_all(address, reference, target)
        self._meter.check(self._git.pieces(target, "ls-tree", "-r", "-z", "--long", commit))
        self._git.run(target, "checkout", "-q", "--detach", commit)
        self._add_submodules(address, commit, target, depth)
        return commit

    def _fetched_with_all(self, address: Address, reference: str, target: Path) -> str:
        """Servers need not give one commit alone, nor one that is no branch's last; it comes with all the others."""
        if not reference:
            self._git.run(target, "fetch", "-q", "origin", "HEAD", address=address)
            return self._git.run(target, "rev-parse", "FETCH_HEAD^{commit}")
        everything = "+refs/heads/*:refs/remotes/origin/*"
        self._git.run(target, "fetch", "-q", "--tags", "origin", everything, address=address)
        for candidate in (f"refs/remotes/origin/{reference}", f"refs/tags/{reference}", reference):
            try:
                name = f"{candidate}^{{commit}}"
                return self._git.run(target, "rev-parse", "--verify", "-q", "--end-of-options", name)
            except SourceError:
                continue
        raise SourceError(f"the repository has no branch, tag or commit {reference}")

    def _add_submodules(self, address: Address, commit: str, folder: Path, depth: int) -> None:
        modules = folder / ".gitmodules"
        if not modules.is_file() or modules.is_symlink():
            return
        known = {module.get("path", ""): module for module in self._modules(folder)}
        for path, wanted in self._links(folder, commit):
            module = known.get(path, {})
            if not module.get("url") or module.get("update") == "none" or self._cancellation.requested:
                continue
            self._submodules += 1
            if depth == _DEPTH or self._submodules > SUBMODULES:
                raise SourceError(f"the repository has more than {SUBMODULES} submodules, or more than {_DEPTH} levels")
            target = folder / path
            if target.resolve() != folder.resolve() / path:
                raise SourceError(f"the submodule {path} is outside of its repository")
            self._make(checked(_resolved(address.url, module["url"])), wanted, target, depth + 1)

    def _modules(self, folder: Path) -> list[dict[str, str]]:
        """What .gitmodules says of each submodule: `path`, `url`, `update`."""
        pattern = r"^submodule\..*\.(path|url|update)$"
        try:
            found = self._git.run(folder, "config", "-z", "-f", ".gitmodules", "--get-regexp", pattern)
        except SourceError:  # there is none
            return []
        modules: dict[str, dict[str, str]] = {}
        for item in found.split("\0"):
            key, _, value = item.partition("\n")
            name, _, member = key.rpartition(".")
            modules.setdefault(name, {})[member] = value
        return list(modules.values())

    def _links(self, folder: Path, commit: str) -> list[tuple[str, str]]:
        """Where other repositories stand in a commit, and which of their commits."""
        listing = b"".join(self._git.pieces(folder, "ls-tree", "-r", "-z", commit))
        records = [record.partition(b"\t") for record in listing.split(b"\0") if record.startswith(_GITLINK)]
        return [(name.decode("utf-8", "replace"), about.split(b" ")[2].decode()) for about, _, name in records]


def takes(reference: str, checkout: Path) -> bool:
    """Tell whether the agent's published code takes a reference, once it is cloned: no tag, `HEAD` or full name of a
    branch (facts, agent section 5).
    """
    fetched = (checkout / ".git" / "FETCH_HEAD").read_text(errors="replace")
    return _TAKEN.fullmatch(reference) is not None or f"\tbranch '{reference}' of " in fetched


def _resolved(base: str, url: str) -> str:
    """A submodule's address; a relative one leads from the repository's own to another on the same host."""
    if not url.startswith(("./", "../")):
        return url
    parts = urlsplit(base)
    steps = posixpath.normpath(posixpath.join(parts.path.strip("/"), url))
    if steps.startswith(".."):
        raise SourceError("the repository has a submodule whose address leads out of its host")
    return urlunsplit(parts._replace(path=f"/{steps}"))
