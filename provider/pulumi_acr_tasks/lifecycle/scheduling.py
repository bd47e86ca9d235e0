"""Scheduling runs in a registry, each once: a lost answer is looked for, the request is never repeated.

`scheduleRun` has no key by which the service would know a repeated request (`facts/acr-tasks-api.md` section 1).
"""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pulumi_acr_tasks.arm.connection import is_loopback
from pulumi_acr_tasks.errors import AcrTasksError, CanceledError, TransportError, UnavailableError

if TYPE_CHECKING:
    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.follow.clock import Clock

_PAUSES = (1.0, 3.0, 0.0)  # seconds before another look: a run shows in the list a moment after it was made
_NEWEST = 100  # runs to look at: those of the last minutes
_SLACK = timedelta(seconds=2)  # the service tells its time in whole seconds
_PATIENCE = 120.0  # seconds for the answers that other runs of ours wait for; longer than any request takes

_schedulings: weakref.WeakKeyDictionary[Client, dict[RegistryId, Scheduling]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def scheduling_of(client: Client, registry: RegistryId, clock: Clock) -> Scheduling:
    """The one place in this process that schedules runs in a registry."""
    with _lock:
        return _schedulings.setdefault(client, {}).setdefault(registry, Scheduling(client, registry, clock))


@dataclass(frozen=True, eq=False)
class _Lost:
    """A request without an answer: sent at `began`, and given up at `until`, by the clock."""

    request: dict[str, Any] = field(repr=False)
    began: float
    until: float
    error: AcrTasksError


class Scheduling:
    """Schedules runs in one registry, and knows which of its runs are ours. `clock` is that of the client."""

    def __init__(self, client: Client, registry: RegistryId, clock: Clock) -> None:
        self._client, self._registry, self._clock = client, registry, clock
        self._changed = threading.Condition()
        self._posting: set[object] = set()
        self._lost: list[_Lost] = []
        self._ours: set[str] = set()
        self._principals: set[str] = set()

    def schedule(self, request: dict[str, Any], stop: threading.Event) -> Run:
        """Schedule a run. `stop` (^C) does not interrupt it: who is answered can cancel the run.

        Raises ServiceError when the service refuses; TransportError when there was no answer and it cannot be told
        which run is ours, if there is one.
        """
        answer: Run | _Lost | None = None
        me = object()
        with self._changed:
            self._posting.add(me)
        try:
            answer = self._post(request)
        finally:
            with self._changed:
                self._posting.discard(me)
                if isinstance(answer, _Lost):
                    self._lost.append(answer)
                elif answer is not None:
                    self._remember(answer)
                self._changed.notify_all()
        return self._find(answer, stop) if isinstance(answer, _Lost) else answer

    def _post(self, request: dict[str, Any]) -> Run | _Lost:
        began = self._clock.now()
        try:
            return self._client.registries.schedule_run(self._registry, request)
        except TransportError as error:
            if not error.arrived:
                raise
            return _Lost(request, began, self._clock.now(), error)
        except UnavailableError as error:
            # A gateway that gave up may have handed the request on.
            return _Lost(request, began, self._clock.now(), error)

    def claim(self, run: Run) -> None:
        """Take note of a run that is ours although it was not scheduled here."""
        with self._changed:
            self._remember(run)

    def _remember(self, run: Run) -> None:
        self._ours.add(_id(run))
        self._principals |= _principals(run)

    def _find(self, lost: _Lost, stop: threading.Event) -> Run:
        """The one run that can be the answer that was lost.

        Raises TransportError when there is none, or when it cannot be told.
        """
        candidates: list[Run] = []
        for pause in _PAUSES:
            try:
                newest = list(self._client.runs.list(self._registry, top=_NEWEST))
            except CanceledError:
                break
            except AcrTasksError:
                newest = []
            self._await_siblings()
            with self._changed:
                candidates = [run for run in newest if self._fits(run, lost)]
                if len(candidates) == 1 and not self._is_contended(candidates[0], lost):
                    self._lost.remove(lost)
                    self._remember(candidates[0])
                    return candidates[0]
            if candidates:
                break
            self._clock.wait(stop, 0.0 if stop.is_set() else pause)
        raise self._explained(lost, candidates) from lost.error

    def _is_contended(self, run: Run, lost: _Lost) -> bool:
        """Whether it may be the run of another request that lost its answer at the same time, and is still without."""
        others = (other for other in self._lost if other is not lost and other.until >= lost.began)
        return any(self._fits(run, other) for other in others)

    def _await_siblings(self) -> None:
        """Wait for the answers to all requests under way: whatever a list has just shown of ours was asked for by
        now."""
        with self._changed:
            asked = set(self._posting)
            self._changed.wait_for(lambda: not asked & self._posting, timeout=_PATIENCE)

    def _fits(self, run: Run, lost: _Lost) -> bool:
        """Whether a run of the registry can be that request's, as far as the service tells of it."""
        said = run.raw.get("properties") or {}
        created = run.properties.create_time or run.properties.last_updated_time
        moment, since = created.moment if created else None, self._client.server_time.at(lost.began)
        principals = _principals(run)
        return not (
            _id(run) in self._ours
            or moment is None
            or since is None
            or moment < since - _SLACK
            or (principals and self._principals and not principals & self._principals)
            or any(said.get(trigger) for trigger in ("timerTrigger", "sourceTrigger", "imageUpdateTrigger"))
            or bool(said.get("isArchiveEnabled")) != bool(lost.request.get("isArchiveEnabled"))
            or not _fits_type(said, lost.request)
        )

    def _explained(self, lost: _Lost, candidates: list[Run]) -> TransportError:
        since = self._client.server_time.at(lost.began)
        time = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        place = f"az acr task list-runs -r {self._registry.registry_name}"
        if is_loopback(self._client.endpoint):
            place = f"{self._client.endpoint}/ (the emulator's dashboard)"
        seen = ", ".join(f"{_id(run)} ({run.properties.status})" for run in candidates)
        found = f"it may be one of {seen}" if seen else "no run that was seen since then fits it"
        first = str(lost.error).splitlines()[0]
        return TransportError(
            f"{first}\n"
            f"The run may have been started all the same: {found}.\n"
            f"Look at the runs{time}, cancel what nobody needs, and run pulumi up again: {place}"
        )


def _fits_type(said: dict[str, Any], request: dict[str, Any]) -> bool:
    """Whether run type, task and platform are those that the request leads to (facts, section 5.1)."""
    kind, run_type, task = str(request.get("type", "")).lower(), said.get("runType"), said.get("task")
    if kind == "taskrunrequest":
        expected: tuple[str, ...] = ("QuickRun", "QuickBuild")
        other = task is not None and str(task).lower() != str(request.get("taskName", "")).lower()
    else:
        expected = ("QuickBuild",) if kind == "dockerbuildrequest" else ("QuickRun",)
        other = task is not None
    asked, has = ((each.get("platform") or {}).get("os") for each in (request, said))
    if asked and has and str(asked).lower() != str(has).lower():
        return False
    return not other and (run_type is None or run_type in expected)


def _id(run: Run) -> str:
    return run.properties.run_id or run.name or ""


def _principals(run: Run) -> set[str]:
    """Who made the run, or touched it last; right after scheduling the service tells only the latter."""
    told = run.raw.get("systemData") or {}
    return {str(told[member]) for member in ("createdBy", "lastModifiedBy") if told.get(member)}
