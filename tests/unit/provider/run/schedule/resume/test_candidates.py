"""After a request without an answer, the next update looks for its run among those of the service."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import INPUTS
from tests.unit.provider.run.schedule.resume.conftest import APP, KilledError, Update

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.ids import RegistryId


class Answerless(Update):
    """An update whose request got no answer; the list of runs tells what was made of it.

    It begins `now` seconds after BEGAN, and this machine's clock is `ahead` of the service's by so many seconds.
    """

    def __init__(self, *listed: dict[str, Any], now: float = 0.0, ahead: float = 0.0) -> None:
        super().__init__("Succeeded")
        self.service.now = lambda: BEGAN.timestamp() + now + ahead + self.clock.time
        self.service.date = lambda: format_datetime(BEGAN + timedelta(seconds=now + self.clock.time), usegmt=True)
        self.service.answers["GET runs"] = httpx.Response(
            200, json={"value": list(listed)}, headers={"Date": self.service.date() or ""}
        )

    def killed_while_scheduling(self, **inputs: Any) -> None:
        def kill() -> None:
            raise KilledError

        self.service.on_schedule = kill
        with pytest.raises(KilledError):
            self.create(**inputs)


BEGAN = datetime(2026, 1, 1, tzinfo=timezone.utc)


def listed(run_id: str = "cf1", seconds: float = 1.0, **said: Any) -> dict[str, Any]:
    """A run as the list has it, made so many seconds after BEGAN."""
    created = (BEGAN + timedelta(seconds=seconds)).isoformat()
    properties = {"runId": run_id, "status": "Succeeded", "createTime": created, "outputImages": APP, **said}
    return {"id": f"{INPUTS['registryId']}/runs/{run_id}", "name": run_id, "properties": properties}


@pytest.mark.parametrize("ahead", [-600.0, 0.0, 600.0])
def test_an_update_that_was_killed_while_scheduling_is_resumed(ahead: float) -> None:
    """The run of that time that has built the image is resumed, however far this machine's clock is off."""
    Answerless(ahead=ahead).killed_while_scheduling()
    update = Answerless(listed("cf9", seconds=900), listed(), listed("cf0", seconds=-900), now=30, ahead=ahead)
    assert update.create()[1]["runId"] == "cf1"
    assert update.service.requests == ["GET runs", "GET runs/cf1"]
    assert update.kept == ["Run cf1, which an interrupted update had scheduled, is taken up again."]


@pytest.mark.parametrize("answered", [False, True])
def test_a_corrected_clock_changes_nothing(answered: bool) -> None:
    """The journal has the service's time from before the kill; a run with an id needs no time."""
    first = Answerless(ahead=600)
    first.service.client().runs.get(RegistryId.parse(INPUTS["registryId"]), "cf0")
    if answered:
        first.service.statuses = ["Running"]
        first.service.said = {}
        first.killed()
    else:
        first.killed_while_scheduling()
    update = Answerless(listed(), now=30)
    update.service.said = {"createTime": BEGAN.isoformat()}
    assert update.create()[1]["runId"] == "cf1"
    assert "POST scheduleRun" not in update.service.requests


def test_without_a_fitting_run_another_is_started() -> None:
    """The request never arrived, and the screen says so."""
    Answerless().killed_while_scheduling()
    update = Answerless(listed("cf0", outputImages=[], status="Failed"), now=30)
    update.create()
    assert "POST scheduleRun" in update.service.requests
    assert "another one is started now" in update.kept[0]


def test_unproved_candidates_are_listed_once_and_then_another_run_is_started() -> None:
    """The first update lists the candidates and starts no run; the second one starts another."""
    Answerless().killed_while_scheduling()
    candidate = listed(outputImages=[])
    update = Answerless(candidate, now=30)
    with pytest.raises(errors.TransportError) as failed:
        update.create()
    assert "POST scheduleRun" not in update.service.requests
    assert "it may be one of cf1 (Succeeded)" in str(failed.value)
    assert "the next pulumi up starts another run" in str(failed.value)
    update = Answerless(candidate, now=60)
    update.create()
    assert "POST scheduleRun" in update.service.requests
    assert "It may be cf1; another one is started now." in update.console.warnings[0]


def test_while_images_may_decide_no_run_is_started() -> None:
    """Each update looks at the run again."""
    Answerless().killed_while_scheduling(wait=False)
    for now in (30.0, 60.0):
        update = Answerless(listed(status="Running"), now=now)
        with pytest.raises(errors.TransportError, match="The next pulumi up looks again"):
            update.create(wait=False)
        assert "POST scheduleRun" not in update.service.requests


@pytest.mark.parametrize(("status", "starts"), [(503, False), (403, True)])
def test_runs_that_cannot_be_listed(status: int, starts: bool) -> None:
    """An error that may pass stops the update; a lasting one is a warning, and another run is started."""
    Answerless().killed_while_scheduling()
    update = Answerless(now=30)
    answer = httpx.Response(status, json={"error": {"code": "SomeCode"}})
    update.service.answers["GET runs"] = answer
    if starts:
        update.create()
        assert "cannot be looked at (list runs of" in update.console.warnings[0]
    else:
        with pytest.raises(errors.TransportError, match=r"the runs cannot be looked at: list runs of .*SomeCode"):
            update.create()
    assert ("POST scheduleRun" in update.service.requests) is starts
