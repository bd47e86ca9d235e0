"""The ring that sends a request again when that is safe and may help."""

from __future__ import annotations

import random
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.http.deadlines import affordable
from pulumi_acr_tasks.arm.operation import operation_of
from pulumi_acr_tasks.errors import AnswerError, TransportError

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.operation import Operation, Send

ATTEMPTS = 6
FEW_ATTEMPTS = 4
_BASE, _LONGEST = 0.5, 30.0
# A bucket of the Resource Manager fills again within seconds; no Retry-After of it is believed beyond this.
LONGEST_RETRY_AFTER = 300.0
_ILL = (500, 502, 503, 504)


def retry(send: Send, clock: Clock, *, jitter: bool = True) -> Send:
    """Send a request up to six times.

    429 is sent again after `Retry-After`; 500, 502, 503, 504, broken connections and answers that are not understood
    only when the operation is idempotent, and any other only when it certainly did not arrive; every other answer
    stands. Waits are doubled from half a second, with full jitter. What cannot help is not tried again, such as a
    certificate that is not trusted. Four times only: a connection while the service has never answered, and an answer
    that is not understood, because both look like a wrong address. A wait that does not end within the limit of this
    thread is not begun. The last answer or error is handed on, with the number of attempts.
    """
    answered = False

    def retrying(request: httpx.Request) -> httpx.Response:
        nonlocal answered
        operation, began = operation_of(request), clock.now()
        for attempt in range(ATTEMPTS):
            last = attempt == ATTEMPTS - 1
            response, failure = None, None
            try:
                response = send(request)
                answered = True
            except TransportError as error:
                wrong = isinstance(error, AnswerError) or not (answered or error.arrived)
                last = last or (wrong and attempt == FEW_ATTEMPTS - 1)
                if last or error.lasting or (error.arrived and not operation.idempotent):
                    raise _counted(error, attempt + 1, clock.now() - began) from error.__cause__
                failure = _counted(error, attempt + 1, clock.now() - began)
            if response is not None and (last or not _may_help(response, operation)):
                request.extensions["attempts"] = attempt + 1
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


def _counted(error: TransportError, attempts: int, seconds: float) -> TransportError:
    """Return the error with the number of attempts, before the line with the correlation id of the last one."""
    if attempts == 1:
        return error
    *lines, last = str(error).splitlines()
    told = "\n".join([*lines, f"tried {attempts} times within {seconds:.0f} s", last])
    return type(error)(told, arrived=error.arrived, lasting=error.lasting)


def _may_help(response: httpx.Response, operation: Operation) -> bool:
    return response.status_code == 429 or (response.status_code in _ILL and operation.idempotent)


def _wait(attempt: int, response: httpx.Response | None, jitter: bool) -> float:
    asked = retry_after(response) if response is not None else None
    if asked is not None:
        return min(asked, LONGEST_RETRY_AFTER)
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
