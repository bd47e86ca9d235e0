"""A run that a killed update left behind is taken up again, and no other one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.follow import background
from pulumi_acr_tasks.lifecycle import run
from pulumi_acr_tasks.lifecycle.awaiting import Surroundings

from .scene import INPUTS, Scene

URN = "urn:pulumi:dev::project::pulumi-python:dynamic/acr-tasks:Run::build"
CREATED = "2026-01-01T00:00:00.1234567+00:00"


class KilledError(BaseException):
    """The process ends here."""


class Update(Scene):
    """One update of a stack; several share the journal of one home."""

    def __init__(self, *statuses: str, created: str | None = CREATED, urn: str = URN) -> None:
        super().__init__(*statuses)
        self.kept: list[str] = []
        self.console.info = self.kept.append  # type: ignore[method-assign]
        self.around = Surroundings(urn, self.console, self.stop)  # type: ignore[arg-type]
        if created:
            self.service.said = {"createTime": created}

    def killed(self, at: float = 1.5, **inputs: Any) -> None:
        def kill() -> None:
            raise KilledError

        self.clock.at[at] = kill
        with pytest.raises(KilledError):
            self.create(**inputs)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setattr(background, "open_log_client", lambda: httpx.Client(transport=httpx.MockTransport(_no_log)))
    return tmp_path


def _no_log(request: httpx.Request) -> httpx.Response:
    return httpx.Response(404)


def test_a_killed_update_is_continued() -> None:
    """The same run is awaited, nothing is scheduled, and the screen says so."""
    Update("Running").killed()
    update = Update("Running", "Succeeded")
    assert update.create()[1]["runId"] == "cf1"
    assert update.service.requests == ["GET runs/cf1"] * 2
    assert update.kept == ["Run cf1, which an interrupted update had scheduled, is taken up again."]


def test_a_run_that_ended_well_meanwhile_is_not_run_again() -> None:
    """It is what was asked for."""
    Update("Running").killed()
    update = Update("Succeeded")
    update.create()
    assert "POST scheduleRun" not in update.service.requests


@pytest.mark.parametrize("status", ["Failed", "Canceled", "Error", "Timeout"])
def test_a_run_that_ended_otherwise_is_run_again(status: str) -> None:
    """As after any update that failed."""
    Update("Running").killed()
    update = Update(status)
    update.service.on_schedule = lambda: update.service.statuses.__setitem__(slice(None), ["Succeeded"])
    update.create()
    assert "POST scheduleRun" in update.service.requests


OTHERS: dict[str, dict[str, Any]] = {
    "request": {"runRequest": {**INPUTS["runRequest"], "encodedTaskContent": "b3RoZXI="}},
    "registry": {"registryId": INPUTS["registryId"] + "2"},
    "endpoint": {"endpoint": "https://other.example"},
    "triggers": {"triggers": ["2"]},
}


@pytest.mark.parametrize("change", OTHERS)
def test_another_request_is_another_run(change: str) -> None:
    """Only the very same is continued."""
    Update("Running").killed()
    update = Update("Succeeded")
    if change == "registry":
        update.service.answers["POST 2/scheduleRun"] = httpx.Response(400, json={})
        update.failure(errors.InvalidRequestError, **OTHERS[change])
        assert "POST 2/scheduleRun" in update.service.requests
    else:
        update.create(**OTHERS[change])
        assert "POST scheduleRun" in update.service.requests


def test_another_resource_takes_nothing_over() -> None:
    """The entry is the resource's own."""
    Update("Running").killed()
    update = Update("Succeeded", urn=URN + "2")
    update.create()
    assert "POST scheduleRun" in update.service.requests


@pytest.mark.parametrize("created", ["2026-01-01T00:00:09+00:00", None])
def test_a_run_of_that_id_in_a_registry_made_anew_is_another_one(created: str | None) -> None:
    """It was created at another time."""
    Update("Running").killed()
    update = Update("Succeeded", created=created)
    update.create()
    assert "POST scheduleRun" in update.service.requests


def test_a_creation_that_is_told_late_is_written_down_late() -> None:
    """The answer to scheduleRun does not tell it."""
    first = Update("Running", created=None)
    first.clock.at[0.5] = lambda: first.service.said.update(createTime=CREATED)
    first.killed(at=2.5)
    update = Update("Succeeded")
    update.create()
    assert "POST scheduleRun" not in update.service.requests


def test_a_run_that_the_service_has_forgotten_is_run_again() -> None:
    """There is nothing to await."""
    Update("Running").killed()
    update = Update("Succeeded")
    answer = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    update.service.answers["GET runs/cf1"] = answer
    update.service.on_schedule = lambda: update.service.answers.pop("GET runs/cf1")
    update.create()
    assert "POST scheduleRun" in update.service.requests


def test_an_update_killed_while_scheduling_warns() -> None:
    """Nobody knows whether there is a run."""
    update = Update("Running")

    def kill() -> None:
        raise KilledError

    update.service.on_schedule = kill
    with pytest.raises(KilledError):
        update.create()
    update = Update("Succeeded")
    update.create()
    assert "it is not known whether the service has started one" in update.console.warnings[0]


@pytest.mark.parametrize("ending", ["Failed", "^C", "refused"])
def test_what_came_to_an_end_is_not_continued(ending: str) -> None:
    """A run that failed or was cancelled is run again, and a refusal left none."""
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
    assert update.console.warnings == []


def test_the_journal_holds_no_secret(home: Path) -> None:
    """Neither in clear nor hashed: the hash is that of the request without them."""
    Update("Running").killed()
    (file,) = home.rglob("*.json")
    entry = json.loads(file.read_text())
    assert "hush" not in file.read_text()
    other = {**INPUTS["runRequest"], "values": [{"name": "key", "value": "another", "isSecret": True}]}
    update = Update("Running")
    update.killed(runRequest=other)
    assert json.loads(file.read_text())["content_hash"] == entry["content_hash"]


def test_the_engine_knows_what_it_asks_about(home: Path) -> None:
    """Reading a run of state confirms it: the entry goes."""
    update = Update("Succeeded")
    id_, outputs = update.create()
    assert list(home.rglob("*.json"))
    run.read(update.service, id_, outputs, update.around)  # type: ignore[arg-type]
    assert not list(home.rglob("*.json"))
