"""Payloads of GitHub's webhooks, read into source events.

GitHub's documentation describes them (webhook events and payloads): `push` and `pull_request`.
"""

from __future__ import annotations

import hashlib
import hmac
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

_BUILT_ACTIONS = {"opened", "synchronize", "reopened"}
_ADDRESSES = ("html_url", "clone_url", "ssh_url", "git_url")
_SIGNATURE = "sha256="


def read_event(name: str, payload: Any) -> Payload:
    """Return the events of a payload. name: GitHub's `X-GitHub-Event` header. Raises PayloadError."""
    if name == "push":
        return _push(payload)
    if name == "pull_request":
        return _pull_request(payload)
    if not name:
        raise PayloadError("the header X-GitHub-Event is missing")
    return Payload(reason=f"The event {name} starts nothing: push and pull_request do.")


def is_signed(body: bytes, signature: str, secret: str) -> bool:
    """Tell whether `X-Hub-Signature-256` is the body's signature with the secret."""
    wanted = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(f"{_SIGNATURE}{wanted}".encode(), signature.strip().lower().encode())


def _push(payload: Any) -> Payload:
    reference, commit = text_at(payload, "ref"), text_at(payload, "after")
    branch = branch_of(reference)
    if branch is None:
        return Payload(reason=f"A push of {reference_text(reference)} starts nothing.")
    if payload.get("deleted") is True or commit == NO_COMMIT:
        return Payload(reason=f"The end of {reference_text(reference)} starts nothing.")
    return Payload((SourceEvent(COMMIT, *_repository(payload, branch, commit)),))


def _pull_request(payload: Any) -> Payload:
    action = text_at(payload, "action")
    if action not in _BUILT_ACTIONS:
        return Payload(reason=f"A pull request that is {action} starts nothing: opened, reopened and synchronize do.")
    branch, commit = text_at(payload, "pull_request", "base", "ref"), text_at(payload, "pull_request", "head", "sha")
    known = _repository(payload, branch, commit)
    return Payload((SourceEvent(PULL_REQUEST, *known, number_at(payload, "number")),))


def _repository(payload: Any, branch: str, commit: str) -> tuple[tuple[str, ...], str, str, str]:
    if not isinstance(member_at(payload, "repository"), dict):
        raise PayloadError("repository is missing")
    addresses = addresses_at(payload, _ADDRESSES, "repository")
    default = member_at(payload, "repository", "default_branch")
    return addresses, branch, commit, default if isinstance(default, str) and default else "master"
