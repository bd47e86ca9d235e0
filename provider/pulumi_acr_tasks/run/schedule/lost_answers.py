"""Lost answers to `scheduleRun`: the request, what a search for its run has found, and what the user is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.http.connection import is_loopback
from pulumi_acr_tasks.errors import (
    AcrTasksError,
    CanceledError,
    ThrottledError,
    TransportError,
    UnavailableError,
)

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run

TRANSIENT = (ThrottledError, UnavailableError, TransportError, CanceledError)
"""The errors of a list request that may succeed a moment later."""
IN_FLIGHT = timedelta(seconds=100)
"""The time that a request may be under way: the client gives up then."""
SHOWN = 10
"""Runs that a message lists."""


@dataclass(frozen=True, eq=False)
class LostAnswer:
    """A request without an answer: sent at `began` and given up at `until`, by our clock.

    `sent`: the service's time when it was sent, if the journal of an earlier command has it.
    """

    request: dict[str, Any] = field(repr=False)
    began: float
    until: float
    error: AcrTasksError | None = None
    sent: datetime | None = None


@dataclass(frozen=True)
class SearchResult:
    """The result of a search for the run that a request without an answer has started.

    `run`: the run, if it is proved to be the request's. `candidates`: otherwise, the runs that may be. `undecided`: the
    images of a candidate will tell more once it has ended. `error`: why the runs cannot be listed.
    """

    run: Run | None = None
    candidates: tuple[Run, ...] = ()
    undecided: bool = False
    error: AcrTasksError | None = None

    @property
    def ids(self) -> list[str]:
        """The short ids of the candidates."""
        return [id_of(run) for run in self.candidates]


@dataclass(frozen=True)
class SearchTerms:
    """The terms of a search that waits for the images of its candidates.

    `cancel`: set on ^C. `wait`: False for a search that never waits. `deadline`: a time of the clock, None without a
    limit. `show`: takes a line for the user.
    """

    cancel: threading.Event
    wait: bool = True
    deadline: float | None = None
    show: Callable[[str], None] = lambda _: None


def describe(found: SearchResult, registry: RegistryId, endpoint: str, since: datetime | None) -> str:
    """Return what the user has to know of a lost answer.

    The text says what may have been started since then, where to look, and what the next update does.
    """
    time = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
    where = f"az acr task list-runs -r {registry.registry_name}"
    if is_loopback(endpoint):
        where = f"{endpoint}/ (the emulator's dashboard)"
    after = "The next pulumi up looks again, and starts another run only when none is found."
    if found.error is not None:
        reason = str(found.error).splitlines()[0]
        seen = f"The run may have been started all the same, and the runs cannot be looked at: {reason}."
    elif found.candidates:
        ids = [f"{id_of(run)} ({run.properties.status})" for run in found.candidates]
        more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
        seen = (
            "The run may have been started all the same: it may be one of "
            f"{', '.join(ids[:SHOWN])}{more}, and nothing that the service tells proves it."
        )
        if not found.undecided:
            after = "Cancel a run that is not needed: the next pulumi up starts another run."
    else:
        seen = "The run may have been started all the same, although no run that the service lists since then fits."
    return f"{seen}\n{after}\nThe runs{time}: {where}"


def id_of(run: Run) -> str:
    """Return the short id of a run, such as `cf1`."""
    return run.properties.run_id or run.name or ""
