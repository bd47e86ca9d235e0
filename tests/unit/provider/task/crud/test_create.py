"""The creation of a task: where it is put, what is looked up, and what is adopted."""

from __future__ import annotations

import pytest
from tests.unit.provider.task.crud.scene import (
    INPUTS,
    TASK_ID,
    FakeService,
    Messages,
    create,
    next_process,
    read,
)

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.task import drift


def test_create_puts_the_task_where_its_registry_is(service: Service, fake: FakeService) -> None:
    """The location is looked up, the secrets are sent, and the outputs echo the inputs."""
    id_, outs = create(service, INPUTS)
    assert id_ == TASK_ID
    assert [request[:2] for request in fake.requests] == [("GET", ""), ("GET", "/tasks"), ("PUT", "/tasks/build")]
    assert fake.requests[2][2] == {
        "location": "westeurope",
        "identity": {"type": "SystemAssigned"},
        "properties": {key: INPUTS[key] for key in ("platform", "step", "timeout")},
    }
    assert outs == {
        **INPUTS,
        "name": "build",
        "identity": {"type": "SystemAssigned", "principalId": "p", "tenantId": "t"},
        "type": "Microsoft.ContainerRegistry/registries/tasks",
        "provisioningState": "Succeeded",
        "creationDate": "2025-04-08T08:17:33.8618426+00:00",
        "systemData": {"createdBy": "x"},
    }


def test_the_registry_is_looked_up_once(service: Service, fake: FakeService) -> None:
    """However many tasks it gets."""
    for name in ("build", "build2", "build3"):
        create(service, {**INPUTS, "taskName": name})
    assert [path for method, path, _ in fake.requests if path == ""] == [""]


def test_another_location_is_refused_before_anything_is_written(service: Service, fake: FakeService) -> None:
    """The registry's own is right in any spelling."""
    with pytest.raises(errors.ValidationError, match="location: 'eastus' is not the location of registry registry"):
        create(service, {**INPUTS, "location": "eastus"})
    assert fake.tasks == {}
    create(service, {**INPUTS, "location": "West Europe"})
    assert fake.tasks["build"]["location"] == "westeurope"


def test_an_existing_task_is_refused(service: Service, fake: FakeService) -> None:
    """Somebody else's, perhaps; the sentence says what to do."""
    create(service, INPUTS)
    with pytest.raises(errors.TaskExistsError, match="set adopt to take the task over"):
        create(service, {**INPUTS, "timeout": 700})
    assert fake.tasks["build"]["properties"]["timeout"] == 600


def test_an_adopted_task_is_changed_only_where_it_differs(service: Service, fake: FakeService) -> None:
    """The PATCH is that of an update; an equal task is only read."""
    create(service, INPUTS)
    fake.requests.clear()
    _, outs = create(next_process(service), {**INPUTS, "adopt": True})
    assert [request[:2] for request in fake.requests] == [
        ("GET", ""),
        ("GET", "/tasks"),
        ("POST", "/tasks/build/listDetails"),
    ]
    assert outs["provisioningState"] == "Succeeded"
    create(service, {**INPUTS, "adopt": True, "timeout": 700})
    assert fake.requests[-1] == ("PATCH", "/tasks/build", {"properties": {"timeout": 700}})


def test_what_an_adopted_task_has_beyond_the_program_goes(service: Service, fake: FakeService) -> None:
    """Afterwards it is what the program says, and nothing else."""
    more = {**INPUTS, "trigger": {"timerTriggers": [{"name": "t", "schedule": "0 9 * * *"}]}, "status": "Disabled"}
    create(service, more)
    create(service, {**INPUTS, "adopt": True})
    assert fake.requests[-1][0] == "PUT"
    assert "trigger" not in fake.tasks["build"]["properties"]


def test_a_task_is_adopted_unseen_without_the_permission_to_see_secrets(
    service: Service, fake: FakeService, said: Messages
) -> None:
    """All of it is replaced, and a warning says why."""
    create(service, INPUTS)
    fake.refusals["POST /tasks/build/listDetails"] = 403
    create(service, {**INPUTS, "adopt": True})
    assert fake.requests[-1][0] == "PUT"
    assert fake.requests[-1][2]["identity"] == {"type": "SystemAssigned"}
    assert "listDetails is not permitted" in said.lines[0]


def test_a_registry_that_does_not_exist_fails_the_creation(service: Service, fake: FakeService) -> None:
    """The error has the service's own words."""
    fake.has_registry = False
    with pytest.raises(errors.RegistryNotFoundError, match="no group"):
        create(service, INPUTS)


def test_user_assigned_identities_keep_the_program_s_spelling(service: Service, fake: FakeService) -> None:
    """The service's principals stand beside the program's ids, and go again on a refresh."""
    inputs = {**INPUTS, "identity": {"type": "UserAssigned", "userAssignedIdentities": {"/A": {}}}}
    answer = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"/a": {"principalId": "q"}}}}
    outs = drift.outputs(inputs, answer)
    assert outs["identity"]["userAssignedIdentities"] == {"/A": {"principalId": "q"}}
    assert drift.inputs_of(outs)["identity"] == inputs["identity"]


def test_many_creates_and_a_refresh_share_what_they_ask(service: Service, fake: FakeService) -> None:
    """N tasks cost N requests, one list and one GET; to refresh them costs the list."""
    names = [f"build{number}" for number in range(10)]
    made = [create(service, {**INPUTS, "taskName": name}) for name in names]
    assert [request[0] for request in fake.requests] == ["GET", "GET", *["PUT"] * 10]
    fake.requests.clear()
    later = next_process(service)
    assert [read(later, id_, outs) is not None for id_, outs in made] == [True] * 10
    assert [request[:2] for request in fake.requests] == [("GET", "/tasks")]
