"""The delete of a run, which may cancel it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import ID, INPUTS, Scene

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.run import crud as run

ASKED = ["GET runs/cf1", "POST runs/cf1/cancel", "GET runs/cf1"]


@pytest.mark.parametrize(
    ("state", "now", "requests"),
    [
        ({"status": "Running"}, "Running", []),
        ({"status": "Succeeded", "cancelOnDelete": True}, "Succeeded", []),
        ({"status": "Queued", "cancelOnDelete": True}, "Succeeded", ["GET runs/cf1"]),
        ({"status": "Queued", "cancelOnDelete": True}, "Running", ASKED),
    ],
)
def test_delete_cancels_only_on_request_and_only_a_run_that_goes_on(
    state: dict[str, Any], now: str, requests: list[str]
) -> None:
    """A message names a run that is not canceled."""
    scene = Scene(now)
    kept: list[str] = []
    scene.console.info = kept.append
    run.delete(scene.service, ID, {**INPUTS, **state}, scene.call, scene.clock)
    assert scene.service.requests == requests
    assert ["Run cf1 was Running when it was last read. If it has not ended, it goes on" in line for line in kept] == (
        [] if state.get("cancelOnDelete") else [True]
    )


CANCELS = [
    (httpx.Response(404, json={"error": {"code": "ResourceNotFound"}}), errors.RunError, "answered 404"),
    (httpx.Response(200), errors.RunError, "is still Running, although its cancellation was accepted"),
    (httpx.Response(409, json={"error": {"code": "Conflict"}}), errors.ConflictError, "Conflict"),
]


@pytest.mark.parametrize(("answer", "kind", "words"), CANCELS)
def test_a_run_that_goes_on_after_its_cancellation_is_an_error(
    answer: httpx.Response, kind: type[errors.AcrTasksError], words: str
) -> None:
    """The resource stays in state, whatever the service answered."""
    scene = Scene("Running")
    scene.service.answers["POST runs/cf1/cancel"] = answer
    with pytest.raises(kind, match=words):
        run.delete(scene.service, ID, {**INPUTS, "cancelOnDelete": True}, scene.call, scene.clock)


@pytest.mark.parametrize("status", ["Canceled", "Succeeded"])
def test_a_refused_cancellation_of_an_ended_run_is_no_error(status: str) -> None:
    """The run has ended in between."""
    scene = Scene("Running", status)
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(409, json={"error": {"code": "Conflict"}})
    run.delete(scene.service, ID, {**INPUTS, "cancelOnDelete": True}, scene.call, scene.clock)
    assert scene.console.statuses == [f"cf1 is {status.lower()}"]


def test_a_replacement_that_has_the_same_run_keeps_it() -> None:
    """The new resource has resumed it, so the deletion of the old one does not cancel it."""
    scene = Scene("Running")
    scene.create(wait=False, cancelOnDelete=True)
    scene.service.requests.clear()
    state = {**INPUTS, "status": "Queued", "cancelOnDelete": True}
    run.delete(scene.service, ID, state, scene.call, scene.clock)
    assert scene.service.requests == []
