"""Long-running operations, as the specification marks them: under way for a few polls or a short time."""

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
    """One operation. `state` is the provisioning state of its `resource` (an ARM id) meanwhile.

    `path` and `name` address it; `result` makes the body of its end, None when that has none. `removed` is what a
    deletion took away: it is shown until the end.
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
    """The operations of this process. With `enabled` false nothing is long-running, as observed (facts, fact 1).

    The work is done when the operation begins, so that nothing that was accepted is lost; only its end comes later.
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
        """Note an operation on a resource; an earlier one on it no longer counts for its state."""
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
        """Return an operation, having counted this poll. Raises ServiceError when there is none."""
        operation = self._operations.get(name.lower())
        if operation is None:
            raise errors.OPERATION_NOT_FOUND(name=name)
        if not self.has_ended(operation):
            operation.polls -= 1
        return operation

    def has_ended(self, operation: Operation) -> bool:
        """Tell whether an operation is over: polled often enough, or after its time."""
        now = self._clock.now()
        if operation.ended is None and (operation.polls < 0 or now >= operation.ends):
            operation.ended = now
        return operation.ended is not None

    def under_way(self, resource: str) -> Operation | None:
        """Return the operation that changes a resource now, or None."""
        operation = self._latest.get(resource.lower())
        return None if operation is None or self.has_ended(operation) else operation

    def shown(self, document: Document) -> Document:
        """Return a resource with the provisioning state that it has now."""
        operation = self.under_way(document["id"])
        if operation is None:
            return document
        return {**document, "properties": {**document["properties"], "provisioningState": operation.state}}

    def status(self, operation: Operation) -> Document:
        """Return what the resource of `Azure-AsyncOperation` says."""
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
        """Forget every operation."""
        self._operations.clear()
        self._latest.clear()
