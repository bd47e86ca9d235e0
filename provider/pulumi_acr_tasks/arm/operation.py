"""The operation that a request is for: the rings around a request read it, and errors name it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pulumi_acr_tasks.errors import AcrTasksError

if TYPE_CHECKING:
    import httpx

# A function that sends a request and returns its answer: the transport, or a ring around it.
Send = Callable[["httpx.Request"], "httpx.Response"]

CORRELATION_ID = "x-ms-correlation-request-id"

# The extension of a request that may have been carried out: an attempt was sent, and no answer has its result.
UNCERTAIN = "uncertain"


@dataclass(frozen=True)
class Operation:
    """One of the specification's operations on one resource.

    `action` is the verb of its errors ("update task"); `resource_id` is the ARM id of the resource. `idempotent` is
    True when sending it twice does no harm. `after_cancel` is True for a request that is sent because of ^C, which must
    not interrupt its waiting. `reads` returns the caller's value from the answer's object, and raises ValueError for
    an object of another kind. `answers` is False when the answer may be empty.
    """

    action: str
    resource_id: str
    idempotent: bool = True
    after_cancel: bool = False
    reads: Callable[[dict[str, Any]], Any] | None = None
    answers: bool = True


def operation_of(request: httpx.Request) -> Operation:
    """Return the operation that a request was made for."""
    return cast("Operation", request.extensions["operation"])


@contextlib.contextmanager
def carried_out() -> Iterator[None]:
    """Mark every error within the block as uncertain: the service has accepted the request, and may carry it out."""
    try:
        yield
    except AcrTasksError as error:
        error.uncertain = True
        raise
