"""Triggers start tasks: timers, source events, pushes of base images."""

from __future__ import annotations

import heapq
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from acr_tasks_emulator.clock import Clock, parse
from acr_tasks_emulator.execution.build.image_name import own_hosts
from acr_tasks_emulator.services.registries.registries import RegistriesService
from acr_tasks_emulator.services.runs import causes
from acr_tasks_emulator.services.runs.runs import RunsService, Start
from acr_tasks_emulator.services.tasks.documents import is_enabled
from acr_tasks_emulator.services.triggers.base_images import ImagePush, moved
from acr_tasks_emulator.services.triggers.schedules import next_occurrence, occurrences, problem_of
from acr_tasks_emulator.services.triggers.source_events import SourceEvent
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.tasks import TaskStore

PAGE = 500
DAY = timedelta(days=1)
MINUTE = 60.0
DOWNTIME = timedelta(minutes=2)
"""After a longer gap between two checks the machine has slept, or its clock was set: missed timers do not fire."""

MOST_RUNS = 5000
"""The most runs that one check of the timers starts: an every-minute timer is due half a million times a year."""

_logger = logging.getLogger(__name__)

Task = dict[str, Any]
Firing = tuple[datetime, RegistryRow, str, str]  # when it is due, registry, task, timer


class TriggersService:
    """The starter of triggered runs. Disabled tasks and triggers start nothing."""

    def __init__(self, tasks: TaskStore, runs: RunsService, registries: RegistriesService, clock: Clock) -> None:
        self._tasks = tasks
        self._runs = runs
        self._registries = registries
        self._clock = clock
        self._lock = threading.Lock()
        self._fired_until = clock.now()  # timers that were due earlier do not fire

    def fire_timers(self) -> int:
        """Start the runs that became due since the last check; return their number."""
        with self._lock:
            now = self._clock.now()
            if now - self._fired_until > DOWNTIME:
                self._fired_until = now - DOWNTIME
            if self._fired_until - now > DOWNTIME:
                self._fired_until = now  # the clock was set back: nothing would fire until it is as late again
            return self._fire(now)

    def move_clock(self, move: Callable[[], object]) -> int:
        """Call `move`, which moves the clock forward, and start all runs that are due in between, in order of time.

        Return their number. No firing is lost or repeated.
        """
        with self._lock:
            fired = self._fire(self._clock.now())
            move()
            return fired + self._fire(self._clock.now())

    def source_event(self, event: SourceEvent, identifier: str | None) -> tuple[list[str], int]:
        """Start every task with a source trigger for this event; return the runs' ids, and the number of tasks."""
        starts = []
        for registry, task in self._enabled_tasks():
            for trigger in _triggers(task).get("sourceTriggers") or []:
                if event.concerns(trigger):
                    url = str(trigger["sourceRepository"]["repositoryUrl"])
                    starts.append((registry, task["name"], causes.of_source(event, url, identifier)))
                    break  # one run for one event
        return self._runs.trigger(starts), len(starts)

    def image_pushed(self, push: ImagePush) -> list[str]:
        """Start every task whose base image has changed; return the runs' ids.

        The new image becomes the task's dependency, so that the same push does not start it again.
        """
        started = []
        for registry, task in self._enabled_tasks():
            hosts = own_hosts(self._registries.login_server, registry.name)
            with self._tasks.transaction():
                stored = self._tasks.get(registry.key, task["name"])
                dependencies = moved(push, stored, hosts) if stored is not None else []
                if stored is None or not dependencies:
                    continue
                for dependency in dependencies:
                    dependency["digest"] = push.digest
                self._tasks.put(registry.key, task["name"], stored)
                cause = causes.of_base_images(dependencies, push, self._clock.now())
                started += self._runs.trigger([(registry, task["name"], cause)])
        return started

    def _fire(self, now: datetime) -> int:
        after, self._fired_until = self._fired_until, max(now, self._fired_until)
        due = chain.from_iterable(self._due(*day) for day in _days(after, now))
        started = len(self._runs.trigger(islice(due, MOST_RUNS)))
        if started == MOST_RUNS and next(due, None) is not None:
            _logger.warning("more than %s runs were due: the later ones are left out", MOST_RUNS)
        return started

    def _due(self, after: datetime, until: datetime) -> Iterator[Start]:
        due_times = lru_cache(maxsize=None)(lambda text: list(occurrences(text, after, until)))
        firings = [
            _firings(registry, task, timer["name"], due_times(timer["schedule"]))
            for registry, task in self._enabled_tasks()
            for timer in enabled_timers(task)
        ]
        for due, registry, task_name, timer_name in heapq.merge(*firings, key=lambda firing: firing[0]):
            yield registry, task_name, causes.of_timer(timer_name, due)

    def _enabled_tasks(self) -> Iterator[tuple[RegistryRow, Task]]:
        for registry in self._registries.all():
            after = ""
            while True:
                page = self._tasks.page(registry.key, after, PAGE)
                yield from ((registry, task) for task in page if is_enabled(task["properties"]))
                if len(page) < PAGE:
                    break
                after = page[-1]["name"].lower()


class Timers:
    """A thread that checks timers at the start of each minute until it is closed. Schedules have no seconds."""

    def __init__(self, triggers: TriggersService, clock: Clock) -> None:
        self._triggers = triggers
        self._clock = clock
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="timers", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop the thread, after a check in progress has ended."""
        self._closed.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed.wait(MINUTE - self._clock.now().timestamp() % MINUTE):
            try:
                self._triggers.fire_timers()
            except Exception:  # the next check may succeed
                _logger.exception("timers could not be checked")


def enabled_timers(task: Task) -> list[dict[str, Any]]:
    """Return a task's enabled timers with a valid schedule."""
    timers = _triggers(task).get("timerTriggers") or []
    return [timer for timer in timers if is_enabled(timer) and problem_of(timer["schedule"]) is None]


def next_firings(task: Task, now: datetime) -> dict[str, datetime]:
    """Return when each of a task's timers fires next, by name; timers that never fire are left out."""
    if not is_enabled(task["properties"]):
        return {}
    found = {timer["name"]: next_occurrence(timer["schedule"], now) for timer in enabled_timers(task)}
    return {name: due for name, due in found.items() if due is not None}


def _firings(registry: RegistryRow, task: Task, timer: str, due_times: list[datetime]) -> Iterator[Firing]:
    created = parse(task["properties"]["creationDate"])
    return ((due, registry, task["name"], timer) for due in due_times if due > created)


def _days(after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield a span of time in parts of at most a day, so that few firings are held in memory at once."""
    while after < until:
        before, after = after, min(after + DAY, until)
        yield before, after


def _triggers(task: Task) -> dict[str, Any]:
    return task["properties"].get("trigger") or {}
