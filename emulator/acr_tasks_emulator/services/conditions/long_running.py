"""Long-running operations, as the specification marks them: each takes a few polls or a short time."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from acr_tasks_emulator.clock import Clock, round_trip
from acr_tasks_emulator.services import errors
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.switches import Switches

KEPT = 10_000
Document = dict[str, Any]


@dataclass
class Operation:
    """One operation on a `resource` (an ARM id), whose provisioning state is `state` until the end.

    path, name: its address. result: makes the body of the end, None for no body. removed: the resource that a deletion
    removes; it is shown until the end.
    """

    name: str
    path: str
    resource: str
    state: str
    began: datetime
    ends: datetime
    polls: int
    result: Callable[[], Document] | None
    removed: Document | None
    ended: datetime | None = None


class Operations:
    """The operations of this process. When not `enabled`, none is long-running, as observed at the service.

    The work is done when the operation begins, so that no accepted request is lost; only the end comes later.
    """

    def __init__(self, clock: Clock, switches: Switches, enabled: bool) -> None:
        self.enabled = enabled
        self.retry_after = switches.operation_retry_after
        self._clock = clock
        self._polls = switches.operation_polls
        self._duration = timedelta(seconds=switches.operation_seconds)
        self._operations: dict[str, Operation] = {}
        self._latest: dict[str, Operation] = {}

    def begin(
        self,
        registry: RegistryRow,
        resource: str,
        state: str,
        result: Callable[[], Document] | None = None,
        removed: Document | None = None,
    ) -> Operation:
        """Begin an operation on a resource; it replaces an earlier one in the resource's state."""
        now = self._clock.now()
        name = f"registries-{uuid.uuid4()}"
        path = f"/subscriptions/{registry.subscription_id}/providers/Microsoft.ContainerRegistry/locations"
        operation = Operation(
            name=name,
            path=f"{path}/{registry.location}",
            resource=resource.lower(),
            state=state,
            began=now,
            ends=now + self._duration,
            polls=self._polls,
            result=result,
            removed=removed,
        )
        self._operations[name] = self._latest[operation.resource] = operation
        while len(self._operations) > KEPT:
            oldest = self._operations.pop(next(iter(self._operations)))
            if self._latest.get(oldest.resource) is oldest:
                del self._latest[oldest.resource]
        return operation

    def poll(self, name: str) -> Operation:
        """Count a poll of an operation and return it. Raises ServiceError when it is unknown."""
        operation = self._operations.get(name.lower())
        if operation is None:
            raise errors.OPERATION_NOT_FOUND(name=name)
        if not self.has_ended(operation):
            operation.polls -= 1
        return operation

    def has_ended(self, operation: Operation) -> bool:
        """Tell whether an operation has ended: by the number of its polls, or by its time."""
        now = self._clock.now()
        if operation.ended is None and (operation.polls < 0 or now >= operation.ends):
            operation.ended = now
        return operation.ended is not None

    def under_way(self, resource: str) -> Operation | None:
        """Return the operation in progress on a resource, or None."""
        operation = self._latest.get(resource.lower())
        return None if operation is None or self.has_ended(operation) else operation

    def shown(self, document: Document) -> Document:
        """Return a resource with its present provisioning state."""
        operation = self.under_way(document["id"])
        if operation is None:
            return document
        return {**document, "properties": {**document["properties"], "provisioningState": operation.state}}

    def status(self, operation: Operation) -> Document:
        """Return the status document to which `Azure-AsyncOperation` leads."""
        over = self.has_ended(operation)
        status: Document = {
            "id": f"{operation.path}/operationStatuses/{operation.name}",
            "name": operation.name,
            "status": "Succeeded" if over else "InProgress",
            "startTime": round_trip(operation.began),
        }
        if operation.ended is not None:
            status["endTime"] = round_trip(operation.ended)
        return status

    def clear(self) -> None:
        """Remove every operation."""
        self._operations.clear()
        self._latest.clear()
