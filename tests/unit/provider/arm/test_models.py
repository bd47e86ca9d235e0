"""Models: nothing that the service says is refused or lost."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from pulumi_acr_tasks.arm import models

_TASK: dict[str, Any] = {
    "id": "/t",
    "location": "westus",
    "properties": {
        "provisioningState": "Sleeping",
        "creationDate": "2025-04-08T08:17:33.8618426+00:00",
        "platform": {"os": "BeOS"},
        "step": {"type": "docker", "imageNames": ["a:1"], "baseImageDependencies": [{"type": "Runtime"}], "new": 1},
        "credentials": {"sourceRegistry": None, "customRegistries": {"h": None}},
        "agentPoolName": "pool",
    },
    "systemData": {"createdBy": "x"},
}


def test_a_task_comes_back_as_it_was() -> None:
    """Unknown members, unknown enumeration values, nulls and seven-digit dates included."""
    task = models.Task.receive(_TASK)
    assert task.to_wire() == _TASK
    assert task.raw is _TASK
    assert isinstance(task.properties.step, models.DockerBuildStep)
    assert task.properties.step.image_names == ["a:1"]
    assert task.properties.credentials is not None
    assert task.properties.credentials.custom_registries == {"h": None}


@pytest.mark.parametrize(
    ("type_", "model"),
    [
        ("FileTask", models.FileTaskStep),
        ("ENCODEDTASK", models.EncodedTaskStep),
        ("Future", models.TaskStepProperties),
        (None, models.TaskStepProperties),
    ],
)
def test_a_step_is_read_as_its_type_says(type_: str | None, model: type) -> None:
    """Without case; a type that this version does not know keeps its members."""
    task = models.Task.receive({"properties": {"step": {"type": type_, "taskFilePath": "x"}}})
    assert type(task.properties.step) is model
    assert task.to_wire()["properties"]["step"]["taskFilePath"] == "x"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2019-06-04T09:30:00Z", datetime(2019, 6, 4, 9, 30, tzinfo=timezone.utc)),
        ("2019-06-04T09:30:00.1+02:00", datetime(2019, 6, 4, 9, 30, 0, 100000, timezone(timedelta(hours=2)))),
        ("2019-06-04T09:30:00.1234567+00:00", datetime(2019, 6, 4, 9, 30, 0, 123456, timezone.utc)),
        ("2019-06-04T09:30:00", datetime(2019, 6, 4, 9, 30, tzinfo=timezone.utc)),
        ("2019-02-31T09:30:00Z", None),
        ("6/4/2019 9:30 AM", None),
    ],
)
def test_dates_are_read_leniently_and_kept_as_text(text: str, moment: datetime | None) -> None:
    """0 to 7 fractional digits, `Z`, an offset or neither; what is no date is still there as text."""
    run = models.Run.receive({"properties": {"createTime": text}})
    assert run.properties.create_time == text
    assert run.properties.create_time is not None
    assert run.properties.create_time.moment == moment


def test_an_answer_without_properties_has_empty_ones() -> None:
    """So that nobody has to ask."""
    assert models.Run.receive({}).properties.status is None
    assert models.Run.receive({}).to_wire() == {}


def test_secrets_are_not_in_a_model_s_repr() -> None:
    """Models may end up in a traceback."""
    task = models.Task.receive(
        {
            "properties": {
                "step": {"type": "Docker", "arguments": [{"name": "a", "value": "c4nary", "isSecret": True}]},
                "credentials": {"customRegistries": {"h": {"password": {"value": "c4nary"}}}},
                "trigger": {
                    "sourceTriggers": [{"sourceRepository": {"sourceControlAuthProperties": {"token": "c4nary"}}}]
                },
            }
        }
    )
    assert "c4nary" not in repr(task)
    with_tokens = {"type": "EncodedTask", "contextAccessToken": "c4nary", "encodedValuesContent": "c4nary"}
    assert "c4nary" not in repr(models.Task.receive({"properties": {"step": with_tokens}}))
