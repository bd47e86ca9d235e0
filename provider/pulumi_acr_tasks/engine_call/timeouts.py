"""Custom timeouts: the engine sends them with its requests and enforces nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from pulumi_acr_tasks.arm.http.deadlines import limited
from pulumi_acr_tasks.errors import DeadlineError, ThrottledError, TransportError, UnavailableError


@contextlib.contextmanager
def custom_timeout(seconds: float, doing: str) -> Iterator[None]:
    """Hold the resource's custom timeout for all that is done in the block: `seconds`, 0 without one.

    `doing` is the operation of the engine: create, update or delete. Raises DeadlineError when the time is over.
    """
    if not seconds:
        yield
        return
    with limited(seconds) as limit:
        try:
            yield
        except (TransportError, ThrottledError, UnavailableError) as error:
            if not limit.reached:
                raise
            raise DeadlineError(
                f"{doing} did not end within {seconds:g} s (the resource's custom timeout)\n{error}",
                arrived=getattr(error, "arrived", True),
            ) from error
