"""POST of cancel."""

from __future__ import annotations

from typing import Any

import pytest


def cancel(arm: Any, run_id: str) -> None:
    answer = arm("POST", f"runs/{run_id}/cancel")
    assert answer.status_code in (200, 202)
    assert answer.content == b""


@pytest.mark.arm_documented("Runs_Cancel: 200 or 202 without a body; then poll")
def test_a_running_run_is_canceled(arm: Any, blobs: Any, long_run: Any) -> None:
    """The run ends Canceled, and its log says the same."""
    run_id = long_run()
    arm.until(run_id, "Running")
    cancel(arm, run_id)
    run = arm.until(run_id)
    assert run["properties"]["status"] == "Canceled"
    assert run["properties"]["finishTime"] > run["properties"]["startTime"]
    head = blobs.head(arm.log_link(run_id))
    assert head.headers["x-ms-meta-complete"].lower() == "canceled"


@pytest.mark.arm_documented("Runs_Cancel: 200 or 202 without a body; then poll")
def test_a_queued_run_is_canceled(arm: Any, queued_run: str) -> None:
    """A run that has no agent yet ends Canceled too."""
    cancel(arm, queued_run)
    assert arm.until(queued_run)["properties"]["status"] == "Canceled"


@pytest.mark.emulator_choice("cancel of a finished run has not been seen; a client accepts success and 409")
def test_a_finished_run_stays_as_it_is(arm: Any, quick_request: Any) -> None:
    """A run that has succeeded stays Succeeded, whatever the answer to the cancellation."""
    run_id = arm.schedule(quick_request())
    before = arm.until(run_id)
    assert arm("POST", f"runs/{run_id}/cancel").status_code in (200, 202, 204, 409)
    assert arm.ok("GET", f"runs/{run_id}")["properties"] == before["properties"]
