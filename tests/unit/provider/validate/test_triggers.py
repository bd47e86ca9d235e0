"""The check of source triggers."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_acr_tasks.validate.triggers import check_trigger


def _source(**members: Any) -> dict[str, Any]:
    auth = {"tokenType": "PAT", "token": "c4nary"}
    repository = {"sourceControlType": "Github", "repositoryUrl": "https://x", "sourceControlAuthProperties": auth}
    return {"name": "s", "sourceRepository": repository, "sourceTriggerEvents": ["commit"], **members}


@pytest.mark.parametrize(
    ("trigger", "sentence"),
    [
        (
            {"timerTriggers": [{"name": "t", "schedule": "0 9 * * *"}, {"name": "t", "schedule": "0 8 * * *"}]},
            "trigger.timer_triggers: has 2 triggers named 't'",
        ),
        (
            {"timerTriggers": [{"name": "t", "schedule": "0 9 * * *"}, {"name": "u", "schedule": "0  9 * * *"}]},
            "trigger.timer_triggers[1].schedule: is the schedule of trigger.timer_triggers[0] too",
        ),
        (
            {
                "timerTriggers": [
                    {"name": "t", "schedule": "*/30 9 * jan Mon-Fri"},
                    {"name": "u", "schedule": "0,30 9 * 1 1-5"},
                ]
            },
            "trigger.timer_triggers[1].schedule: is the schedule of trigger.timer_triggers[0] too",
        ),
        ({"timerTriggers": [{"name": "t", "schedule": "x"}]}, "trigger.timer_triggers[0].schedule: is 'x'"),
        (
            {"sourceTriggers": [_source(sourceRepository={"sourceControlType": "Github", "repositoryUrl": "x"})]},
            "trigger.source_triggers[0].source_repository.source_control_auth_properties: is missing",
        ),
        (
            {"sourceTriggers": [_source(sourceTriggerEvents=[])]},
            "trigger.source_triggers[0].source_trigger_events: is empty",
        ),
        ({"sourceTriggers": [_source(), _source()]}, "trigger.source_triggers: has 2 triggers named 's'"),
    ],
)
def test_triggers_that_cannot_work_are_refused(trigger: dict[str, Any], sentence: str) -> None:
    """Names, schedules and the token for the webhook are checked."""
    said = [str(problem) for problem in check_trigger(trigger, "trigger")]
    assert any(line.startswith(sentence) for line in said), said


@pytest.mark.parametrize("context", ["/dev/null", "oci://registry/artifact:1"])
def test_a_source_trigger_needs_a_repository(context: str) -> None:
    """A context that is not a repository has no commits."""
    (problem,) = check_trigger({"sourceTriggers": [_source()]}, "trigger", context_path=context)
    assert problem.path == "trigger.source_triggers"
