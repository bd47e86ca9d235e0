"""The ring that sends a request again when that is safe and may help."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.limits import affordable
from pulumi_acr_tasks.arm.operation import operation_of
from pulumi_acr_tasks.errors import TransportError

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.operation import Operation, Send

ATTEMPTS = 6
_BASE, _LONGEST = 0.5, 30.0
# A bucket of the Resource Manager fills again within seconds; no Retry-After of it is believed beyond this.
_LONGEST_RETRY_AFTER = 300.0
_ILL = (500, 502, 503, 504)


def retry(send: Send, clock: Clock, *, jitter: bool = True) -> Send:
    """Sends a request up to six times.

    429 is sent again after `Retry-After`; 500, 502, 503, 504 and broken connections only when the operation is
    idempotent, and any other only when it certainly did not arrive; every other answer stands. Waits are doubled from
    half a second, with full jitter. A certificate that is not trusted is not
    asked for again. A wait that does not end within the limit of this thread is not begun. The last answer or error is
    handed on.
    """

    def retrying(request: httpx.Request) -> httpx.Response:
        operation = operation_of(request)
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            response, failure = None, None
            try:
                response = send(request)
            except TransportError as error:
                if last or error.lasting or (error.arrived and not operation.idempotent):
                    raise
                failure = error
            if response is not None and (last or not _may_help(response, operation)):
                return response
            wait = _wait(attempt, response, jitter)
            if not affordable(wait):
                if response is not None:
                    return response
                if failure is not None:
                    raise failure
            clock.sleep(wait, interruptible=not operation.after_cancel)
        raise AssertionError("the last attempt returns or raises")

    return retrying


def _may_help(response: httpx.Response, operation: Operation) -> bool:
    return response.status_code == 429 or (response.status_code in _ILL and operation.idempotent)


def _wait(attempt: int, response: httpx.Response | None, jitter: bool) -> float:
    asked = retry_after(response) if response is not None else None
    if asked is not None:
        return min(asked, _LONGEST_RETRY_AFTER)
    longest = min(_BASE * 2**attempt, _LONGEST)
    return random.uniform(0, longest) if jitter else longest  # noqa: S311  # spreads load, guards nothing


def retry_after(response: httpx.Response) -> float | None:
    """Reads `Retry-After`, seconds or a date, as seconds from now; None where it is absent or neither."""
    value = response.headers.get("retry-after", "")
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())
