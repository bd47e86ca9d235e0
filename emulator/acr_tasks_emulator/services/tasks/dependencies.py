"""Keeps the base images that a task's runs were built from at the task's step: `baseImageDependencies`, read-only."""

from __future__ import annotations

from typing import Any

from acr_tasks_emulator.execution.agents import Observer
from acr_tasks_emulator.execution.job import Outcome
from acr_tasks_emulator.execution.run_log import LogSink
from acr_tasks_emulator.store.runs import RunStore
from acr_tasks_emulator.store.tasks import TaskStore

MEMBER = "baseImageDependencies"
_LAST = ("contextPath", "contextAccessToken")
_OF_THE_IMAGE = ("type", "dockerFilePath", "target", "contextPath")


class Learning:
    """An observer of runs that teaches tasks what they depend on, and hands everything on to another observer."""

    def __init__(self, observer: Observer, runs: RunStore, tasks: TaskStore) -> None:
        self._observer = observer
        self._runs = runs
        self._tasks = tasks

    def started(self, run_id: str) -> None:
        """An agent has taken the run."""
        self._observer.started(run_id)

    def finished(self, run_id: str, outcome: Outcome) -> None:
        """The run has ended; who sees that sees what was learnt from it, too."""
        if outcome.status == "Succeeded" and outcome.base_images:
            self._learn(run_id, outcome.base_images)
        self._observer.finished(run_id, outcome)

    def log(self, run_id: str) -> LogSink:
        """Return where the run's log grows."""
        return self._observer.log(run_id)

    def _learn(self, run_id: str, found: list[dict[str, str]]) -> None:
        run = self._runs.get(run_id)
        name = run.document["properties"].get("task") if run is not None else None
        if run is None or name is None:
            return
        with self._tasks.transaction():
            task = self._tasks.get(run.registry, name)
            if task is not None and _same_image(task["properties"].get("step", {}), run.job["step"]):
                task["properties"]["step"] = _with(task["properties"]["step"], found)
                self._tasks.put(run.registry, name, task)


def kept(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Return a task's new step with the dependencies of the old one, when it still builds the same Dockerfile.

    What the service does is not known (facts section 4.5 tells of the first run only).
    """
    return _with(new, old[MEMBER]) if MEMBER in old and _same_image(new, old) else new


def _same_image(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.get("type") == "Docker" and all(one.get(name) == other.get(name) for name in _OF_THE_IMAGE)


def _with(step: dict[str, Any], found: list[dict[str, str]]) -> dict[str, Any]:
    """The step in the order in which the service answers: own members, then the base class's."""
    own = {name: value for name, value in step.items() if name not in (*_LAST, MEMBER)}
    return {**own, MEMBER: found, **{name: step[name] for name in _LAST if name in step}}
