"""Starts tasks by their triggers: timers, source repositories, base images."""

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
from acr_tasks_emulator.services.registries.registries import RegistriesService
from acr_tasks_emulator.services.runs import causes
from acr_tasks_emulator.services.runs.runs import RunsService, Start
from acr_tasks_emulator.services.triggers.base_images import ImagePush, moved
from acr_tasks_emulator.services.triggers.schedules import next_occurrence, occurrences, problem_of
from acr_tasks_emulator.services.triggers.source_events import SourceEvent
from acr_tasks_emulator.store.registries import RegistryRow
from acr_tasks_emulator.store.tasks import TaskStore

PAGE = 500
DAY = timedelta(days=1)
DOWNTIME = timedelta(minutes=2)
"""A gap between two looks at the clock that is longer means that the machine slept: nothing is made up for."""

MOST_RUNS = 5000
"""How many runs one look at the clock starts at most: a year of a timer of each minute would be half a million."""
SCHEDULES = 10_000
"""Of how many schedules the next firing is kept."""

_logger = logging.getLogger(__name__)

Task = dict[str, Any]
Firing = tuple[datetime, RegistryRow, str, str]  # when it is due, registry, task, timer


class TriggersService:
    """Knows which tasks have to be started when. Disabled tasks and triggers start nothing."""

    def __init__(self, tasks: TaskStore, runs: RunsService, registries: RegistriesService, clock: Clock) -> None:
        self._tasks = tasks
        self._runs = runs
        self._registries = registries
        self._clock = clock
        self._lock = threading.Lock()
        self._next: dict[str, tuple[datetime, datetime | None]] = {}  # schedule -> since when, and when it is due next
        self._fired_until = clock.now()  # what was due earlier is not made up for

    def fire_timers(self) -> int:
        """Start what has become due since the last look; return how many runs that are."""
        with self._lock:
            now = self._clock.now()
            if now - self._fired_until > DOWNTIME:
                self._fired_until = now - DOWNTIME
            return self._fire(now)

    def move_clock(self, move: Callable[[], object]) -> int:
        """Let `move` put the clock forward, and start everything that is due in between, in order of time.

        Returns how many runs were started. Nothing is lost and nothing is started twice.
        """
        with self._lock:
            fired = self._fire(self._clock.now())
            move()
            return fired + self._fire(self._clock.now())

    def source_event(self, event: SourceEvent, identifier: str | None) -> tuple[list[str], int]:
        """Start every task with a source trigger for this event; return the runs' ids, and how many tasks those are."""
        starts = []
        for registry, task in self._enabled_tasks():
            for trigger in _triggers(task).get("sourceTriggers") or []:
                if event.concerns(trigger):
                    url = str(trigger["sourceRepository"]["repositoryUrl"])
                    starts.append((registry, task["name"], causes.of_source(event, url, identifier)))
                    break  # one run for one event
        return self._runs.trigger(starts), len(starts)

    def image_pushed(self, push: ImagePush) -> list[str]:
        """Start every task whose base image has moved; return the runs' ids.

        The task's dependency is the new image from now on, so that the same push does not start it again.
        """
        started = []
        for registry, task in self._enabled_tasks():
            hosts = (self._registries.login_server, f"{registry.name.lower()}.azurecr.io")
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
        moments = lru_cache(maxsize=None)(lambda text: self._moments(text, after, until))
        due = [
            _firings(registry, task, timer["name"], moments(timer["schedule"]))
            for registry, task in self._enabled_tasks()
            for timer in enabled_timers(task)
        ]
        for moment, registry, task_name, timer_name in heapq.merge(*due, key=lambda firing: firing[0]):
            yield registry, task_name, causes.of_timer(timer_name, moment)

    def _moments(self, text: str, after: datetime, until: datetime) -> list[datetime]:
        """When a schedule is due, later than `after` and not later than `until`; mostly known from an earlier look."""
        since, moment = self._next.get(text, (None, None))
        if since is not None and since <= after and (moment is None or moment > until):
            return []
        found = list(occurrences(text, after, until))
        if len(self._next) >= SCHEDULES:
            self._next.clear()
        self._next[text] = (until, next_occurrence(text, until))
        return found

    def _enabled_tasks(self) -> Iterator[tuple[RegistryRow, Task]]:
        for registry in self._registries.all():
            after = ""
            while True:
                page = self._tasks.page(registry.key, after, PAGE)
                yield from ((registry, task) for task in page if _is_enabled(task["properties"]))
                if len(page) < PAGE:
                    break
                after = page[-1]["name"].lower()


def enabled_timers(task: Task) -> list[dict[str, Any]]:
    """Return the timers of a task that fire, when the task is enabled."""
    timers = _triggers(task).get("timerTriggers") or []
    return [timer for timer in timers if _is_enabled(timer) and problem_of(timer["schedule"]) is None]


def next_firings(task: Task, now: datetime) -> dict[str, datetime]:
    """Return when each of a task's timers fires next, by name; those that do not are left out."""
    if not _is_enabled(task["properties"]):
        return {}
    found = {timer["name"]: next_occurrence(timer["schedule"], now) for timer in enabled_timers(task)}
    return {name: moment for name, moment in found.items() if moment is not None}


def _firings(registry: RegistryRow, task: Task, timer: str, moments: list[datetime]) -> Iterator[Firing]:
    created = parse(task["properties"]["creationDate"])
    return ((moment, registry, task["name"], timer) for moment in moments if moment > created)


def _days(after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The time between two moments in parts of at most a day, so that what is due in one of them is never much."""
    while after < until:
        before, after = after, min(after + DAY, until)
        yield before, after


def _triggers(task: Task) -> dict[str, Any]:
    return task["properties"].get("trigger") or {}


def _is_enabled(properties: dict[str, Any]) -> bool:
    return str(properties.get("status") or "Enabled").lower() == "enabled"
