"""Lives of a task, drawn at random.

ACR_TASKS_LIVES says how many; without it the same few are drawn in every run.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from tests.drawn_tasks import Draw, drawn_task
from tests.real.twins.lives import Destroy, Faults, Refresh, Step, Up
from tests.real.twins.stack import Goal
from tests.real.twins.values import UNKNOWN, Secret, Values

from pulumi_acr_tasks.schema.definitions import snake_case

LIVES = os.environ.get("ACR_TASKS_LIVES")
drawn = settings(
    max_examples=int(LIVES or "3"),
    derandomize=LIVES is None,
    phases=(Phase.generate, *([Phase.shrink] if LIVES else [])),  # shrinking a life takes minutes
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

PLATFORMS: tuple[Values, ...] = (
    {"os": "Linux"},
    {"os": "linux", "architecture": "amd64"},
    {"os": "Linux", "architecture": "arm", "variant": "v7"},
    {"os": "Windows"},
)
WRONG: tuple[Values, ...] = (
    {"timeout": 7},
    {"platform": {"os": "Linux", "variant": "v9"}},
    {"agentPool": "x"},
    {"step": {"type": "Docker", "dockerFilePat": "Dockerfile"}},
    {"taskName": "x!"},
    {"registryName": "x"},
    {"tags": ["a"]},
)
NAMES = ("build", "build", "build", "build", "nightly", None)


def error(code: str, status: int, **more: Any) -> Values:
    """Return the answer of a service that refuses, and repeats what it was sent."""
    body = {"error": {"code": code, "message": f"Refused secret-a, secret-b and {code}."}}
    return {"status": status, "body": body, **more}


FAULTS: tuple[Values, ...] = (
    error("Conflict", 409),
    error("BadRequest", 400),
    error("AuthorizationFailed", 403),
    error("TooManyRequests", 429, headers={"retry-after": 0}, times=1),
    error("InternalServerError", 500, times=1),
    {"drop": "before", "times": 1},
    {"drop": "after", "times": 1},
)
MARKED = ("timeout", "step", "tags", "k", "imageNames", "value", "schedule", "userName", "os", "taskName", "triggers")
if LIVES:
    FAULTS = (*FAULTS, {"drop": "after"})  # six attempts, with seconds between them
DEADLINE: Faults = (
    {
        **error("TooManyRequests", 429, headers={"retry-after": 3600}),
        "match": {"method": "*", "path": "/tasks/"},
    },
)
"""A service that is busy beyond the custom timeout of a resource: the provider does not begin to wait."""

METHODS = ("PUT", "PATCH", "DELETE", "GET", "POST", "*")


def seldom(draw: Draw, times: int) -> bool:
    """Draw True once in so many times."""
    return bool(draw(st.sampled_from((*[False] * (times - 1), True))))


@st.composite
def faults(draw: Draw) -> Faults:
    if not seldom(draw, 4):
        return ()
    rule = draw(st.sampled_from(FAULTS))
    return ({**rule, "match": {"method": draw(st.sampled_from(METHODS)), "path": "/tasks/|/listDetails"}},)


def changed_leaf(draw: Draw, value: Any, change: Any) -> Any:
    """Return a value in which one member, at any depth, is changed."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(value)))
        return {**value, name: changed_leaf(draw, value[name], change)}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], changed_leaf(draw, value[index], change), *value[index + 1 :]]
    return change(value)


def changed_member(draw: Draw, values: Values, change: Any) -> Values:
    name = draw(st.sampled_from(sorted(values)))
    return {**values, name: changed_leaf(draw, values[name], change)}


def _snake(value: Any) -> Any:
    """Return a value with the names of its own members in Python's spelling."""
    return {snake_case(name): item for name, item in value.items()} if isinstance(value, dict) else value


@st.composite
def inputs(draw: Draw, before: Values | None = None) -> Values:
    """Draw the members of a task; they often keep most of the ones before."""
    task = drawn_task(draw, before)
    if before is None or task["platform"] != before["platform"]:
        task["platform"] = draw(st.sampled_from(PLATFORMS))
    timers = task.get("trigger", {}).get("timerTriggers", [])
    unique = {" ".join(timer["schedule"].split()): timer for timer in timers}
    if timers:
        task["trigger"] = {**task["trigger"], "timerTriggers": list(unique.values())}
    return task  # type: ignore[no-any-return]


PATCHES: tuple[Values, ...] = (
    {"tags": {"by": "hand"}},
    {"properties": {"timeout": 900, "status": "Disabled"}},
)


def body(task: Values) -> Values:
    """Return the body of a request that makes a task."""
    outside = {name: task[name] for name in ("tags", "identity") if name in task}
    return {"location": "westeurope", **outside, "properties": {k: v for k, v in task.items() if k not in outside}}


@st.composite
def marks(draw: Draw) -> tuple[str, ...]:
    """Draw the names of the members that a program marks as secret throughout a life, at any depth.

    A mark that comes or goes alone is the question of test_marks.py.
    """
    return tuple(draw(st.lists(st.sampled_from(MARKED), max_size=2))) if seldom(draw, 3) else ()


def marked(value: Any, names: tuple[str, ...]) -> Any:
    """Return a value in which the members of these names are marked."""
    if isinstance(value, dict):
        return {name: Secret(item) if name in names else marked(item, names) for name, item in value.items()}
    return [marked(item, names) for item in value] if isinstance(value, list) else value


@st.composite
def written(draw: Draw, task: Values, marks: tuple[str, ...]) -> Values:
    """Draw the inputs that a program writes for a task: with marks, in either spelling, sometimes wrong."""
    name = draw(st.sampled_from(NAMES))
    values = {**task, **({"taskName": name} if name else {})}
    if seldom(draw, 10):
        values = {**values, **draw(st.sampled_from(WRONG))}
    if seldom(draw, 5):
        values["location"] = draw(st.sampled_from(("westeurope", "West Europe", "northeurope")))
    if seldom(draw, 10):
        values["adopt"] = True
    identity = values.get("identity")
    if isinstance(identity, dict) and "userAssignedIdentities" in identity and draw(st.booleans()):
        values["identity"] = {**identity, "userAssignedIdentities": list(identity["userAssignedIdentities"])}
    if seldom(draw, 5):
        change = draw(st.sampled_from(sorted(set(values) - {"tags"})))
        values = {**values, change: _snake(values[change])}
    return marked(values, marks)


IGNORED: tuple[tuple[tuple[str | int, ...], ...], ...] = (
    (("timeout",),),
    (("step",),),
    (("step", "imageNames"),),
    (("tags",), ("status",)),
    (("trigger", "timerTriggers", 0),),
    (("credentials",),),
)


@st.composite
def lives(draw: Draw) -> list[Step]:
    """Draw a few updates, refreshes and changes by others, then the end."""
    steps: list[Step] = []
    task: Values | None = None
    secrets = draw(marks())
    for _ in range(draw(st.integers(2, 5 if LIVES else 3))):
        task = draw(inputs(task))
        values = draw(written(task, secrets))
        ignored = draw(st.sampled_from(IGNORED)) if seldom(draw, 6) else ()
        rules, seconds = draw(faults()), 0.0
        if seldom(draw, 8):
            rules, seconds = DEADLINE, 60.0
        goal, preview = Goal(values, ignored, seconds), None
        if seldom(draw, 3):
            unknown = values if draw(st.booleans()) else changed_member(draw, values, lambda _: UNKNOWN)
            preview = Goal(unknown, ignored)
        steps.append(Up(goal, preview, rules))
        if seldom(draw, 3):
            steps.append(Refresh(draw(changes()), draw(faults())))
    steps.append(Destroy(draw(faults())))
    return steps


@st.composite
def changes(draw: Draw) -> tuple[str, str, Any] | None:
    """Draw a request of somebody else for the task; None for no request."""
    method = draw(st.sampled_from(("none", "PUT", "PATCH", "DELETE")))
    path = f"tasks/{draw(st.sampled_from(('build', 'nightly')))}"
    if method == "PUT":
        return "PUT", path, body(draw(inputs()))
    if method == "PATCH":
        return "PATCH", path, draw(st.sampled_from(PATCHES))
    return None if method == "none" else ("DELETE", path, None)
