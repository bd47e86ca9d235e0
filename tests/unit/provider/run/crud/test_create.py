"""The create of a run: scheduled, awaited by its status, its images returned."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import ID, INPUTS, Scene

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.source.context import Context


def test_a_run_is_scheduled_and_awaited_by_its_status() -> None:
    """The request is sent as given, and the outputs have the run's properties beside the inputs."""
    scene = Scene("Queued", "Running", "Succeeded")
    scene.service.said = {
        "createTime": "2026-01-01T00:00:00Z",
        "outputImages": [
            {"registry": "contoso.azurecr.io", "repository": "b", "tag": "v1", "digest": "sha256:2"},
            {"registry": "contoso.azurecr.io", "repository": "a", "tag": "v1", "digest": "sha256:1"},
        ],
    }
    id_, outputs = scene.create(triggers=["1"])
    assert id_ == ID
    assert scene.service.bodies == [INPUTS["runRequest"]]
    assert scene.service.requests == ["POST scheduleRun", *["GET runs/cf1"] * 3]
    assert outputs.items() >= {**INPUTS, "triggers": ["1"], "runId": "cf1", "status": "Succeeded"}.items()
    assert outputs["imageRefs"] == ["contoso.azurecr.io/b@sha256:2", "contoso.azurecr.io/a@sha256:1"]
    assert scene.console.statuses == ["queued as cf1", "cf1: Queued", "cf1: Running", "cf1 succeeded"]


def encoded(task: str) -> dict[str, Any]:
    content = base64.b64encode(task.encode()).decode()
    return {**INPUTS["runRequest"], "encodedTaskContent": content}


PUSHES = [
    ("steps:\n  - push: [$Registry/a]\n", True),
    ("steps:\n  - id: p\n    push:\n      - a\n", True),
    ("steps:\n  - cmd: echo push: it\n", False),
    ("# push: nothing\nsteps: []\n", False),
]


@pytest.mark.parametrize(("task", "warns"), PUSHES)
def test_pushes_without_reported_images_are_a_warning(task: str, warns: bool) -> None:
    """Otherwise an empty image_refs would be a surprise."""
    scene = Scene("Succeeded")
    outputs = scene.create(runRequest=encoded(task))[1]
    assert outputs["imageRefs"] == []
    assert ["no references to images" in warning for warning in scene.console.warnings] == [True] * warns


def test_reported_pushes_are_not_a_warning() -> None:
    """The digests are there."""
    scene = Scene("Succeeded")
    scene.service.said = {"outputImages": [{"registry": "r", "repository": "a", "digest": "sha256:1"}]}
    scene.create(runRequest=encoded(PUSHES[0][0]))
    assert scene.console.warnings == []


def test_a_run_that_is_not_awaited_is_returned_as_it_was_queued() -> None:
    """A later refresh shows how it ended."""
    scene = Scene("Running")
    assert scene.create(wait=False)[1]["status"] == "Queued"
    assert scene.service.requests == ["POST scheduleRun"]


def test_a_context_that_changed_since_check_is_refused(tmp_path: Path) -> None:
    """It is not uploaded, because state would have the hash of another content."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    scene = Scene("Succeeded")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    text = scene.failure(errors.SourceError, context=str(tmp_path), contextHash="sha256:other", runRequest=request)
    assert "has changed since" in text
    assert scene.service.requests == []


def test_a_context_is_not_sent_over_plain_http(tmp_path: Path) -> None:
    """If the service is asked by https, a plain-http link is refused before the upload."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    scene = Scene("Succeeded")
    answer = {"uploadUrl": "http://storage.example/c?sig=hush", "relativePath": "source/c"}
    scene.service.answers["POST listBuildSourceUploadUrl"] = httpx.Response(200, json=answer)
    digest = Context(tmp_path, request).fingerprint().hash
    text = scene.failure(errors.SourceError, context=str(tmp_path), contextHash=digest, runRequest=request)
    assert "a plain-http link to storage.example" in text
    assert "hush" not in text


def test_an_address_is_passed_to_the_service() -> None:
    """No context is packed or uploaded."""
    scene = Scene("Succeeded")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    _, outputs = scene.create(context="oci://contoso.azurecr.io/context:v1", runRequest=request)
    assert scene.service.bodies == [{**request, "sourceLocation": "oci://contoso.azurecr.io/context:v1"}]
    assert outputs["runRequest"] == request


def test_a_refused_request_is_an_error() -> None:
    """State then has no run."""
    scene = Scene("Succeeded")
    scene.service.answers["POST scheduleRun"] = httpx.Response(400, json={"error": {"code": "InvalidInputValue"}})
    assert "InvalidInputValue" in scene.failure(errors.InvalidRequestError)
