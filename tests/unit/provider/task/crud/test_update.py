"""The update of a task: one PATCH, or a PUT into what the service has."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from tests.unit.provider.task.crud.scene import INPUTS, TASK_ID, URN, FakeService, Messages, create, update

from pulumi_acr_tasks import engine, errors
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.task import announce


def test_an_update_is_one_patch(service: Service, fake: FakeService) -> None:
    """Exactly one request, and the new outputs."""
    _, outs = create(service, INPUTS)
    fake.requests.clear()
    new = {**INPUTS, "timeout": 700}
    updated = update(service, outs, new)
    assert fake.requests == [("PATCH", "/tasks/build", {"properties": {"timeout": 700}})]
    assert updated == {**outs, "timeout": 700}


TIMER = {"name": "t", "schedule": "0 9 * * *"}

ADDED = {"name": "added", "schedule": "0 7 * * *", "later": {"a": 1}}


def changed_by_hand(fake: FakeService) -> None:
    """Change a task as others do, and as a later version of the service would."""
    properties = fake.tasks["build"]["properties"]
    properties.update(agentPoolName="pool", timeout=5000)
    properties["trigger"]["timerTriggers"].append(ADDED)
    properties["step"]["later"] = "x"
    properties["step"]["arguments"][1]["value"] = "changed by hand"


def test_a_put_starts_from_the_service_s_task(service: Service, fake: FakeService) -> None:
    """Members of others, unknown members and untouched members survive, in two requests."""
    _, outs = create(service, {**INPUTS, "trigger": {"timerTriggers": [TIMER]}})
    changed_by_hand(fake)
    wanted = copy.deepcopy(fake.tasks["build"]["properties"])
    wanted["trigger"] = {"timerTriggers": [ADDED]}
    fake.requests.clear()
    update(service, outs, INPUTS)
    assert [request[:2] for request in fake.requests] == [
        ("POST", "/tasks/build/listDetails"),
        ("PUT", "/tasks/build"),
    ]
    assert fake.requests[-1][2] == {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": wanted,
    }


def test_without_the_permission_to_see_secrets_a_put_is_the_program_s(
    service: Service, fake: FakeService, said: Messages
) -> None:
    """A lasting message names what could not be kept."""
    _, outs = create(service, {**INPUTS, "trigger": {"timerTriggers": [TIMER]}})
    changed_by_hand(fake)
    fake.refusals["POST /tasks/build/listDetails"] = 403
    update(service, outs, INPUTS)
    assert fake.requests[-1][2]["properties"] == {key: INPUTS[key] for key in ("platform", "step", "timeout")}
    assert said.lines == [
        "task build is put from the program alone, because listDetails is not permitted; "
        "not kept: timeout, trigger.timerTriggers[added], agentPoolName, step.later, trigger.timerTriggers.later"
    ]


def test_what_a_patch_does_not_change_is_put_once(service: Service, fake: FakeService, said: Messages) -> None:
    """A lasting message says which property."""
    _, outs = create(service, INPUTS)
    fake.stubborn["PATCH"] = {"timeout": 600}
    update(service, outs, {**INPUTS, "timeout": 700, "status": "Disabled"})
    assert [request[0] for request in fake.requests[-3:]] == ["PATCH", "POST", "PUT"]
    assert fake.tasks["build"]["properties"]["timeout"] == 700
    assert said.lines == ["PUT (PATCH did not change timeout)"]


def test_what_a_put_does_not_change_is_an_error(service: Service, fake: FakeService) -> None:
    """Otherwise each update would send a PUT; members that did not change are not compared."""
    _, outs = create(service, INPUTS)
    fake.stubborn = {verb: {"timeout": 600, "status": "Disabled"} for verb in ("PATCH", "PUT")}
    with pytest.raises(errors.UpdateError, match=r"its answer shows the old timeout$"):
        update(service, outs, {**INPUTS, "timeout": 700})


def test_an_update_that_changes_nothing_at_the_service_makes_no_request(service: Service, fake: FakeService) -> None:
    """`adopt` counts only at creation; what the service set stays in the outputs."""
    _, outs = create(service, INPUTS)
    fake.requests.clear()
    assert update(service, outs, {**INPUTS, "adopt": True}) == {**outs, "adopt": True}
    assert fake.requests == []


def test_another_location_is_refused_in_an_update(service: Service, fake: FakeService) -> None:
    """It is refused before any write; the registry's own location costs no PATCH."""
    _, outs = create(service, INPUTS)
    fake.requests.clear()
    with pytest.raises(errors.ValidationError, match="location"):
        update(service, outs, {**INPUTS, "location": "eastus", "timeout": 700})
    update(service, outs, {**INPUTS, "location": "westeurope"})
    assert fake.requests == []


def test_a_task_that_is_gone_is_created_again(service: Service, fake: FakeService, said: Messages) -> None:
    """Its registry has to exist; a warning says so."""
    _, outs = create(service, INPUTS)
    fake.tasks.clear()
    update(service, outs, {**INPUTS, "timeout": 700})
    assert fake.tasks["build"]["properties"]["timeout"] == 700
    assert said.lines == [
        "task build was gone; it is created again; its system-assigned identity has another principal id"
    ]


def test_an_update_uses_the_difference_that_diff_found_for_the_same_values_alone(
    service: Service, fake: FakeService, home: Path
) -> None:
    """Inputs that changed after `diff` are compared anew."""
    _, outs = create(service, INPUTS, URN)
    for asked, updated, body in [
        ({"timeout": 700}, {"timeout": 700}, {"timeout": 700}),
        ({"timeout": 700}, {"status": "Disabled"}, {"status": "Disabled"}),
    ]:
        with engine.serving(engine.Request(URN)):
            assert announce.diff(service, TASK_ID, outs, {**INPUTS, **asked}).changes is None
        fake.requests.clear()
        update(service, outs, {**INPUTS, **updated}, URN)
        assert fake.requests == [("PATCH", "/tasks/build", {"properties": body})]
        outs = {**outs, "timeout": 600}
