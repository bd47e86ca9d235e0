"""Scheduling runs in a registry, each once: a lost answer is looked for, the request is never repeated.

`scheduleRun` has no key by which the service would know a repeated request (`facts/acr-tasks-api.md` section 1).
"""

from __future__ import annotations

import threading
import weakref
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
from pulumi_acr_tasks.run.schedule.evidence import Asked, Verdict, judge, principals_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulumi_acr_tasks.arm.client import Client
    from pulumi_acr_tasks.arm.ids import RegistryId
    from pulumi_acr_tasks.arm.models import Run
    from pulumi_acr_tasks.run.wait.clock import Clock

_PAUSES = (1.0, 3.0, 0.0)  # seconds before another look: a run shows in the list a moment after it was made
_FIRST, _GROWTH, _LONGEST = 2.0, 1.5, 15.0  # seconds between looks at runs whose end is awaited
_BLIND = 5  # looks in a row at a list that cannot be read; each of them is several requests
_NEWEST = 100  # runs to look at: those of the last minutes
_SHOWN = 10  # runs that an error lists
_PATIENCE = 120.0  # seconds for the answers that other runs of ours wait for; longer than any request takes
MAY_PASS = (ThrottledError, UnavailableError, TransportError, CanceledError)
"""The errors of a list that may be gone a moment later."""
IN_FLIGHT = timedelta(seconds=100)  # how long a request may be on its way: the client gives up then

_schedulings: weakref.WeakKeyDictionary[Client, dict[RegistryId, Scheduling]] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def scheduling_of(client: Client, registry: RegistryId, clock: Clock, recorded: set[str]) -> Scheduling:
    """The one place in this process that schedules runs in a registry. `recorded` are the ARM ids, in lower case, of
    runs that stand in the engine's state: they are no answers that were lost."""
    with _lock:
        return _schedulings.setdefault(client, {}).setdefault(registry, Scheduling(client, registry, clock, recorded))


@dataclass(frozen=True)
class Patience:
    """How the end of runs is awaited, of which only the end can tell whose they are.

    `stop` is set on ^C. Without `wait` no end is awaited. `until` is a time of the clock, None without a limit. `show`
    takes a line for the user.
    """

    stop: threading.Event
    wait: bool = True
    until: float | None = None
    show: Callable[[str], None] = lambda _: None


@dataclass(frozen=True, eq=False)
class Lost:
    """A request without an answer: sent at `began`, and given up at `until`, by our clock.

    `sent` is the service's time when it was sent, where an earlier command has written it down.
    """

    request: dict[str, Any] = field(repr=False)
    began: float
    until: float
    error: AcrTasksError | None = None
    sent: datetime | None = None


@dataclass(frozen=True)
class Found:
    """What was found of a lost answer.

    `run` is the run that the request has started, where that is proved. Else `candidates` are the runs that it may
    have started; `undecided` says that the end of one of them will tell more. `unseen` is why the runs cannot be looked
    at.
    """

    run: Run | None = None
    candidates: tuple[Run, ...] = ()
    undecided: bool = False
    unseen: AcrTasksError | None = None

    @property
    def ids(self) -> list[str]:
        """The short ids of the candidates."""
        return [id_of(run) for run in self.candidates]


class Scheduling:
    """Schedules runs in one registry, and knows which of its runs are ours. `clock` is that of the client."""

    def __init__(self, client: Client, registry: RegistryId, clock: Clock, recorded: set[str]) -> None:
        self._client, self._registry, self.clock, self._recorded = client, registry, clock, recorded
        self._changed = threading.Condition()
        self._posting: set[object] = set()
        self._lost: list[Lost] = []
        self._ours: set[str] = set()
        self._principals: set[str] = set()

    def schedule(self, request: dict[str, Any]) -> Run | Lost:
        """Schedule a run; return the run, or the request when its answer was lost. ^C does not interrupt it: with the
        answer the run can be cancelled.

        Raises ServiceError when the service refuses, TransportError when the request certainly did not arrive.
        """
        answer: Run | Lost | None = None
        me = object()
        with self._changed:
            self._posting.add(me)
        try:
            answer = self._post(request)
        finally:
            with self._changed:
                self._posting.discard(me)
                if isinstance(answer, Lost):
                    self._lost.append(answer)
                elif answer is not None:
                    self._remember(answer)
                self._changed.notify_all()
        return answer

    def _post(self, request: dict[str, Any]) -> Run | Lost:
        began = self.clock.now()
        try:
            return self._client.registries.schedule_run(self._registry, request)
        except TransportError as error:
            if not error.arrived:
                raise
            return Lost(request, began, self.clock.now(), error)
        except UnavailableError as error:
            # A gateway that gave up may have handed the request on.
            return Lost(request, began, self.clock.now(), error)
        except AcrTasksError as error:
            if not error.uncertain:
                raise
            # It was accepted, and what came of it could not be asked.
            return Lost(request, began, self.clock.now(), error)

    def claim(self, run: Run) -> None:
        """Take note of a run that is ours although it was not scheduled here."""
        with self._changed:
            self._remember(run)

    def dismiss(self, lost: Lost) -> None:
        """Give a request without an answer up: no run is looked for any more."""
        with self._changed:
            self._lost = [each for each in self._lost if each is not lost]

    def is_ours(self, run_id: str) -> bool:
        """Whether this process has scheduled that run, or taken it up."""
        with self._changed:
            return run_id in self._ours

    def _remember(self, run: Run) -> None:
        self._ours.add(id_of(run))
        self._principals |= principals_of(run)

    def find(self, lost: Lost, patience: Patience) -> Found:
        """Look for the run that a request without an answer has started.

        The list is looked at three times, since a new run may show late; the client has tried one that is ill often
        enough. Runs that fit, and of which the images will tell, are awaited as `patience` says.
        """
        with self._changed:
            if lost not in self._lost:
                self._lost.append(lost)
        found = Found()
        for pause in _PAUSES:
            found = self._look(lost)
            if found.run is not None:
                return found
            if found.candidates or found.unseen is not None or patience.stop.is_set():
                break
            self.clock.wait(patience.stop, pause)
        return self._await_ends(lost, found, patience) if patience.wait and found.undecided else found

    def _await_ends(self, lost: Lost, found: Found, patience: Patience) -> Found:
        """Look again until the images of every run that fits have told whose it is, as long as `patience` allows."""
        patience.show(f"the answer was lost; the images of {', '.join(found.ids[:_SHOWN])} will tell which run is ours")
        pause, blind = _FIRST, 0
        while found.undecided and blind < _BLIND and not self.clock.wait(patience.stop, pause):
            if patience.until is not None and self.clock.now() >= patience.until:
                break
            again = self._look(lost)
            blind = blind + 1 if again.unseen else 0
            found, pause = found if again.unseen else again, min(pause * _GROWTH, _LONGEST)
        return found

    def _look(self, lost: Lost) -> Found:
        try:
            newest = list(self._client.runs.list(self._registry, top=_NEWEST))
        except AcrTasksError as error:
            return Found(unseen=error)
        self._await_siblings()
        with self._changed:
            verdicts = {id_of(run): self._judge(run, lost) for run in newest}
            fitting = [run for run in newest if verdicts[id_of(run)] is not Verdict.OTHER]
            proved = [run for run in fitting if verdicts[id_of(run)] is Verdict.PROVED]
            undecided = any(verdicts[id_of(run)] is Verdict.OPEN for run in fitting)
            if len(proved) == 1 and not undecided and not self._is_contended(proved[0], lost):
                self._lost.remove(lost)
                self._remember(proved[0])
                return Found(proved[0])
        return Found(candidates=tuple(fitting), undecided=undecided)

    def _is_contended(self, run: Run, lost: Lost) -> bool:
        """Whether it may be the run of another request that lost its answer at the same time, and is still without."""
        others = (other for other in self._lost if other is not lost)
        return any(self._judge(run, other) in (Verdict.PROVED, Verdict.OPEN) for other in others)

    def _await_siblings(self) -> None:
        """Wait for the answers to all requests under way: whatever a list has just shown of ours was asked for by
        now."""
        with self._changed:
            asked = set(self._posting)
            self._changed.wait_for(lambda: not asked & self._posting, timeout=_PATIENCE)

    def _judge(self, run: Run, lost: Lost) -> Verdict:
        if id_of(run) in self._ours or (run.id or "").lower() in self._recorded:
            return Verdict.OTHER
        return judge(run, self._asked(lost))

    def _asked(self, lost: Lost) -> Asked:
        time = self._client.server_time
        since = lost.sent or time.at(lost.began)
        until = lost.sent + IN_FLIGHT if lost.sent else time.at(lost.until)
        return Asked(lost.request, since, until, frozenset(self._principals | self._client.caller.names()))

    def told(self, lost: Lost, found: Found) -> str:
        """Return what is known of a lost answer, in sentences for the user: what may have been started, where to look,
        and what the next update does."""
        since = self._asked(lost).since
        time = f" since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""
        place = f"az acr task list-runs -r {self._registry.registry_name}"
        if is_loopback(self._client.endpoint):
            place = f"{self._client.endpoint}/ (the emulator's dashboard)"
        after = "The next pulumi up looks again, and starts another run only when none is found."
        if found.unseen is not None:
            reason = str(found.unseen).splitlines()[0]
            seen = f"The run may have been started all the same, and the runs cannot be looked at: {reason}."
        elif found.candidates:
            ids = [f"{id_of(run)} ({run.properties.status})" for run in found.candidates]
            more = f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else ""
            seen = (
                "The run may have been started all the same: it may be one of "
                f"{', '.join(ids[:_SHOWN])}{more}, and nothing that the service tells proves it."
            )
            if not found.undecided:
                after = "Cancel what nobody needs: the next pulumi up starts another run."
        else:
            seen = "The run may have been started all the same, although no run that the service lists since then fits."
        return f"{seen}\n{after}\nThe runs{time}: {place}"


def id_of(run: Run) -> str:
    """Return the short id of a run, such as `cf1`."""
    return run.properties.run_id or run.name or ""
