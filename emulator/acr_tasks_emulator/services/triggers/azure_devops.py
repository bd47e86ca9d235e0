"""Payloads of Azure DevOps' service hooks, read into source events.

Its documentation describes them (service hooks, events): `git.push`, `git.pullrequest.created` and
`git.pullrequest.updated`.
"""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.services.triggers.source_events import (
    COMMIT,
    NO_COMMIT,
    PULL_REQUEST,
    Payload,
    PayloadError,
    SourceEvent,
    addresses_at,
    branch_of,
    member_at,
    number_at,
    reference_text,
    text_at,
)

PROVIDER = "VisualStudioTeamService"
_PULL_REQUESTS = {"git.pullrequest.created", "git.pullrequest.updated"}
_ADDRESSES = ("remoteUrl", "webUrl", "sshUrl")
# Only the message tells what was updated; votes, reviewers and titles bring no commits.
_GOT_COMMITS = "source branch"


def read_event(payload: Any) -> Payload:
    """Return the events of a payload; one push may move several branches. Raises PayloadError."""
    kind = text_at(payload, "eventType")
    if kind == "git.push":
        return _push(payload)
    if kind in _PULL_REQUESTS:
        return _pull_request(payload, kind)
    known = ", ".join(["git.push", *sorted(_PULL_REQUESTS)])
    return Payload(reason=f"The event {kind} starts nothing: {known} do.")


def _push(payload: Any) -> Payload:
    updates = member_at(payload, "resource", "refUpdates")
    if not isinstance(updates, list) or not updates:
        raise PayloadError("resource.refUpdates is missing")
    addresses, default = _repository(payload)
    events, rest = [], []
    for number, update in enumerate(updates):
        try:
            reference, commit = text_at(update, "name"), text_at(update, "newObjectId")
        except PayloadError as error:
            raise PayloadError(f"resource.refUpdates[{number}].{error}") from None
        branch = branch_of(reference)
        if branch is None or commit == NO_COMMIT:
            rest.append(reference_text(reference))
        else:
            events.append(SourceEvent(COMMIT, addresses, branch, commit, default, provider=PROVIDER))
    return Payload(tuple(events), f"A push of tags, or the end of a branch, starts nothing: {', '.join(rest)}.")


def _pull_request(payload: Any, kind: str) -> Payload:
    status = text_at(payload, "resource", "status")
    if status != "active":
        return Payload(reason=f"A pull request that is {status} starts nothing.")
    message = member_at(payload, "message", "text")
    if kind.endswith("updated") and isinstance(message, str) and message and _GOT_COMMITS not in message:
        return Payload(reason="An update of a pull request that brings no commits starts nothing.")
    target = text_at(payload, "resource", "targetRefName")
    commit = text_at(payload, "resource", "lastMergeSourceCommit", "commitId")
    addresses, default = _repository(payload)
    number = number_at(payload, "resource", "pullRequestId")
    branch = branch_of(target) or target
    return Payload((SourceEvent(PULL_REQUEST, addresses, branch, commit, default, number, PROVIDER),))


def _repository(payload: Any) -> tuple[tuple[str, ...], str]:
    addresses = addresses_at(payload, _ADDRESSES, "resource", "repository")
    default = member_at(payload, "resource", "repository", "defaultBranch")
    return addresses, (branch_of(default) if isinstance(default, str) else None) or "main"
