"""PATCH of a run."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.arm_recorded
def test_a_run_is_archived(arm: Any, quick_request: Any) -> None:
    """isArchiveEnabled changes, and the system data now tells who created the run."""
    run_id = arm.schedule(quick_request())
    before = arm.until(run_id)
    answer = arm("PATCH", f"runs/{run_id}", {"isArchiveEnabled": True})
    assert answer.status_code == 200
    after = answer.json()
    assert after["properties"]["isArchiveEnabled"] is True
    # To the second: whether there is a fraction depends on what wrote the time.
    assert after["properties"]["lastUpdatedTime"][:19] >= before["properties"]["lastUpdatedTime"][:19]
    assert {"createdBy", "createdByType", "createdAt"} <= set(after["systemData"])
    unchanged = ("lastUpdatedTime", "isArchiveEnabled")
    assert {key: value for key, value in after["properties"].items() if key not in unchanged} == {
        key: value for key, value in before["properties"].items() if key not in unchanged
    }
    assert arm.ok("GET", f"runs/{run_id}")["properties"] == after["properties"]
    assert arm.ok("PATCH", f"runs/{run_id}", {"isArchiveEnabled": False})["properties"]["isArchiveEnabled"] is False
