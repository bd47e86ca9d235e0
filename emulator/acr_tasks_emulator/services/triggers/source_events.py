"""Events of a repository, as source triggers follow them, and the payloads that report them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.services.tasks.documents import is_enabled
from acr_tasks_emulator.services.triggers.repository import canonical

COMMIT, PULL_REQUEST = "commit", "pullrequest"
NO_COMMIT = "0" * 40
"""The commit id that git hosts send for a deleted branch."""

_BRANCH, _TAG = "refs/heads/", "refs/tags/"


class PayloadError(ValueError):
    """A payload that the git host would not send; the text names the member."""


@dataclass(frozen=True)
class SourceEvent:
    """A commit, or a pull request that was opened or got commits.

    kind: `commit` or `pullrequest`. repositories: the repository's addresses at the git host. branch: the one that was
    pushed to, or the target of the pull request. default_branch: the repository's own. provider: `Github` or
    `VisualStudioTeamService`.
    """

    kind: str
    repositories: tuple[str, ...]
    branch: str
    commit: str
    default_branch: str
    pull_request: str | None = None
    provider: str = "Github"

    def concerns(self, trigger: dict[str, Any]) -> bool:
        """Tell whether a SourceTrigger is enabled and follows this event.

        A trigger without a branch follows the repository's default branch.
        """
        source = trigger.get("sourceRepository") or {}
        wanted = {str(kind).lower() for kind in trigger.get("sourceTriggerEvents") or []}
        branch = str(source.get("branch") or self.default_branch)
        return (
            is_enabled(trigger)
            and self.kind in wanted
            and branch.removeprefix(_BRANCH) == self.branch
            and canonical(str(source.get("repositoryUrl") or ""))
            in {canonical(each) for each in self.repositories} - {()}
        )

    def __str__(self) -> str:
        what = "commits to" if self.kind == COMMIT else "pull requests into"
        return f"{what} {self.branch} of {self.repositories[0]}"


@dataclass(frozen=True)
class Payload:
    """A payload that was read: its events, or a sentence with the reason when it has none."""

    events: tuple[SourceEvent, ...] = ()
    reason: str = ""


def branch_of(reference: str) -> str | None:
    """Return the branch of a reference such as `refs/heads/main`; None when it is not a branch."""
    return reference.removeprefix(_BRANCH) if reference.startswith(_BRANCH) else None


def reference_text(reference: str) -> str:
    """Return a reference in words: `the tag v1`, `the branch main`."""
    for prefix, kind in ((_BRANCH, "branch"), (_TAG, "tag")):
        if reference.startswith(prefix):
            return f"the {kind} {reference.removeprefix(prefix)}"
    return reference


def addresses_at(payload: Any, names: tuple[str, ...], *path: str) -> tuple[str, ...]:
    """Return the addresses of the repository at a path of a payload. Raises PayloadError when there is none."""
    found = [member_at(payload, *path, name) for name in names]
    addresses = tuple(address for address in found if isinstance(address, str) and address)
    if not addresses:
        raise PayloadError(f"{'.'.join(path)}.{names[0]} is missing")
    return addresses


def text_at(payload: Any, *path: str) -> str:
    """Return the text at a path of a payload. Raises PayloadError."""
    found = member_at(payload, *path)
    if not isinstance(found, str) or not found:
        raise PayloadError(f"{'.'.join(path)} is missing")
    return found


def number_at(payload: Any, *path: str) -> str:
    """Return the whole number at a path of a payload, as text. Raises PayloadError."""
    found = member_at(payload, *path)
    if not isinstance(found, int) or isinstance(found, bool):
        raise PayloadError(f"{'.'.join(path)} is missing")
    return str(found)


def member_at(payload: Any, *path: str) -> Any:
    """Return the value at a path of a payload, None when it is missing."""
    for name in path:
        payload = payload.get(name) if isinstance(payload, Mapping) else None
    return payload
