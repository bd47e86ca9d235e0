"""Errors that every resource of a stack would repeat: shown in full once, then in one line."""

from __future__ import annotations

import threading
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

# Errors of the configuration, the subscription or the permissions, not of one resource.
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
_shown: dict[tuple[str, ...], str] = {}
"""The errors that this process has shown in full, each with the URN of the resource that showed it."""


def shortened(error: E, urn: str) -> E:
    """Return one line for an error that another resource has shown in full already; otherwise the error itself.

    `urn` names the resource that has the error. The same resource may show it in full again.
    """
    with _lock:
        first = _shown.setdefault(_kind(error), urn)
    return error if first == urn or "\n" not in str(error) else _one_line(error, first)


def _kind(error: AcrTasksError) -> tuple[str, ...]:
    """Return the key of an error: errors of one key have one cause, and only the first is shown in full.

    An error of the whole stack has the same key for every resource. The key of any other error is its text: resources
    that waited for the same answer share it.
    """
    if isinstance(error, _OF_THE_STACK) and isinstance(error, ServiceError):
        return type(error).__name__, str(error.status), error.code, error.action
    return type(error).__name__, str(error)


def _one_line(error: E, first: str) -> E:
    line = str(error).splitlines()[0] if str(error) else type(error).__name__
    where = first.rpartition("::")[2] if first else "another resource"
    short = type(error).__new__(type(error))
    short.__dict__.update(error.__dict__)
    mark = f"; correlation id {error.correlation_id}" if isinstance(error, ServiceError) else ""
    short.args = (f"{line} (shown in full at {where}{mark})",)
    return short
