"""The update of a run: its archive, and a run that is awaited later."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import ID, INPUTS, Scene

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.run import crud as run


def archived(value: bool) -> dict[str, Any]:
    return {**INPUTS, "runRequest": {**INPUTS["runRequest"], "isArchiveEnabled": value}}


def test_the_archive_is_a_patch_of_the_run() -> None:
    """The PATCH has only that member, and the outputs stay."""
    scene = Scene("Succeeded")
    olds = {**INPUTS, "runId": "cf1", "status": "Succeeded", "imageRefs": []}
    outputs = run.update(scene.service, ID, olds, archived(True), scene.call)
    assert scene.service.requests == ["PATCH runs/cf1"]
    assert scene.service.bodies == [{"isArchiveEnabled": True}]
    assert outputs["runRequest"]["isArchiveEnabled"] is True
    assert outputs["status"] == "Succeeded"


def test_other_arguments_make_no_request() -> None:
    """They only change in state."""
    scene = Scene("Succeeded")
    olds = {**INPUTS, "runId": "cf1", "status": "Succeeded", "imageRefs": ["a@b"], "logs": "none"}
    news = {**INPUTS, "cancelOnDelete": True}
    assert run.update(scene.service, ID, olds, news, scene.call) == {
        **INPUTS,
        "runId": "cf1",
        "status": "Succeeded",
        "imageRefs": ["a@b"],
        "cancelOnDelete": True,
    }
    assert scene.service.requests == []


def test_archiving_a_forgotten_run_is_a_warning() -> None:
    """The service has no run to archive."""
    scene = Scene("Succeeded")
    scene.service.answers["PATCH runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    run.update(scene.service, ID, {**INPUTS, "runId": "cf1"}, archived(True), scene.call)
    assert "nothing left to archive" in scene.console.warnings[0]


QUEUED = {**INPUTS, "runId": "cf1", "status": "Queued", "wait": False, "logs": "none"}


def awaited(scene: Scene, **olds: Any) -> dict[str, Any]:
    news = {**INPUTS, "wait": True, "logs": "none"}
    return run.update(scene.service, ID, {**QUEUED, **olds}, news, scene.call, scene.clock)


def test_a_recorded_run_is_awaited_once_wait_is_true() -> None:
    """Its outputs are those of its end."""
    scene = Scene("Running", "Succeeded")
    scene.service.said = {"outputImages": [{"registry": "r", "repository": "a", "digest": "sha256:1"}]}
    made = awaited(scene)
    assert "POST scheduleRun" not in scene.service.requests
    assert (made["status"], made["imageRefs"], made["wait"]) == ("Succeeded", ["r/a@sha256:1"], True)


@pytest.mark.parametrize("recorded", ["Queued", "Failed"])
def test_the_failure_of_a_recorded_run_fails_the_update(recorded: str) -> None:
    """The error says how to run it again, also when state knew the failure."""
    with pytest.raises(errors.RunFailedError, match=r"(?s)Run cf1 in registry contoso failed.*To run it again, change"):
        awaited(Scene("Failed"), status=recorded)


def test_a_recorded_run_without_an_end_is_not_to_be_run_again() -> None:
    """Only a run that has ended is run again."""
    scene = Scene("Queued")
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(403, json={"error": {"code": "No"}})
    news = {**INPUTS, "wait": True, "logs": "none", "queueTimeout": 5}
    with pytest.raises(errors.RunQueueTimeoutError) as failed:
        run.update(scene.service, ID, QUEUED, news, scene.call, scene.clock)
    assert "To run it again" not in str(failed.value)


def test_a_recorded_run_that_succeeded_is_not_read() -> None:
    """Its end is known."""
    scene = Scene("Succeeded")
    awaited(scene, status="Succeeded")
    assert scene.service.requests == []


@pytest.mark.parametrize("gone", ["forgotten", "another"])
def test_a_recorded_run_with_an_unknown_end_is_an_error(gone: str) -> None:
    """It must not look successful."""
    scene = Scene("Succeeded")
    if gone == "forgotten":
        scene.service.answers["GET runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    scene.service.said = {"createTime": "2026-02-02T00:00:00Z"}
    with pytest.raises(errors.RunError, match="so its final status is unknown"):
        awaited(scene, createTime="2026-01-01T00:00:00Z")
