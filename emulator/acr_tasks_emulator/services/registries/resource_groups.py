"""Resource groups and subscriptions, as far as clients of registries use them."""

from __future__ import annotations

import re
import uuid
from typing import Any

from acr_tasks_emulator.services import errors
from acr_tasks_emulator.services.bodies import parsed
from acr_tasks_emulator.services.models import Definition
from acr_tasks_emulator.settings import SUBSCRIPTION_ID, normal_location
from acr_tasks_emulator.store.resource_groups import ResourceGroupRow, ResourceGroupStore, group_id

_NAME = re.compile(r"[\w().-]{0,89}[\w()-]")


class ResourceGroup(Definition):
    """A resource group in the body of a PUT or PATCH."""

    ignored = ("id", "name", "type", "properties")
    location: str | None = None
    managed_by: str | None = None
    tags: dict[str, str | None] | None = None


class ResourceGroupsService:
    """Groups by subscription and name without case. A subscription exists from its first group on."""

    def __init__(self, store: ResourceGroupStore) -> None:
        self.store = store

    def subscriptions(self) -> list[str]:
        """Return the id of every subscription, in lower case; the default one always exists."""
        return sorted({SUBSCRIPTION_ID, *self.store.subscriptions()})

    def all(self, subscription_id: str) -> list[ResourceGroupRow]:
        """Return a subscription's groups, by name. Raises ServiceError."""
        self.check_subscription(subscription_id)
        return [row for row in self.store.all() if row.subscription_id.lower() == subscription_id.lower()]

    def check_subscription(self, subscription_id: str) -> None:
        """Refuse an unknown subscription. Raises ServiceError."""
        if subscription_id.lower() not in self.subscriptions():
            raise errors.SUBSCRIPTION_NOT_FOUND(subscription=subscription_id)

    def find(self, subscription_id: str, name: str) -> ResourceGroupRow:
        """Return a group. Raises ServiceError, which names the first missing part of the id."""
        self.check_subscription(subscription_id)
        row = self.store.get(group_id(subscription_id, name).lower())
        if row is None:
            raise errors.RESOURCE_GROUP_NOT_FOUND(group=name)
        return row

    def exists(self, subscription_id: str, name: str) -> bool:
        """Tell whether a group exists."""
        return self.store.get(group_id(subscription_id, name).lower()) is not None

    def put(self, subscription_id: str, name: str, body: Any) -> tuple[ResourceGroupRow, bool]:
        """Create a group in any subscription, or replace its members; tell whether it is new.

        Raises ServiceError.
        """
        sent = _read(body)
        if not sent.get("location"):
            raise errors.LOCATION_REQUIRED()
        return self._put(subscription_id, name, sent["location"], _without_location(sent))

    def update(self, subscription_id: str, name: str, body: Any) -> ResourceGroupRow:
        """Change the sent members. Raises ServiceError."""
        row = self.find(subscription_id, name)
        sent = _read(body)
        return self._put(
            row.subscription_id,
            row.name,
            sent.get("location") or row.location,
            {**row.document, **_without_location(sent)},
        )[0]

    def ensure(self, subscription_id: str, name: str, location: str) -> None:
        """Create a group unless it exists. Raises ServiceError."""
        if not self.exists(subscription_id, name):
            self._put(subscription_id, name, location, {})

    def _put(
        self, subscription_id: str, name: str, location: str, document: dict[str, Any]
    ) -> tuple[ResourceGroupRow, bool]:
        old = self.store.get(group_id(subscription_id, name).lower())
        location = normal_location(location)
        if old is None:
            _check(subscription_id, name)
        elif old.location != location:
            raise errors.RESOURCE_GROUP_ELSEWHERE(group=old.name, location=old.location, wanted=location)
        row = ResourceGroupRow(
            key=group_id(subscription_id, name).lower(),
            subscription_id=old.subscription_id if old else subscription_id,
            name=old.name if old else name,
            location=location,
            document=document,
        )
        self.store.put(row)
        return row, old is None


def show(row: ResourceGroupRow) -> dict[str, Any]:
    """Return a group as Resource Manager shows it."""
    return {
        "id": row.id,
        "name": row.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": row.location,
        **row.document,
        "properties": {"provisioningState": "Succeeded"},
    }


def _read(body: Any) -> dict[str, Any]:
    read = parsed(ResourceGroup, body)
    sent = read.model_dump(by_alias=True, exclude_none=True)
    if "tags" in sent:
        sent["tags"] = {name: value for name, value in sent["tags"].items() if value is not None}
    return {name: sent[name] for name in ("location", "managedBy", "tags") if name in sent}


def _without_location(sent: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name != "location"}


def _check(subscription_id: str, name: str) -> None:
    try:
        uuid.UUID(subscription_id)
    except ValueError:
        raise errors.INVALID_SUBSCRIPTION_ID(subscription=subscription_id) from None
    if not _NAME.fullmatch(name):
        raise errors.INVALID_RESOURCE_GROUP_NAME(group=name)
