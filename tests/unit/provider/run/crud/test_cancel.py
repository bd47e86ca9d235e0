"""An awaited run is canceled with the update, and at a deadline."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
from tests.unit.provider.run.scene import Scene

from pulumi_acr_tasks import errors


def test_a_canceled_update_cancels_the_run() -> None:
    """The run ends within moments, and the error is one sentence."""
    scene = Scene("Running")
    scene.clock.at[5.0] = scene.stop.set
    text = scene.failure(errors.CanceledError)
    assert text == "Run cf1 was canceled at the service, because the update was."
    assert scene.service.requests[-2:] == ["POST runs/cf1/cancel", "GET runs/cf1"]
    assert scene.clock.time <= 5.25


def test_a_run_that_cannot_be_canceled_is_reported() -> None:
    """The user has to cancel it by hand."""
    scene = Scene("Running")
    scene.clock.at[1.0] = scene.stop.set
    scene.service.answers["POST runs/cf1/cancel"] = httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
    text = scene.failure(errors.CanceledError)
    assert "could not be: it may still run" in text
    assert "AuthorizationFailed" in text


def test_a_canceled_update_schedules_no_run() -> None:
    """No request is sent."""
    scene = Scene("Running")
    scene.stop.set()
    scene.failure(errors.CanceledError)
    assert scene.service.requests == []


def test_a_cancellation_while_the_run_is_scheduled_cancels_it() -> None:
    """The answer is awaited, because only it names the run."""
    scene = Scene("Running")
    scene.service.on_schedule = scene.stop.set
    scene.failure(errors.CanceledError)
    assert scene.service.requests == ["POST scheduleRun", "POST runs/cf1/cancel", "GET runs/cf1"]


def test_a_slow_cancellation_is_awaited_for_two_seconds() -> None:
    """The service has accepted it."""
    scene = Scene("Running")
    scene.clock.at[1.0] = scene.stop.set
    scene.service.on_cancel = lambda: None
    scene.failure(errors.CanceledError)
    assert scene.clock.time == 3.0


def test_a_queue_timeout_cancels_a_queued_run() -> None:
    """It is an error of its own."""
    scene = Scene("Queued")
    text = scene.failure(errors.RunQueueTimeoutError, queueTimeout=30)
    assert text.startswith(
        "Run cf1 in registry contoso was still queued after 30 s, its queue timeout: no agent was free; it"
    )
    assert "POST runs/cf1/cancel" in scene.service.requests


def test_a_run_that_stays_queued_is_explained_every_minute() -> None:
    """The service's clock counts, because ours may be off by hours."""
    scene = Scene("Queued")
    began = datetime(2030, 1, 1, tzinfo=timezone.utc)
    scene.service.said = {"createTime": began.isoformat()}
    scene.service.date = lambda: format_datetime(began + timedelta(seconds=scene.clock.time), usegmt=True)
    scene.failure(errors.RunQueueTimeoutError, queueTimeout=200)
    hints = [status for status in scene.console.statuses if "has been Queued" in status]
    assert [hint.split(":")[0] for hint in hints] == [f"cf1 has been Queued for {minutes} min" for minutes in (1, 2, 3)]


def test_a_custom_timeout_cancels_the_run() -> None:
    """It counts from the beginning of the request."""
    scene = Scene("Running", timeout=60.0)
    text = scene.failure(errors.RunDeadlineError, queueTimeout=30)
    assert text.startswith("Run cf1 in registry contoso was still running after 60 s (the resource's custom timeout)")
    assert "POST runs/cf1/cancel" in scene.service.requests
