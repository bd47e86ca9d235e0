"""Errors that every resource of a stack would repeat: told in full once, then in one line."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import TypeVar

from pulumi_acr_tasks.errors import (
    AcrTasksError,
    EmulatorError,
    ForbiddenError,
    NotPermittedError,
    NotRegisteredError,
    RegistryNotFoundError,
    ServiceError,
    SettingsError,
    SignInError,
    SubscriptionNotFoundError,
    UnauthorizedError,
)

E = TypeVar("E", bound=AcrTasksError)

# What is wrong with the configuration, the subscription or the permissions, and not with one resource.
_OF_THE_STACK = (
    SettingsError,
    SignInError,
    EmulatorError,
    UnauthorizedError,
    ForbiddenError,
    NotPermittedError,
    NotRegisteredError,
    RegistryNotFoundError,
    SubscriptionNotFoundError,
)

_lock = threading.Lock()
_told: dict[tuple[str, ...], str | None] = {}


@contextlib.contextmanager
def told_once(urn: str | None) -> Iterator[None]:
    """Shortens an error that another resource of this process has told in full already.

    The first of a kind passes as it is. `urn` is the resource's; an error may come back to the same one in full.
    """
    try:
        yield
    except AcrTasksError as error:
        short = shortened(error, urn)
        if short is error:
            raise
        raise short from None


def shortened(error: E, urn: str | None) -> E:
    """Return the error itself the first time that one of its kind comes, and to the same resource; else one line."""
    with _lock:
        first = _told.setdefault(_kind(error), urn)
    return error if first == urn or "\n" not in str(error) else _one_line(error, first)


def _kind(error: AcrTasksError) -> tuple[str, ...]:
    """Tell errors of the stack apart by what would have to be put right, not by resource or correlation id.

    Any other error is of one kind with itself alone: many resources may have waited for the same answer.
    """
    of_the_stack = isinstance(error, _OF_THE_STACK)
    if of_the_stack and isinstance(error, ServiceError):
        return type(error).__name__, str(error.status), error.code, error.action
    return type(error).__name__, str(error)


def _one_line(error: E, first: str | None) -> E:
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    where = first.rpartition("::")[2] if first else "another resource"
    short = type(error).__new__(type(error))
    short.__dict__.update(error.__dict__)
    mark = f"; correlation id {error.correlation_id}" if isinstance(error, ServiceError) else ""
    short.args = (f"{line} (told in full at {where}{mark})",)
    return short
