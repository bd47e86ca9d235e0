"""What the emulator says of each wrong body and filter: a phrase that tells the caller what to mend."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ..arm import REGISTRY_API_VERSION, Arm
from .requests import REQUEST, SOURCE_TRIGGER, STEP, TASK

pytestmark = pytest.mark.emulator_choice("the one sentence that was seen is that on cores; the others are like it")
DOCKER = {"type": "Docker", "dockerFilePath": "Dockerfile"}


def task(**properties: Any) -> dict[str, Any]:
    return {**TASK, "properties": {**TASK["properties"], **properties}}


def timer(text: str) -> dict[str, Any]:
    return task(trigger={"timerTriggers": [{"name": "t", "schedule": text}]})


def message(answer: Any) -> str:
    """Return the message of a refusal with 400."""
    assert answer.status_code == 400
    return str(answer.json()["error"]["message"])


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"location": "westeurope", "properties": {}}, "The property 'step' is required"),
        ({"location": "westeurope", "properties": {}}, "The property 'os' of 'platform' is required"),
        (task(agentConfiguration={"cpu": 3}), "Invalid value for CPU core count. The supported values are (2)"),
        (task(timeout=299), "Invalid value for timeout. It must be from 300 to 28800 seconds"),
        (task(step={"type": "Docker"}), "The property 'dockerFilePath' is required"),
        (task(step={**DOCKER, "imageNames": ["a b"]}), "The supported patterns are 'repository' and 'repository:tag'"),
        (task(step="no object"), "step must be an object"),
        (task(step={"type": "Other"}), "type of step must be one of Docker, FileTask, EncodedTask"),
        (timer("0 30 9 * * 1-5"), "it has 6 fields, not the five of minute, hour, day, month and weekday"),
        (timer("0 24 * * *"), "24 is not a hour"),
        (task(trigger={"timerTriggers": [{"schedule": "0 9 * * *"}]}), "The property 'name' is required"),
    ],
)
def test_a_wrong_task_is_refused(arm: Arm, body: dict[str, Any], said: str) -> None:
    """The PUT of a wrong task is refused with a sentence."""
    assert said in message(arm("PUT", "tasks/sentence", body))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (["no object"], "runRequest must be an object"),
        ({"type": "Other"}, "type of runRequest must be one of DockerBuildRequest"),
        ({**REQUEST, "timeout": 28801}, "It must be from 300 to 28800 seconds"),
    ],
)
def test_a_wrong_run_request_is_refused(arm: Arm, body: Any, said: str) -> None:
    """No run is scheduled."""
    assert said in message(arm("POST", "scheduleRun", body))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Status eq 'Running' and " * 1300 + "Status eq 'Running'", "it is too long"),
        ("Status eq 'Running' 'Failed'", "'Failed' is not expected there"),
        ("(" * 60 + "Status eq 'Running'" + ")" * 60, "it is nested too deeply"),
        ("Status has 'Running'", "the operator has is not supported"),
        ("Nosuch eq 'Running'", "there is no property Nosuch"),
        ("CreateTime ge yesterday", "yesterday is not a value"),
        ("Status eq", "it ends too early"),
        ("contains(Status, 'Running'", ") is missing"),
        ("contains(Status 'Running')", ", is missing"),
        ("Status eq 'Running", "a quote is not closed"),
        ("contains(Status, true)", "contains takes text in quotes"),
        ("contains(Nosuch, 'a')", "contains does not search nosuch"),
        ("CreateTime eq true", "createtime cannot be compared with that"),
        ("IsArchiveEnabled gt true", "gt takes text or a date"),
    ],
)
def test_a_wrong_filter_is_refused(arm: Arm, text: str, said: str) -> None:
    """The error has the filter and the reason."""
    assert said in message(arm("GET", "runs", **{"$filter": text}))


@pytest.fixture(scope="module")
def strict(request: pytest.FixtureRequest) -> Iterator[Arm]:
    """An emulator with the strictest switches, and one task."""
    if "ACR_TASKS_ENDPOINT" in os.environ:
        pytest.skip("the service under test takes no options")
    import acr_tasks_emulator

    switches = {"unknown-members": "refused", "patch-step-type": "refuse"}
    with acr_tasks_emulator.serve(switches=switches) as emulator:
        own = request.getfixturevalue("coordinates")
        arm = Arm(replace(own, endpoint=emulator.endpoint, registry=emulator.registries[0]))
        arm.ok("PUT", "tasks/sentence", TASK)
        yield arm
        arm.http.close()


def test_strict_switches_refuse(strict: Arm) -> None:
    """Members unknown to every version, and a step of another type, are refused."""
    wrong = strict("PUT", "tasks/sentence", {**TASK, "nosuch": 1})
    assert "Could not find member nosuch" in message(wrong)
    wrong = strict("PATCH", "tasks/sentence", {"properties": {"step": DOCKER}})
    assert "The type of the step cannot be changed from EncodedTask to Docker" in message(wrong)


@pytest.mark.parametrize(
    ("sku", "said"),
    [
        (None, "Sku:The value is required"),
        ({"name": "Huge"}, "Invalid value 'Huge'. The supported values are (Basic, Standard, Premium)"),
    ],
)
def test_a_wrong_registry(strict: Arm, sku: Any, said: str) -> None:
    """A registry needs one of the three SKUs."""
    body = {"location": "eastus", **({"sku": sku} if sku else {})}
    assert said in message(strict("PUT", strict.registry, body, api_version=REGISTRY_API_VERSION))


def test_all_problems_of_a_body_are_in_one_answer(arm: Arm) -> None:
    """One answer names every problem, in the service's style."""
    wrong = {"timerTriggers": [{"schedule": "x"}], "sourceTriggers": [{**SOURCE_TRIGGER, "sourceTriggerEvents": None}]}
    body = task(timeout=1, agentConfiguration={"cpu": 9}, step=STEP, trigger=wrong)
    head, _, inner = message(arm("PUT", "tasks/sentence", body)).partition(".. InnerErrors: ")
    assert head == "Some of the properties of 'taskCreateParameters' are invalid"
    assert [problem.partition(":")[0] for problem in inner.split(", ") if ":" in problem] == [
        *("AgentProperties", "Timeout", "TimerTrigger", "TimerTrigger", "SourceTrigger"),
    ]
