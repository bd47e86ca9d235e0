"""Middleware that repeats requests when that may help, and that keeps their rate below the service's limits.

The Resource Manager counts reads, writes and deletes in token buckets of their own, and says in every answer how many
tokens remain. (Source: https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling)
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from pulumi_acr_tasks.arm.clock import fits_deadline
from pulumi_acr_tasks.arm.http.transport import operation_of
from pulumi_acr_tasks.errors import AnswerError, TransportError

if TYPE_CHECKING:
    import httpx

    from pulumi_acr_tasks.arm.clock import Clock
    from pulumi_acr_tasks.arm.http.transport import Operation, Send


ATTEMPTS = 6
FEW_ATTEMPTS = 4
_BASE, _LONGEST = 0.5, 30.0
# A bucket of the Resource Manager fills again within seconds: a longer Retry-After is cut to this.
_LONGEST_RETRY_AFTER = 300.0
_UNAVAILABLE = (500, 502, 503, 504)


def retry(send: Send, clock: Clock, *, jitter: bool = True) -> Send:
    """Send a request up to six times, with exponential back-off from half a second and full jitter.

    After 429 any request is repeated, when `Retry-After` has passed. After 500, 502, 503, 504, a broken connection or
    an unreadable answer, an idempotent one is; another request only when it certainly did not arrive. Every other
    answer stands. An error that lasts, such as a certificate that is not trusted, is not retried. Errors that look like
    a wrong address end after four attempts: no connection to a service that has never answered, and an unreadable
    answer. A wait beyond the deadline of this thread is not begun. The last answer or error is returned or raised, with
    the number of attempts.
    """
    answered = False

    def retrying_send(request: httpx.Request) -> httpx.Response:
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
            if not fits_deadline(wait):
                if response is not None:
                    return response
                if failure is not None:
                    raise failure
            clock.sleep(wait, interruptible=not operation.after_cancel)
        raise AssertionError("the last attempt returns or raises")

    return retrying_send


def _counted(error: TransportError, attempts: int, seconds: float) -> TransportError:
    """Return the error with the number of attempts, before the line with the correlation id of the last one."""
    if attempts == 1:
        return error
    *lines, last = str(error).splitlines()
    text = "\n".join([*lines, f"tried {attempts} times within {seconds:.0f} s", last])
    return type(error)(text, arrived=error.arrived, lasting=error.lasting)


def _may_help(response: httpx.Response, operation: Operation) -> bool:
    return response.status_code == 429 or (response.status_code in _UNAVAILABLE and operation.idempotent)


def _wait(attempt: int, response: httpx.Response | None, jitter: bool) -> float:
    asked = retry_after(response) if response is not None else None
    if asked is not None:
        return asked
    longest = min(_BASE * 2**attempt, _LONGEST)
    return random.uniform(0, longest) if jitter else longest  # noqa: S311  # spreads load, guards nothing


def retry_after(response: httpx.Response) -> float | None:
    """Return `Retry-After`, seconds or a date, in seconds from now, five minutes at most; None for anything else."""
    value = response.headers.get("retry-after", "")
    try:
        return min(max(0.0, float(value)), _LONGEST_RETRY_AFTER)
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return min(max(0.0, (moment - datetime.now(timezone.utc)).total_seconds()), _LONGEST_RETRY_AFTER)


# Tokens that come back each second.
_REFILL = {"reads": 25.0, "writes": 10.0, "deletes": 10.0}
_HEADER = re.compile(r"x-ms-ratelimit-remaining-(?:subscription|tenant)(?:-global)?-(reads|writes|deletes)")


@dataclass
class _Bucket:
    """The state of a bucket: `remaining` tokens at the time `seen`, and requests under way since."""

    remaining: float | None = None
    seen: float = 0.0
    under_way: int = 0


def throttle(send: Send, clock: Clock) -> Send:
    """Let a request wait until its bucket has a token for it, as far as the last answers tell."""
    lock = threading.Lock()
    buckets = {kind: _Bucket() for kind in _REFILL}

    def take(kind: str) -> float:
        """Take a token and return 0, or return the seconds until there may be one."""
        with lock:
            bucket = buckets[kind]
            if bucket.remaining is not None:
                available = bucket.remaining + (clock.now() - bucket.seen) * _REFILL[kind] - bucket.under_way
                if available < 1 and bucket.under_way < bucket.remaining + 1:
                    return (1 - available) / _REFILL[kind]
            bucket.under_way += 1
            return 0.0

    def update(kind: str, response: httpx.Response | None) -> None:
        with lock:
            buckets[kind].under_way -= 1
            for name, remaining in _remaining(response).items():
                buckets[name].remaining, buckets[name].seen = remaining, clock.now()

    def throttled(request: httpx.Request) -> httpx.Response:
        kind = {"GET": "reads", "HEAD": "reads", "DELETE": "deletes"}.get(request.method, "writes")
        interruptible = not operation_of(request).after_cancel
        while (wait := take(kind)) > 0:
            clock.sleep(wait, interruptible=interruptible)
        response = None
        try:
            response = send(request)
        finally:
            update(kind, response)
        return response

    return throttled


def _remaining(response: httpx.Response | None) -> dict[str, float]:
    """Return the tokens that remain, by kind; the scope with the fewest counts."""
    found: dict[str, float] = {}
    for name, value in response.headers.items() if response is not None else ():
        match = _HEADER.fullmatch(name)
        if match and value.isascii() and value.isdigit():
            found[match[1]] = min(float(value), found.get(match[1], float("inf")))
    return found
