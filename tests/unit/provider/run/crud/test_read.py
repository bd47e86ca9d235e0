"""The read of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import ID, INPUTS, Scene

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.run import crud as run


def test_a_read_shows_how_a_run_ended() -> None:
    """The inputs stay as they were."""
    outputs = Scene("Succeeded").read(status="Queued", triggers=["1"])
    assert outputs is not None
    assert outputs.items() >= {**INPUTS, "status": "Succeeded", "triggers": ["1"]}.items()


def _missing(code: str) -> httpx.Response:
    return httpx.Response(404, json={"error": {"code": code, "message": "not found"}})


def test_a_run_that_the_service_has_forgotten_stays() -> None:
    """Dropping it would run it again; the registry exists, and a warning says so."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = _missing("ResourceNotFound")
    state = {**INPUTS, "runId": "cf1", "status": "Succeeded"}
    assert scene.read(status="Succeeded") == state
    assert "has forgotten run cf1" in scene.console.warnings[0]
    assert scene.service.requests == ["GET runs/cf1", "GET "]


@pytest.mark.parametrize(
    ("code", "gone"), [("ResourceNotFound", "registry contoso"), ("ResourceGroupNotFound", "resource group rg")]
)
def test_a_run_whose_registry_is_gone_is_dropped(code: str, gone: str) -> None:
    """Its images do not exist any more; a warning names the registry or its group."""
    scene = Scene("Succeeded")
    scene.service.answers.update({"GET runs/cf1": _missing(code), "GET ": _missing(code)})
    assert scene.read(status="Succeeded") is None
    assert scene.console.warnings == [f"{gone} does not exist any more; the run is dropped from the state"]


def test_another_run_of_the_same_id_is_not_read() -> None:
    """A registry that was made again counts its runs from the beginning."""
    scene = Scene("Running")
    scene.service.said = {"createTime": "2026-02-02T00:00:00Z", "status": "Failed"}
    known = {"status": "Queued", "createTime": "2026-01-01T00:00:00Z"}
    found = scene.read(**known)
    assert found is not None
    assert found["status"] == "Queued"
    assert "has forgotten run cf1" in scene.console.warnings[0]
    # Nor is it canceled in its place.
    run.delete(scene.service, ID, {**INPUTS, **known, "cancelOnDelete": True}, scene.call)
    assert scene.service.requests == ["GET runs/cf1", "GET runs/cf1"]
    assert scene.console.kept == ["run cf1 was gone already"]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}}), errors.ForbiddenError),
        (httpx.Response(429), errors.ThrottledError),
        (httpx.Response(503), errors.UnavailableError),
        (_missing("SubscriptionNotFound"), errors.SubscriptionNotFoundError),
    ],
)
def test_a_run_that_cannot_be_read_is_an_error(answer: httpx.Response, kind: type[errors.ServiceError]) -> None:
    """A refresh must not succeed without having read it."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = answer
    with pytest.raises(kind):
        scene.read(status="Queued")


@pytest.mark.parametrize("answer", [httpx.Response(404, text="<html>"), _missing("NotFound"), httpx.Response(403)])
def test_an_unexplained_404_is_an_error(answer: httpx.Response) -> None:
    """It may be a proxy's answer."""
    scene = Scene("Succeeded")
    scene.service.answers.update({"GET runs/cf1": httpx.Response(404, text="<html>"), "GET ": answer})
    with pytest.raises(errors.ServiceError, match="read registry"):
        scene.read(status="Queued")


def test_a_read_by_id_of_an_unknown_run_fails() -> None:
    """No state could be kept."""
    scene = Scene("Succeeded")
    scene.service.answers["GET runs/cf1"] = httpx.Response(404, json={"error": {"code": "ResourceNotFound"}})
    with pytest.raises(errors.NotFoundError):
        run.read(scene.service, ID, INPUTS, scene.call)


def test_an_answer_without_images_keeps_images_and_references_together() -> None:
    """Both keep their values."""
    scene = Scene("Succeeded")
    image = {"registry": "r", "repository": "a", "digest": "sha256:1"}
    read = scene.read(status="Succeeded", outputImages=[image], imageRefs=["r/a@sha256:1"])
    assert (read["outputImages"], read["imageRefs"]) == ([image], ["r/a@sha256:1"])


def test_a_refresh_warns_of_a_failed_run_that_was_not_awaited() -> None:
    """It warns once, when it reads the failure."""
    scene = Scene("Failed")
    assert scene.read(status="Queued", wait=False)["status"] == "Failed"
    assert scene.console.warnings == ["Run cf1 ended as Failed. The next pulumi up runs it again."]
    scene.console.warnings.clear()
    scene.read(status="Failed", wait=False)
    assert scene.console.warnings == []


@pytest.mark.parametrize("call", [run.read, run.delete])
def test_a_run_of_another_endpoint_is_refused(call: Callable[..., Any]) -> None:
    """Its id may be another run's there."""
    state = {**INPUTS, "endpoint": "embedded", "cancelOnDelete": True}
    scene = Scene("Running")
    with pytest.raises(errors.EndpointError):
        call(scene.service, ID, state, scene.call)
    assert scene.service.requests == []
