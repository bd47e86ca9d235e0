"""A killed or refused creation: the journal, the service, and the next update."""

from __future__ import annotations

import copy
from pathlib import Path

import httpx
import pytest
from tests.unit.provider.task.crud.scene import (
    ENDPOINT,
    INPUTS,
    REGISTRY,
    TASK_ID,
    URN,
    WITH_LOGIN,
    FakeService,
    Messages,
    check,
    create,
    delete,
    next_process,
    read,
    update,
)

from pulumi_acr_tasks import engine, errors
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.http.transport import transport
from pulumi_acr_tasks.journal.journal import TASK, Journal, request_hash
from pulumi_acr_tasks.schema.definitions import Kind
from pulumi_acr_tasks.schema.secrets import masked
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.task import crud


def journal(service: Service) -> Journal:
    with engine.serving(engine.Request(URN)):
        return service.journal()


def test_destroy_warns_of_a_task_that_a_killed_update_may_have_left(
    service: Service, fake: FakeService, said: Messages, home: Path
) -> None:
    """Once, and not while the program declares it or the resource is only replaced."""
    killed = f"{URN}-killed"
    service.organization = "acme"
    create(service, {**INPUTS, "taskName": "killed"}, killed)
    create(service, INPUTS, URN)
    for declared, warnings in [(URN, 0), (killed, 0), ("", 1), ("", 1)]:
        later = next_process(service)
        if declared:
            check(later, declared)
        said.lines.clear()
        delete(later, TASK_ID, INPUTS, URN)
        delete(later, TASK_ID, INPUTS, URN)
        left = [line for line in said.lines if "build-killed may have been made" in line]
        assert len(left) == warnings
    assert left[0].endswith(f"delete it: {REGISTRY}/tasks/killed")


def test_a_task_of_this_program_is_not_adopted(service: Service, fake: FakeService, home: Path) -> None:
    """It would be two resources'."""
    create(service, INPUTS, URN)
    fake.requests.clear()
    with pytest.raises(errors.TaskExistsError, match="belongs to another resource of this program"):
        create(service, {**INPUTS, "adopt": True, "timeout": 900}, f"{URN}-two")
    assert fake.requests == []


def test_the_task_of_a_killed_update_is_taken_over(
    service: Service, fake: FakeService, said: Messages, home: Path
) -> None:
    """Only the same URN takes it over; it is changed where the program has changed since, and a message says so."""
    create(service, INPUTS, URN)
    later, new = next_process(service), {**INPUTS, "timeout": 700}
    with pytest.raises(errors.TaskExistsError):
        create(later, new, f"{URN}-of-another")
    fake.requests.clear()
    id_, outs = create(later, new, URN)
    assert (id_, outs["timeout"]) == (TASK_ID, 700)
    assert fake.requests[-1] == ("PATCH", "/tasks/build", {"properties": {"timeout": 700}})
    assert said.lines == ["task build was made by an earlier update that did not end, and is taken over: PATCH timeout"]


@pytest.mark.parametrize("doing", ["update", "read", "delete"])
def test_a_task_in_the_state_is_not_taken_over(service: Service, home: Path, doing: str) -> None:
    """Once the engine has the id, the state says which resource owns the task."""
    _, outs = create(service, INPUTS, URN)
    calls = {
        "update": lambda: update(service, outs, INPUTS, URN),
        "read": lambda: read(next_process(service), TASK_ID, outs, URN),
        "delete": lambda: delete(service, TASK_ID, outs, URN),
    }
    calls[doing]()
    assert journal(service).find(TASK, endpoint=ENDPOINT) is None


@pytest.mark.parametrize(("status", "kept"), [(400, False), (409, False), (503, True)])
def test_a_create_that_was_refused_leaves_nothing_in_the_journal(
    service: Service, fake: FakeService, home: Path, status: int, kept: bool
) -> None:
    """A request that an unavailable service answered may have made the task, and the error says so."""
    fake.refusals["PUT /tasks/build"] = status
    with pytest.raises(errors.ServiceError) as raised:
        create(service, INPUTS, URN)
    assert (journal(service).find(TASK, endpoint=ENDPOINT) is not None) is kept
    assert (f"task build may have been made all the same ({TASK_ID})" in str(raised.value)) is kept
    assert (raised.value.unconfirmed is not None) is kept
    fake.refusals.clear()
    assert create(service, INPUTS, URN)[0] == TASK_ID


@pytest.mark.parametrize("failure", [errors.SignInError("no token"), httpx.ConnectError("refused")])
def test_a_create_that_was_not_sent_leaves_nothing_in_the_journal(
    service: Service, fake: FakeService, home: Path, failure: Exception
) -> None:
    """No connection, no sign-in: there is nothing that a later update could find."""

    def fails(request: httpx.Request) -> httpx.Response:
        if request.method == "PUT":
            raise failure
        return fake(request)

    client = Client(transport(httpx.Client(transport=httpx.MockTransport(fails))), ENDPOINT)
    service = Service(service.settings, client)
    with pytest.raises(errors.AcrTasksError):
        create(service, INPUTS, URN)
    assert journal(service).find(TASK, endpoint=ENDPOINT) is None


@pytest.mark.parametrize("there", [True, False])
def test_what_may_have_been_made_is_looked_for(service: Service, fake: FakeService, there: bool) -> None:
    """It is changed where it differs, or made; a refresh drops what is not there."""
    if there:
        create(service, {**INPUTS, "timeout": 900})
    kept = {**INPUTS, "provisioningState": crud.UNCONFIRMED}
    later = next_process(service)
    fake.requests.clear()
    assert update(later, kept, INPUTS)["provisioningState"] == "Succeeded"
    assert fake.tasks["build"]["properties"]["timeout"] == 600
    assert ("PATCH" if there else "PUT") in [method for method, _, _ in fake.requests]
    del fake.tasks["build"]
    assert read(next_process(service), TASK_ID, kept) is None


def test_the_journal_holds_no_secret(service: Service, home: Path) -> None:
    """It has no hash that reveals a password either: two passwords have the same hash."""
    create(service, WITH_LOGIN, URN)
    (file,) = home.rglob("*.json")
    text = file.read_text()
    assert "c4nary" not in text
    other = copy.deepcopy(WITH_LOGIN)
    other["credentials"]["customRegistries"]["a.example"]["password"]["value"] = "another"
    assert request_hash(masked(other, Kind("Task"))) in text
