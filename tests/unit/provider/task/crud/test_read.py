"""The refresh of a task: drift, what is gone, and what could not be read."""

from __future__ import annotations

import contextlib

import pytest
from tests.unit.provider.task.crud.scene import (
    ENDPOINT,
    INPUTS,
    LOGIN,
    TASK_ID,
    WITH_LOGIN,
    FakeService,
    Messages,
    create,
    delete,
    next_process,
    read,
    update,
)

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings


def test_a_refresh_of_what_did_not_drift_changes_nothing(service: Service) -> None:
    """Outputs and inputs come back as they were, secrets included."""
    _, outs = create(service, INPUTS)
    assert read(next_process(service), TASK_ID, outs) == (outs, INPUTS)


def test_a_state_without_the_name_gets_it_and_nothing_else(service: Service) -> None:
    """States of earlier releases have `taskName` alone. The name is no input, so no refresh shows a change."""
    _, outs = create(service, INPUTS)
    assert outs["name"] == INPUTS["taskName"]
    older = {key: value for key, value in outs.items() if key != "name"}
    assert read(next_process(service), TASK_ID, older) == (outs, INPUTS)
    assert update(service, older, {**INPUTS, "adopt": True}) == {**outs, "adopt": True}


def test_a_refresh_shows_what_somebody_changed(service: Service, fake: FakeService) -> None:
    """Outputs and inputs both have the change."""
    _, outs = create(service, INPUTS)
    fake.tasks["build"]["properties"]["timeout"] = 5000
    found = read(next_process(service), TASK_ID, outs)
    assert found == ({**outs, "timeout": 5000}, {**INPUTS, "timeout": 5000})


def test_a_task_that_is_gone_is_dropped(service: Service, fake: FakeService, said: Messages) -> None:
    """Its own GET proves it, the registry exists, and a warning names the task."""
    _, outs = create(service, INPUTS)
    fake.tasks.clear()
    assert read(next_process(service), TASK_ID, outs) is None
    assert [request[:2] for request in fake.requests[-3:]] == [("GET", "/tasks"), ("GET", "/tasks/build"), ("GET", "")]
    assert said.lines == ["task build does not exist any more; the task is dropped from the state"]


def test_a_list_that_is_not_found_drops_nothing(service: Service, fake: FakeService) -> None:
    """Each task is then read by itself."""
    made = [create(service, {**INPUTS, "taskName": f"build{number}"}) for number in range(3)]
    fake.refusals["GET /tasks"] = 404
    later = next_process(service)
    assert all(read(later, id_, outs) is not None for id_, outs in made)


@pytest.mark.parametrize("secret_drift", [False, True])
def test_tasks_whose_registry_is_gone_are_dropped(
    service: Service, fake: FakeService, said: Messages, secret_drift: bool
) -> None:
    """A warning names what is gone, which is asked for once."""
    made = [create(service, {**INPUTS, "taskName": f"build{number}"}) for number in range(3)]
    fake.has_registry = False
    fake.requests.clear()
    later = drifting(service) if secret_drift else next_process(service)
    assert [read(later, id_, outs) for id_, outs in made] == [None] * 3
    assert set(said.lines) == {"resource group G does not exist any more; the task is dropped from the state"}
    assert [path for _, path, _ in fake.requests].count("") == 1


@pytest.mark.parametrize("code", ["SubscriptionNotFound", "NotFound", ""])
def test_a_404_that_proves_nothing_drops_nothing(
    service: Service, fake: FakeService, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """A wrong subscription, or a proxy, must not empty the state; nor does destroy take it for success."""
    _, outs = create(service, INPUTS)
    fake.has_registry, fake.missing = False, code
    for call in (read, delete):
        with pytest.raises(errors.ServiceError):
            call(next_process(service), TASK_ID, outs)


@pytest.mark.parametrize(
    ("status", "kind"), [(401, "Unauthorized"), (403, "Forbidden"), (429, "Throttled"), (503, "Unavailable")]
)
def test_an_unreadable_task_is_an_error(service: Service, fake: FakeService, status: int, kind: str) -> None:
    """A missing sign-in or permission, throttling and 5xx fail the refresh."""
    _, outs = create(service, INPUTS)
    fake.refusals["GET /tasks"] = status
    with pytest.raises(getattr(errors, f"{kind}Error")):
        read(next_process(service), TASK_ID, outs)


def test_reads_of_a_service_that_does_not_answer_are_given_up(service: Service) -> None:
    """They fail at once after three failures in a row, so that hundreds of tasks do not each retry.

    An answer resets the count.
    """
    asked = []

    def read(*, fails: bool) -> None:
        with service.reading():
            asked.append(fails)
            if fails:
                raise errors.TransportError("no answer")

    for fails in (True, True, False, True, True, True):
        with contextlib.suppress(errors.TransportError):
            read(fails=fails)
    with pytest.raises(errors.TransportError, match="no answer"):
        read(fails=False)
    assert len(asked) == 6


def test_a_task_that_is_looked_up_by_its_id_must_exist(service: Service) -> None:
    """`opts.id` has nothing that could be gone."""
    with pytest.raises(errors.NotFoundError):
        read(service, TASK_ID, INPUTS)


def drifting(service: Service) -> Service:
    return Service(Settings(endpoint=ENDPOINT, secret_drift=True), service.client())


def test_a_password_that_somebody_changed_is_drift(service: Service, fake: FakeService) -> None:
    """With secretDrift it is read by listDetails; tasks without secrets come from the list."""
    _, outs = create(service, WITH_LOGIN)
    plain = {**INPUTS, "taskName": "plain", "step": {**INPUTS["step"], "arguments": []}}
    plain_id, plain_outs = create(service, plain)
    fake.requests.clear()
    later = drifting(service)
    assert read(later, TASK_ID, outs) == (outs, WITH_LOGIN)
    assert read(later, plain_id, plain_outs) == (plain_outs, plain)
    assert [request[:2] for request in fake.requests] == [("POST", "/tasks/build/listDetails"), ("GET", "/tasks")]

    fake.tasks["build"]["properties"]["credentials"]["customRegistries"]["a.example"]["password"]["value"] = "by hand"
    found = read(later, TASK_ID, outs)
    assert found is not None
    seen = found[1]["credentials"]["customRegistries"]["a.example"]
    assert seen == {"userName": {"value": "u"}, "password": {"value": "by hand"}}
    update(service, found[0], WITH_LOGIN)
    assert fake.requests[-1] == (
        "PATCH",
        "/tasks/build",
        {"properties": {"credentials": {"customRegistries": {"a.example": LOGIN}}}},
    )


def test_secrets_that_may_not_be_seen_are_warned_of_once_a_registry(
    service: Service, fake: FakeService, said: Messages
) -> None:
    """The tasks are then read without their secrets."""
    made = [create(service, {**WITH_LOGIN, "taskName": name}) for name in ("build", "build2")]
    for name in ("build", "build2"):
        fake.refusals[f"POST /tasks/{name}/listDetails"] = 403
    fake.requests.clear()
    later = drifting(service)
    for id_, outs in made:
        assert read(later, id_, outs) == (outs, {**WITH_LOGIN, "taskName": outs["taskName"]})
    assert [request[0] for request in fake.requests] == ["POST", "GET"]
    assert len(said.lines) == 1
    assert said.lines[0].startswith("secrets of registry registry are not compared")
