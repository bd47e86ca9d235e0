"""Models, which neither refuse nor lose anything of an answer."""

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
        "step": {"type": "Future", "imageNames": ["a:1"], "baseImageDependencies": [{"type": "Runtime"}], "new": 1},
        "credentials": {"sourceRegistry": None, "customRegistries": {"h": None}},
        "agentPoolName": "pool",
    },
    "systemData": {"createdBy": "x"},
}


def test_a_task_comes_back_as_it_was() -> None:
    """Unknown members and enumeration values, nulls and seven-digit dates are kept."""
    task = models.Task.receive(_TASK)
    assert task.raw is _TASK
    assert task.properties.provisioning_state == "Sleeping"


@pytest.mark.parametrize(
    ("properties", "member"),
    [
        ({"step": ["x"]}, "properties.step"),
        ({"step": {"values": [{"name": 3}]}}, "properties.step.values.0.name"),
        ({"timeout": "soon"}, "properties.timeout"),
        ({"trigger": {"timerTriggers": {}}}, "properties.trigger.timerTriggers"),
        ({"credentials": {"customRegistries": {"h": "x"}}}, "properties.credentials.customRegistries.h"),
    ],
)
def test_a_member_of_another_kind_is_refused(properties: dict[str, Any], member: str) -> None:
    """The table of definitions says which kind each member has, at any depth."""
    with pytest.raises(ValueError, match="validation error") as caught:
        models.Task.receive({"properties": properties})
    assert member in str(caught.value)


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
    """0 to 7 fractional digits, `Z`, an offset or neither; any other text stays as it is."""
    run = models.Run.receive({"properties": {"createTime": text}})
    assert run.properties.create_time == text
    assert run.properties.create_time is not None
    assert run.properties.create_time.moment == moment


def test_an_answer_without_properties_has_empty_ones() -> None:
    """A caller reads the status of any run."""
    assert models.Run.receive({}).properties.status is None


def test_secrets_are_not_in_a_model_s_repr() -> None:
    """Models may end up in a traceback."""
    step = {"type": "Docker", "arguments": [{"name": "a", "value": "c4nary", "isSecret": True}]}
    task = models.Task.receive({"properties": {"step": step}})
    assert "c4nary" not in repr(task)
    assert "c4nary" not in str(task)
    assert "c4nary" not in repr(models.SourceUploadDefinition.receive({"uploadUrl": "https://h/?sig=c4nary"}))


def test_the_status_of_a_run_has_no_case() -> None:
    """A run that ends as `succeeded` is not awaited for ever; a status of a later version stays as it is."""
    for given, status in (("succeeded", "Succeeded"), ("TIMEOUT", "Timeout"), ("Paused", "Paused")):
        run = models.Run.receive({"properties": {"status": given, "runType": "quickbuild"}, "systemData": "odd"})
        assert run.properties.status == status == run.raw["properties"]["status"]
        assert run.raw["properties"]["runType"] == "QuickBuild"
        assert run.principals == set()
    assert models.Run.receive({"properties": {"status": None}}).properties.status is None
