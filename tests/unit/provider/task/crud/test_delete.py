"""The deletion of a task, and tasks of another endpoint."""

from __future__ import annotations

import re

import pytest
from tests.unit.provider.task.crud.scene import (
    ENDPOINT,
    INPUTS,
    TASK_ID,
    FakeService,
    Messages,
    create,
    delete,
    read,
    update,
)

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.service import Service


def test_deleting_with_the_registry_succeeds_and_says_so(service: Service, fake: FakeService, said: Messages) -> None:
    """The message names what does not exist any more."""
    fake.has_registry = False
    delete(service, TASK_ID, INPUTS)
    assert said.lines == ["resource group G was gone already"]


def test_delete_is_one_request(service: Service, fake: FakeService, said: Messages) -> None:
    """No other request is sent."""
    _, outs = create(service, INPUTS)
    fake.requests.clear()
    delete(service, TASK_ID, outs)
    assert fake.requests == [("DELETE", "/tasks/build", None)]
    assert said.lines == []


@pytest.mark.parametrize("status", [404, None])
def test_deleting_what_is_gone_succeeds_and_says_so(
    service: Service, fake: FakeService, said: Messages, status: int | None
) -> None:
    """204 live; a 404 means the same."""
    if status:
        fake.refusals["DELETE /tasks/build"] = status
    delete(service, TASK_ID, INPUTS)
    assert said.lines == ["task build was gone already"]


@pytest.mark.parametrize("doing", ["update", "read", "delete"])
def test_a_task_at_another_endpoint_is_not_touched(service: Service, fake: FakeService, doing: str) -> None:
    """It is neither changed, nor dropped, nor deleted."""
    outs = {**INPUTS, "endpoint": "embedded"}
    calls = {
        "update": lambda: update(service, outs, INPUTS),
        "read": lambda: read(service, TASK_ID, outs),
        "delete": lambda: delete(service, TASK_ID, outs),
    }
    sentence = f"this task lives at embedded; the stack now points to {ENDPOINT}"
    with pytest.raises(errors.EndpointError, match=re.escape(sentence)):
        calls[doing]()
    assert fake.requests == []
