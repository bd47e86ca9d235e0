"""What a request is for: the rings around a request read it, and errors name it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import httpx

# A request's way to its answer: the transport, and each ring that is put around it.
Send = Callable[[httpx.Request], httpx.Response]

CORRELATION_ID = "x-ms-correlation-request-id"

# The extension of a request of which an attempt was sent without an answer that says what came of it.
UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Operation:
    """One of the specification's operations on one resource.

    `action` is what it does, in the words of an error ("update task"); `resource_id` the ARM id that it does it to.
    `idempotent` says that sending it twice does no harm. `after_cancel` says that it is sent because the user
    canceled, so that the cancellation does not interrupt its waiting. `reads` makes of an answer's object what the
    caller wants, and raises ValueError for an object of another kind. `answers` is False when an empty answer will do.
    """

    action: str
    resource_id: str
    idempotent: bool = True
    after_cancel: bool = False
    reads: Callable[[dict[str, Any]], Any] | None = None
    answers: bool = True


def operation_of(request: httpx.Request) -> Operation:
    """Gives the operation that a request was made for."""
    return cast("Operation", request.extensions["operation"])
