"""Rules for the timers and source triggers of a task."""

from __future__ import annotations

from collections import Counter
from typing import Any

from pulumi_acr_tasks.validate.cron import check_schedule, firing_times, schedule_warnings
from pulumi_acr_tasks.validate.problem import Problem, member_path


def check_trigger(value: Any, path: str, *, context_path: Any = None) -> list[Problem]:
    """Return the problems of the triggers of a task whose step has that context."""
    if not isinstance(value, dict):
        return []
    timers, sources = (
        [item for item in value.get(name) or [] if isinstance(item, dict)] if isinstance(value.get(name), list) else []
        for name in ("timerTriggers", "sourceTriggers")
    )
    return [
        *_check_timers(timers, member_path(path, "timerTriggers")),
        *_check_names(sources, member_path(path, "sourceTriggers")),
        *_check_sources(sources, member_path(path, "sourceTriggers"), context_path),
    ]


def _check_timers(timers: list[dict[str, Any]], path: str) -> list[Problem]:
    problems = _check_names(timers, path)
    schedules: dict[Any, int] = {}
    for index, timer in enumerate(timers):
        given = timer.get("schedule")
        if not isinstance(given, str) or not given:
            continue
        at = f"{path}[{index}].schedule"
        problems += [Problem(at, message) for message in check_schedule(given)]
        problems += [Problem(at, message, warning=True) for message in schedule_warnings(given)]
        times = firing_times(given)
        first = schedules.setdefault(times, index) if times else index
        if first != index:
            problems.append(Problem(at, f"is the schedule of {path}[{first}] too; each timer has its own"))
    return problems


def _check_names(triggers: list[dict[str, Any]], path: str) -> list[Problem]:
    names = Counter(item["name"] for item in triggers if isinstance(item.get("name"), str))
    return [
        Problem(path, f"has {count} triggers named {name!r}; each has a name of its own")
        for name, count in names.items()
        if count > 1
    ]


def _check_sources(sources: list[dict[str, Any]], path: str, context_path: Any) -> list[Problem]:
    problems = []
    if sources and isinstance(context_path, str) and _has_no_repository(context_path):
        problems.append(
            Problem(path, f"is not possible: step.context_path {context_path!r} is not a source repository")
        )
    for index, source in enumerate(sources):
        repository = source.get("sourceRepository")
        at = member_path(f"{path}[{index}]", "sourceRepository")
        if isinstance(repository, dict) and repository.get("sourceControlAuthProperties") is None:
            problems.append(
                Problem(
                    member_path(at, "sourceControlAuthProperties"),
                    "is missing; the service makes a webhook in the repository and needs a token for it",
                )
            )
        if source.get("sourceTriggerEvents") == []:
            problems.append(Problem(member_path(f"{path}[{index}]", "sourceTriggerEvents"), "is empty"))
    return problems


def _has_no_repository(context_path: str) -> bool:
    return context_path == "/dev/null" or context_path.lower().startswith("oci://")
