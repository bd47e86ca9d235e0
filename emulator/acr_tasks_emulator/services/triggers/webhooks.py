"""Webhooks of git hosts: deliveries are checked and read, then tasks are started."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.sign_in.sign_in import basic_password
from acr_tasks_emulator.services.triggers import azure_devops, github
from acr_tasks_emulator.services.triggers.source_events import Payload, PayloadError, member_at
from acr_tasks_emulator.services.triggers.triggers import TriggersService


@dataclass(frozen=True)
class Started:
    """The result of a delivery: the ids of the started runs, and sentences that explain them."""

    runs: list[str]
    message: str


class Webhooks:
    """A receiver of deliveries. `secret` is what senders must prove to know, None for no check."""

    def __init__(self, triggers: TriggersService, secret: str | None) -> None:
        self._triggers = triggers
        self._secret = secret
        self.are_secret = secret is not None
        """Whether a secret protects the webhooks, so that deliveries need no token."""

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
        if self._secret is not None and not hmac.compare_digest(
            basic_password(authorization or "").encode(), self._secret.encode()
        ):
            raise errors.WEBHOOK_PASSWORD_WRONG(headers={"WWW-Authenticate": 'Basic realm="acr-tasks-emulator"'})

    def github(self, event: str, delivery: str | None, payload: Any) -> Started:
        """Start the tasks that follow a delivery of GitHub. event, delivery: its headers. Raises ServiceError."""
        try:
            return self._start(github.read_event(event, payload), delivery)
        except PayloadError as error:
            raise errors.WEBHOOK_PAYLOAD(host="GitHub", problem=error) from None

    def azure_devops(self, payload: Any) -> Started:
        """Start the tasks that follow a delivery of Azure DevOps. Raises ServiceError."""
        identifier = member_at(payload, "id")
        try:
            return self._start(azure_devops.read_event(payload), identifier if isinstance(identifier, str) else None)
        except PayloadError as error:
            raise errors.WEBHOOK_PAYLOAD(host="Azure DevOps", problem=error) from None

    def _start(self, read: Payload, identifier: str | None) -> Started:
        if not read.events:
            return Started([], read.reason)
        runs, sentences = list[str](), list[str]()
        for event in read.events:
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
        return Started(runs, " ".join(sentences))
