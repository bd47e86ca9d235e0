"""What git hosts tell the emulator: who may, and what becomes of it."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.triggers import azure_devops, github
from acr_tasks_emulator.services.triggers.source_events import PayloadError, Reading, member_at
from acr_tasks_emulator.services.triggers.triggers import TriggersService


@dataclass(frozen=True)
class Delivered:
    """What a delivery has started: the runs' ids, and a sentence that says why they are so many or so few."""

    runs: list[str]
    message: str


class Webhooks:
    """Starts tasks by what GitHub and Azure DevOps tell. `secret` is what they have to know, None for nothing."""

    def __init__(self, triggers: TriggersService, secret: str | None) -> None:
        self._triggers = triggers
        self._secret = secret

    @property
    def are_secret(self) -> bool:
        """Tell whether deliveries are checked by the secret; then they need no token."""
        return self._secret is not None

    def check_github(self, body: bytes, signature: str | None) -> None:
        """Refuse a delivery that is not signed with the secret. Raises ServiceError."""
        if self._secret is None:
            return
        if signature is None:
            raise errors.WEBHOOK_SIGNATURE_MISSING()
        if not github.is_signed(body, signature, self._secret):
            raise errors.WEBHOOK_SIGNATURE_WRONG()

    def check_azure_devops(self, authorization: str | None) -> None:
        """Refuse a delivery whose basic password is not the secret: Azure DevOps signs nothing. Raises ServiceError."""
        if self._secret is not None and not hmac.compare_digest(_password(authorization), self._secret.encode()):
            raise errors.WEBHOOK_PASSWORD_WRONG(headers={"WWW-Authenticate": 'Basic realm="acr-tasks-emulator"'})

    def github(self, event: str, delivery: str | None, payload: Any) -> Delivered:
        """Start what a delivery of GitHub asks for. event, delivery: GitHub's headers. Raises ServiceError."""
        try:
            return self._start(github.read_event(event, payload), delivery)
        except PayloadError as error:
            raise errors.WEBHOOK_PAYLOAD(host="GitHub", problem=error) from None

    def azure_devops(self, payload: Any) -> Delivered:
        """Start what a service hook of Azure DevOps asks for. Raises ServiceError."""
        identifier = member_at(payload, "id")
        try:
            return self._start(azure_devops.read_event(payload), identifier if isinstance(identifier, str) else None)
        except PayloadError as error:
            raise errors.WEBHOOK_PAYLOAD(host="Azure DevOps", problem=error) from None

    def _start(self, reading: Reading, identifier: str | None) -> Delivered:
        if not reading.events:
            return Delivered([], reading.nothing)
        runs, sentences = list[str](), list[str]()
        for event in reading.events:
            started, concerned = self._triggers.source_event(event, identifier)
            runs += started
            if not concerned:
                sentences.append(f"No enabled task follows {event}.")
            elif started:
                sentences.append(f"Started by {event}: {', '.join(started)}.")
            if len(started) < concerned:
                sentences.append(
                    f"Not started: {concerned - len(started)} of {concerned}; the emulator's log says why."
                )
        return Delivered(runs, " ".join(sentences))


def _password(authorization: str | None) -> bytes:
    kind, _, shown = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return b""
    try:
        return base64.b64decode(shown.strip(), validate=True).partition(b":")[2]
    except (ValueError, binascii.Error):
        return b""
