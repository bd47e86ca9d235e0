"""The failures of an awaited run: cancellations, timeouts, and outages of the service."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.scene import Scene

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.run.context import PackingProgress

FORBIDDEN = {"error": {"code": "AuthorizationFailed", "message": "no permission to cancel"}}
HAS_ENDED = {"error": {"code": "RunAlreadyEnded"}}


def refuse(scene: Scene, status: int, body: dict[str, Any]) -> None:
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(status, json=body)


@pytest.mark.parametrize(
    ("status", "kind", "timeout", "inputs"),
    [
        ("Running", errors.RunDeadlineError, 60.0, {}),
        ("Queued", errors.RunDeadlineError, 60.0, {}),
        ("Queued", errors.RunQueueTimeoutError, 0.0, {"queueTimeout": 30}),
    ],
)
def test_a_refused_cancellation_is_reported_after_a_timeout_too(
    status: str, kind: type[errors.RunError], timeout: float, inputs: dict[str, Any]
) -> None:
    """The error has the service's words; the run may go on, and the next update resumes it."""
    scene = Scene(status, timeout=timeout)
    refuse(scene, 403, FORBIDDEN)
    text = scene.failure(kind, **inputs)
    assert "it could not be canceled and may still run" in text.splitlines()[0]
    assert "AuthorizationFailed" in text
    assert "no permission to cancel" in text
    assert "was canceled" not in text


NEXT: dict[str, Callable[[Scene], None]] = {
    "404": lambda scene: scene.service.answers.update({"GET runs/cf1": httpx.Response(404, json={"error": {}})}),
    "403": lambda scene: scene.service.answers.update({"GET runs/cf1": httpx.Response(403, json=FORBIDDEN)}),
    "500": lambda scene: scene.service.answers.update({"GET runs/cf1": httpx.Response(500, text="ill")}),
    "HTML": lambda scene: scene.service.answers.update({"GET runs/cf1": httpx.Response(200, text="<html>")}),
    "still running": lambda scene: None,
    "failed": lambda scene: scene.service.statuses.__setitem__(slice(None), ["Failed"]),
    "canceled": lambda scene: scene.service.statuses.__setitem__(slice(None), ["Canceled"]),
}


@pytest.mark.parametrize("answer", NEXT)
def test_an_accepted_cancellation_is_accepted_whatever_the_next_answer_is(answer: str) -> None:
    """The next answer changes nothing, after ^C and after a timeout."""
    scene = Scene("Running")
    scene.clock.at[5.0] = scene.stop.set
    scene.service.on_cancel = lambda: NEXT[answer](scene)
    assert scene.failure(errors.CanceledError).startswith("Run cf1 was canceled at the service")
    scene = Scene("Running", timeout=60.0)
    scene.service.on_cancel = lambda: NEXT[answer](scene)
    assert "it was canceled" in scene.failure(errors.RunDeadlineError).splitlines()[0]


@pytest.mark.parametrize("timeout", [0.0, 60.0])
def test_a_run_that_succeeded_in_the_last_moment_has_succeeded(timeout: float) -> None:
    """Its images exist, and no message says that it was canceled."""
    scene = Scene("Running", timeout=timeout)
    if not timeout:
        scene.clock.at[5.0] = scene.stop.set
    scene.service.on_cancel = lambda: scene.service.statuses.__setitem__(slice(None), ["Succeeded"])
    assert scene.create()[1]["status"] == "Succeeded"
    assert scene.console.statuses[-1] == "cf1 succeeded"
    assert not any("canceled" in status for status in scene.console.statuses)


def test_a_run_that_ended_before_its_cancellation_reports_its_own_failure() -> None:
    """The refused cancellation is not reported."""
    scene = Scene("Running", "Running", "Failed")
    scene.clock.at[2.2] = scene.stop.set
    refuse(scene, 409, HAS_ENDED)
    assert "failed" in scene.failure(errors.RunFailedError)


def test_without_a_network_a_cancellation_is_one_request() -> None:
    """Another request would get no answer either."""
    scene = Scene("Running")
    scene.clock.at[5.0] = scene.stop.set

    def lost() -> None:
        raise errors.TransportError("cancel run cf1: cannot connect")

    scene.service.on_cancel = lost
    before = scene.clock.time
    text = scene.failure(errors.CanceledError)
    assert "could not be: it may still run; cancel it with: az acr task cancel-run -r contoso --run-id cf1" in text
    assert "cannot connect" in text
    assert scene.service.requests[-1] == "POST runs/cf1/cancel"
    assert scene.clock.time - before <= 6.0


def test_an_outage_is_reported_and_given_up() -> None:
    """The run goes on and stays in the journal, and the error says what to do."""
    scene = Scene("Running")
    asked: list[float] = []

    def lost(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            asked.append(scene.clock.time)
            raise errors.TransportError("read run /x/runs/cf1: cannot connect (https://arm.example: ConnectError)")
        return send(request)

    send = scene.service._client._send
    scene.service._client._send = lost
    text = scene.failure(errors.RunUnreachableError)
    told = [status for status in scene.console.statuses if "has not answered since" in status]
    assert "cannot connect (https://arm.example: ConnectError); cf1 is asked for again; given up after 600 s" in told[0]
    headline = text.splitlines()[0]
    assert "the service has not answered for 6" in headline
    assert "acr-tasks:answerTimeout" in headline
    assert "the next pulumi up awaits it" in headline
    assert "cannot connect" in text
    assert "POST runs/cf1/cancel" not in scene.service.requests
    assert 595.0 <= scene.clock.time <= 620.0


def test_packing_is_shown_and_ended_by_the_cancellation(tmp_path: Path) -> None:
    """After a cancellation nothing is uploaded, and no run is scheduled."""
    scene = Scene("Succeeded")
    packing = PackingProgress(scene.console.status, scene.stop, interval=0.0)
    packing(3 << 20)
    assert scene.console.statuses == ["packing the context, 3 MiB so far"]
    scene.stop.set()
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    request = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile"}
    text = scene.failure(errors.CanceledError, context=str(tmp_path), contextHash="sha256:1", runRequest=request)
    assert "while the context was packed" in text
    assert scene.service.requests == []
