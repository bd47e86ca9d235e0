"""acr-task-limit-timeout, judging and putting right."""

from __future__ import annotations

from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from pulumi_policy.proxy import UNKNOWN_NUMBER_VALUE, UnknownValueError

from acr_task_policies.rules.timing.limit_timeout import limit_timeout

SIGNATURE = "4dabf18193072939515e22adb298388d"
SECRET = "1b47061264138c4ac30d75fd1eb44270"


def test_a_long_timeout_of_a_task_is_reported(task: dict, sentences: Any) -> None:
    """The sentence has both numbers, without a decimal point."""
    task["timeout"] = 7200
    assert sentences(limit_timeout, task) == ["timeout is 7200 seconds: set it to 3600 or less."]


def test_a_long_timeout_of_a_run_is_reported(run: dict, sentences: Any) -> None:
    """A run's timeout stands in its request."""
    run["runRequest"]["timeout"] = 28800
    assert sentences(limit_timeout, run) == ["run_request.timeout is 28800 seconds: set it to 3600 or less."]


def test_the_limit_itself_is_allowed(task: dict, sentences: Any) -> None:
    """A timeout equal to the limit passes."""
    task["timeout"] = 3600
    assert sentences(limit_timeout, task) == []


def test_the_limit_is_configurable(task: dict, sentences: Any) -> None:
    """A limit from the configuration replaces the default."""
    assert sentences(limit_timeout, task, maxSeconds=1799) == ["timeout is 1800 seconds: set it to 1799 or less."]
    assert sentences(limit_timeout, task, maxSeconds=1800) == []


def test_a_timeout_that_is_left_out_counts_as_the_services(task: dict, sentences: Any) -> None:
    """Without a timeout the service takes 3600 seconds, and that is what the limit is held against."""
    del task["timeout"]
    assert sentences(limit_timeout, task) == []
    assert sentences(limit_timeout, task, maxSeconds=600) == [
        "timeout is left out, which means 3600 seconds: set it to 600 or less."
    ]


def test_a_run_of_a_task_has_no_timeout_of_its_own(run: dict, sentences: Any) -> None:
    """The timeout of a task's run is the task's."""
    run["runRequest"] = {"type": "TaskRunRequest", "taskName": "build-app"}
    assert sentences(limit_timeout, run, maxSeconds=300) == []


def test_an_unknown_timeout_is_said_to_be_unknown(task: dict, sentences: Any) -> None:
    """An unknown timeout is neither right nor wrong."""
    task["timeout"] = UNKNOWN_NUMBER_VALUE
    with pytest.raises(UnknownValueError):
        sentences(limit_timeout, task)


def secret(value: Any) -> dict[str, Any]:
    return {SIGNATURE: SECRET, "value": value}


def test_the_remedy_sets_the_limit_and_nothing_else(task: dict, remediated: Any) -> None:
    """What comes back is what was sent, the provider and the secret marks included, but for the timeout."""
    task["__provider"] = secret("gASVLQAAAAAAAACM")
    task["step"]["arguments"][0]["value"] = secret("npm-0123456789")
    task["credentials"] = secret({"customRegistries": {"r.example": {"password": {"value": "p"}}}})
    task["timeout"] = 7200
    answer = remediated(limit_timeout, task, maxSeconds=600)
    (change,) = answer.remediations
    assert change.policyName == "acr-task-limit-timeout"
    assert MessageToDict(change.properties) == {**task, "timeout": 600.0}


def test_the_remedy_keeps_a_secret_timeout_secret(task: dict, remediated: Any) -> None:
    """A mark on the timeout itself stays."""
    task["timeout"] = secret(7200)
    (change,) = remediated(limit_timeout, task).remediations
    assert MessageToDict(change.properties)["timeout"] == secret(3600.0)


def test_the_remedy_reaches_into_a_run_request(run: dict, remediated: Any) -> None:
    """A request that is secret as a whole stays secret, with another timeout in it."""
    request = run["runRequest"]
    run["runRequest"] = secret({**request, "timeout": 7200})
    (change,) = remediated(limit_timeout, run).remediations
    assert MessageToDict(change.properties) == {**run, "runRequest": secret({**request, "timeout": 3600.0})}


def test_the_remedy_adds_a_timeout_that_is_left_out(task: dict, remediated: Any) -> None:
    """Where the service's own default is above the limit, the limit is written."""
    del task["timeout"]
    (change,) = remediated(limit_timeout, task, maxSeconds=600).remediations
    assert MessageToDict(change.properties)["timeout"] == 600


def test_the_remedy_leaves_a_good_task_alone(task: dict, remediated: Any) -> None:
    """No remediation is reported for a task within the limit."""
    assert not remediated(limit_timeout, task).remediations


def test_the_remedy_leaves_an_unknown_timeout_alone(task: dict, remediated: Any) -> None:
    """An unknown timeout is reported, not overwritten."""
    task["timeout"] = UNKNOWN_NUMBER_VALUE
    (change,) = remediated(limit_timeout, task).remediations
    assert "can't be known during preview" in change.diagnostic
    assert not change.properties
