"""The next update resumes the run of a killed update, and no other run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import INPUTS
from tests.unit.provider.run.schedule.resume.conftest import CREATED, OPEN, URN, Update

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.run import crud as run


def test_the_run_of_a_killed_update_is_resumed() -> None:
    """The same run is awaited, no other is scheduled, and the screen says so."""
    Update("Running").killed()
    update = Update("Running", "Succeeded")
    assert update.create()[1]["runId"] == "cf1"
    assert update.service.requests == ["GET runs/cf1"] * 2
    assert update.kept == ["Run cf1, which an interrupted update had scheduled, is taken up again."]


def test_a_run_that_ended_well_meanwhile_is_not_run_again() -> None:
    """It is the run that was asked for."""
    Update("Running").killed()
    update = Update("Succeeded")
    update.create()
    assert "POST scheduleRun" not in update.service.requests


@pytest.mark.parametrize("status", ["Failed", "Canceled", "Error", "Timeout"])
def test_a_run_that_ended_otherwise_is_run_again(status: str) -> None:
    """The same happens after any update that failed."""
    Update("Running").killed()
    update = Update(status)
    update.service.on_schedule = lambda: update.service.statuses.__setitem__(slice(None), ["Succeeded"])
    update.create()
    assert "POST scheduleRun" in update.service.requests


OTHERS: dict[str, dict[str, Any]] = {
    "request": {"runRequest": {**OPEN, "encodedTaskContent": "b3RoZXI="}},
    "registry": {"registryId": INPUTS["registryId"] + "2"},
    "endpoint": {"endpoint": "https://other.example"},
    "triggers": {"triggers": ["2"]},
}


@pytest.mark.parametrize("change", OTHERS)
def test_another_request_is_another_run(change: str) -> None:
    """Only a run of the same request is resumed."""
    Update("Running").killed()
    update = Update("Succeeded")
    if change == "registry":
        update.service.answers["POST 2/scheduleRun"] = httpx.Response(400, json={})
        update.failure(errors.InvalidRequestError, **OTHERS[change])
        assert "POST 2/scheduleRun" in update.service.requests
    else:
        update.create(**OTHERS[change])
        assert "POST scheduleRun" in update.service.requests


def test_another_resource_does_not_resume_the_run() -> None:
    """The journal entry belongs to one resource."""
    Update("Running").killed()
    update = Update("Succeeded", urn=URN + "2")
    update.create()
    assert "POST scheduleRun" in update.service.requests


@pytest.mark.parametrize("created", ["2026-01-01T00:00:09+00:00", None])
def test_a_run_with_that_id_in_a_registry_that_was_made_again_is_another_one(created: str | None) -> None:
    """It was created at another time."""
    Update("Running").killed()
    update = Update("Succeeded", created=created)
    update.create()
    assert "POST scheduleRun" in update.service.requests


def test_the_time_of_creation_is_recorded_when_it_is_known() -> None:
    """The answer to scheduleRun does not have it."""
    first = Update("Running", created=None)
    first.clock.at[0.5] = lambda: first.service.said.update(createTime=CREATED)
    first.killed(at=2.5)
    update = Update("Succeeded")
    update.create()
    assert "POST scheduleRun" not in update.service.requests


def test_a_run_that_the_service_has_forgotten_is_run_again() -> None:
    """No run is left to await."""
    Update("Running").killed()
    update = Update("Succeeded")
    answer = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    update.service.answers["GET runs/cf1"] = answer
    update.service.on_schedule = lambda: update.service.answers.pop("GET runs/cf1")
    update.create()
    assert "POST scheduleRun" in update.service.requests


def test_a_run_of_another_request_is_canceled() -> None:
    """It would push its image after the wanted run has."""
    Update("Running").killed()
    update = Update("Running")
    update.service.on_schedule = lambda: update.service.statuses.__setitem__(slice(None), ["Succeeded"])
    update.create(**OTHERS["request"])
    assert update.service.requests[:3] == ["GET runs/cf1", "POST runs/cf1/cancel", "POST scheduleRun"]
    assert update.kept == [
        "Run cf1 of an interrupted update was scheduled for other inputs: it is canceled, another one is started."
    ]


@pytest.mark.parametrize("value", ["hush", "corrected"])
def test_a_run_with_secrets_is_not_resumed(value: str) -> None:
    """The journal has no secret, so it cannot show whether one was corrected since."""
    Update("Running").killed(runRequest=INPUTS["runRequest"])
    corrected = {**INPUTS["runRequest"], "values": [{"name": "key", "value": value, "isSecret": True}]}
    update = Update("Running")
    update.service.on_schedule = lambda: update.service.statuses.__setitem__(slice(None), ["Succeeded"])
    update.create(runRequest=corrected)
    assert update.service.requests[:3] == ["GET runs/cf1", "POST runs/cf1/cancel", "POST scheduleRun"]
    assert "may have been given other secrets" in update.kept[0]


@pytest.mark.parametrize("address", ["https://x:{}@git.example/a.git", "https://blobs.example/a.tar.gz?sig={}"])
def test_an_address_with_a_token_is_a_secret_too(address: str, home: Path) -> None:
    """The hash in the journal is that of the address without the token."""
    hashes = []
    for token in ("hush", "other"):
        update = Update("Running")
        update.service.on_schedule = lambda: update.service.statuses.__setitem__(slice(None), ["Running"])  # noqa: B023  # called within this round of the loop
        update.killed(at=3.0, context=address.format(token))
        (file,) = home.rglob("*.json")
        hashes.append(json.loads(file.read_text())["content_hash"])
        assert "POST scheduleRun" in update.service.requests
    assert hashes[0] == hashes[1]


def test_a_request_that_was_not_sent_leaves_no_entry() -> None:
    """The next update does not look for its run."""
    update = Update("Succeeded")

    def refuse() -> None:
        raise errors.TransportError("cannot connect", arrived=False)

    update.service.on_schedule = refuse
    with pytest.raises(errors.TransportError):
        update.create()
    update = Update("Succeeded")
    update.create()
    assert update.service.requests[0] == "POST scheduleRun"


@pytest.mark.parametrize("ending", ["Failed", "^C", "refused"])
def test_a_run_that_has_failed_is_not_resumed(ending: str) -> None:
    """A run that failed or was canceled is run again, and a refused request left no run."""
    update = Update("Running", "Failed")
    if ending == "^C":
        update.clock.at[0.5] = update.stop.set
    if ending == "refused":
        update.service.answers["POST scheduleRun"] = httpx.Response(400, json={})
    with pytest.raises(errors.AcrTasksError):
        update.create()
    update = Update("Succeeded")
    update.create()
    assert update.service.requests[0] == "POST scheduleRun"
    assert update.kept == []


def test_the_journal_holds_no_secret(home: Path) -> None:
    """It has none in clear and none hashed: the hash is that of the request without secrets."""
    Update("Running").killed(runRequest=INPUTS["runRequest"])
    (file,) = home.rglob("*.json")
    entry = json.loads(file.read_text())
    assert "hush" not in file.read_text()
    other = {**INPUTS["runRequest"], "values": [{"name": "key", "value": "another", "isSecret": True}]}
    update = Update("Running")
    update.service.on_schedule = lambda: update.service.statuses.__setitem__(slice(None), ["Running"])
    update.killed(at=3.0, runRequest=other)
    assert json.loads(file.read_text())["content_hash"] == entry["content_hash"]


def test_a_read_by_the_engine_removes_the_entry(home: Path) -> None:
    """A run that the engine reads stands in its state."""
    update = Update("Succeeded")
    id_, outputs = update.create()
    assert list(home.rglob("*.json"))
    run.read(update.service, id_, outputs, update.call)
    assert not list(home.rglob("*.json"))
