"""What GitHub posts to a webhook, read into what a source trigger asks for.

The shapes are those of GitHub's documentation (webhook events and payloads): `push` and `pull_request`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

COMMIT, PULL_REQUEST = "commit", "pullrequest"
_BUILT_ACTIONS = {"opened", "synchronize", "reopened"}
_NO_COMMIT = "0" * 40


class PayloadError(ValueError):
    """The payload is not what GitHub sends; the text names the member."""


@dataclass(frozen=True)
class SourceEvent:
    """A commit, or a pull request that was opened or got commits.

    kind: `commit` or `pullrequest`. repositories: the addresses under which GitHub knows the repository. branch: the
    one that was pushed to, or that the pull request wants to be merged into. default_branch: the repository's own.
    """

    kind: str
    repositories: tuple[str, ...]
    branch: str
    commit: str
    default_branch: str
    pull_request: str | None = None

    def concerns(self, trigger: Mapping[str, Any]) -> bool:
        """Tell whether an enabled SourceTrigger asks for this event.

        A trigger without a branch means the repository's default branch.
        """
        source = trigger.get("sourceRepository") or {}
        wanted = {str(kind).lower() for kind in trigger.get("sourceTriggerEvents") or []}
        return (
            str(trigger.get("status") or "Enabled").lower() == "enabled"
            and self.kind in wanted
            and _place(str(source.get("repositoryUrl") or "")) in map(_place, self.repositories)
            and (source.get("branch") or self.default_branch) == self.branch
        )


def read_event(name: str, payload: Any) -> SourceEvent | None:
    """Return the event that a webhook tells of; None for those that start nothing, such as `ping` or a tag.

    name: GitHub's `X-GitHub-Event` header. Raises PayloadError.
    """
    if name == "push":
        ref, commit = _text(payload, "ref"), _text(payload, "after")
        if not ref.startswith("refs/heads/") or payload.get("deleted") is True or commit == _NO_COMMIT:
            return None
        addresses, default = _repository(payload)
        return SourceEvent(COMMIT, addresses, ref.removeprefix("refs/heads/"), commit, default)
    if name == "pull_request":
        if _text(payload, "action") not in _BUILT_ACTIONS:
            return None
        addresses, default = _repository(payload)
        branch, commit = _text(payload, "pull_request", "base", "ref"), _text(payload, "pull_request", "head", "sha")
        number = payload.get("number")
        if not isinstance(number, int):
            raise PayloadError("number is missing")
        return SourceEvent(PULL_REQUEST, addresses, branch, commit, default, str(number))
    return None


def _repository(payload: Mapping[str, Any]) -> tuple[tuple[str, ...], str]:
    repository = payload.get("repository")
    if not isinstance(repository, Mapping):
        raise PayloadError("repository is missing")
    addresses = tuple(str(repository[name]) for name in ("html_url", "clone_url", "git_url") if repository.get(name))
    if not addresses:
        raise PayloadError("repository.html_url is missing")
    return addresses, str(repository.get("default_branch") or "master")


def _text(payload: Any, *path: str) -> str:
    found = payload
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, str) or not found:
        raise PayloadError(f"{'.'.join(path)} is missing")
    return found


def _place(address: str) -> str:
    """Host and path of a repository's address, in lower case and without `.git`: what tells two of them apart."""
    parts = urlsplit(address if "://" in address else f"https://{address}")
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}".lower().rstrip("/").removesuffix(".git")
