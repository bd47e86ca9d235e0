"""Each sentence on what is wrong with a body or a filter is met over TCP.

The sentences are read from the source of the services that make them: one that no request here provokes fails.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from acr_tasks_emulator.services import bodies, models
from acr_tasks_emulator.services import odata as run_filter
from acr_tasks_emulator.services.conditions import faults
from acr_tasks_emulator.services.registries import bodies as registry_bodies
from acr_tasks_emulator.services.tasks import merge, rules, schedule

from ..conftest import REGISTRY_API_VERSION, Arm
from .provocations import REQUEST, SOURCE_TRIGGER, STEP, TASK

pytestmark = pytest.mark.emulator_choice("the one sentence that was seen is that on cores; the others are like it")
MODULES = (bodies, faults, merge, models, registry_bodies, rules, run_filter, schedule)
SENTENCE = re.compile(r"[a-z'] [a-z'{\x00]|\x00 [a-z]", re.IGNORECASE)
DOCKER = {"type": "Docker", "dockerFilePath": "Dockerfile"}


def task(**properties: Any) -> dict[str, Any]:
    return {**TASK, "properties": {**TASK["properties"], **properties}}


def timer(text: str) -> dict[str, Any]:
    return task(trigger={"timerTriggers": [{"name": "t", "schedule": text}]})


# Bodies that a PUT of a task refuses.
TASKS: tuple[Any, ...] = (
    {"location": "westeurope", "properties": {}},
    task(agentConfiguration={"cpu": 3}),
    task(timeout=299),
    task(step={"type": "Docker"}),
    task(step="no object"),
    task(step={"type": "Other"}),
    timer("0 30 9 * * 1-5"),
    timer("0 24 * * *"),
    task(trigger={"timerTriggers": [{"schedule": "0 9 * * *"}]}),
    {**TASK, "nosuch": 1},
)
EQUAL = {"timerTriggers": [{"name": "a", "schedule": "0 9 * * Mon"}, {"name": "b", "schedule": "0  9 * * mon"}]}
REQUESTS: tuple[Any, ...] = (["no object"], {"type": "Other"}, {**REQUEST, "timeout": 28801})
FILTERS = (
    "Status eq 'Running' and " * 1300 + "Status eq 'Running'",
    "Status eq 'Running' 'Failed'",
    "(" * 60 + "Status eq 'Running'" + ")" * 60,
    "Status has 'Running'",
    "Nosuch eq 'Running'",
    "CreateTime ge yesterday",
    "Status eq",
    "contains(Status, 'Running'",
    "Status eq 'Running",
    "contains(Status, true)",
    "CreateTime eq true",
    "IsArchiveEnabled gt true",
)


# Lists of faults, each rule wrong in every way that goes together; registries with a sku that there is not.
FAULTS: tuple[Any, ...] = (
    {},
    [1, {}],
    [{"drop": "later", "match": 1, "headers": 1, "nosuch": 1}],
    [{"drop": "after", "status": 200, "match": {"method": "?", "path": "("}, "headers": {"a b": [], "c": "\n"}}],
    [{"body": 1, "delayMs": -1}],
)
REGISTRIES = ({"location": "eastus"}, {"location": "eastus", "sku": {"name": "Huge"}})


def sentences() -> Iterator[tuple[str, str]]:
    """The module and the template of every sentence, the fields of which are NUL characters."""
    for module in MODULES:
        tree = ast.parse(inspect.getsource(module))
        silent = {id(each) for node in ast.walk(tree) for each in _of_no_caller(node)}
        for node in ast.walk(tree):
            if id(node) not in silent and SENTENCE.search(text := _template(node)):
                yield module.__name__.rpartition(".")[2], text


def _template(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part) or "\0" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _of_no_caller(node: ast.AST) -> Iterator[ast.AST]:
    """Docstrings; and parts of templates, which are met as a whole."""
    if isinstance(node, ast.Expr):
        yield node.value
    if isinstance(node, ast.JoinedStr):
        yield from node.values


@pytest.fixture(scope="module")
def messages(arm: Arm) -> list[str]:
    """What the emulator says to every request here, each of which it refuses."""
    answers = [arm("PUT", "tasks/sentence", body) for body in TASKS[:-1]]
    answers += [arm("POST", "scheduleRun", body) for body in REQUESTS]
    answers += [arm("GET", "runs", **{"$filter": text}) for text in FILTERS]
    assert {answer.status_code for answer in answers} == {400}
    return [answer.json()["error"]["message"] for answer in answers]


@pytest.fixture(scope="module")
def strict(request: pytest.FixtureRequest, messages: list[str]) -> list[str]:
    """The same, with what an emulator says that is strict by its switches, and to wrong faults and registries."""
    if "ACR_TASKS_ENDPOINT" in os.environ:
        pytest.skip("the service under test takes no options")
    import acr_tasks_emulator

    switches = {"unknown-members": "refused", "patch-step-type": "refuse", "equal-schedules": "refused"}
    with acr_tasks_emulator.serve(switches=switches) as emulator:
        own = request.getfixturevalue("coordinates")
        arm = Arm(replace(own, endpoint=emulator.endpoint, registry=emulator.registries[0]))
        arm.ok("PUT", "tasks/sentence", TASK)
        answers = [
            arm("PUT", "tasks/sentence", TASKS[-1]),
            arm("PUT", "tasks/sentence", task(trigger=EQUAL)),
            arm("PATCH", "tasks/sentence", {"properties": {"step": DOCKER}}),
            *(arm.http.put("/_emulator/faults", json=rules) for rules in FAULTS),
            *(arm("PUT", arm.registry, body, api_version=REGISTRY_API_VERSION) for body in REGISTRIES),
        ]
        arm.http.close()
    assert {answer.status_code for answer in answers} == {400}
    return messages + [answer.json()["error"]["message"] for answer in answers]


@pytest.mark.parametrize(("module", "template"), sorted(set(sentences())))
def test_the_sentence_is_met(module: str, template: str, strict: list[str]) -> None:
    """Some request is refused with it."""
    wanted = re.compile(".+".join(map(re.escape, template.split("\0"))), re.DOTALL)
    assert any(map(wanted.search, strict)), f"no request here is refused with this sentence of {module}: add one"


def test_the_problems_of_a_body_are_told_together(arm: Arm) -> None:
    """One answer names them all, in the service's style."""
    wrong = {"timerTriggers": [{"schedule": "x"}], "sourceTriggers": [{**SOURCE_TRIGGER, "sourceTriggerEvents": None}]}
    answer = arm("PUT", "tasks/sentence", task(timeout=1, agentConfiguration={"cpu": 9}, step=STEP, trigger=wrong))
    assert answer.status_code == 400
    head, _, inner = answer.json()["error"]["message"].partition(".. InnerErrors: ")
    assert head == "Some of the properties of 'taskCreateParameters' are invalid"
    assert [problem.partition(":")[0] for problem in inner.split(", ") if ":" in problem] == [
        *("AgentProperties", "Timeout", "TimerTrigger", "TimerTrigger", "SourceTrigger"),
    ]
