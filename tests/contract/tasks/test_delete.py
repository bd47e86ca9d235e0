"""DELETE of a task."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.arm_recorded
def test_a_task_is_deleted_at_once(arm: Any, task_name: str, docker_task: Any) -> None:
    """The answer is 200 without a body, and the task is gone."""
    arm.ok("PUT", f"tasks/{task_name}", docker_task())
    answer = arm("DELETE", f"tasks/{task_name}")
    assert answer.status_code == 200
    assert answer.content == b""
    assert arm("GET", f"tasks/{task_name}").status_code == 404
    assert task_name not in [task["name"] for task in arm.ok("GET", "tasks")["value"]]


@pytest.mark.arm_documented("azure-cli issue 26978")
def test_deleting_a_missing_task_is_no_error(arm: Any, task_name: str) -> None:
    """The answer is 204 without a body."""
    answer = arm("DELETE", f"tasks/{task_name}")
    assert answer.status_code == 204
    assert answer.content == b""


@pytest.mark.arm_documented("the specification has no operation that deletes a run")
def test_the_runs_of_a_deleted_task_stay(arm: Any, task_name: str, quick_task: Any) -> None:
    """A run outlives its task."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    run_id = arm.schedule({"type": "TaskRunRequest", "taskName": task_name})
    arm.until(run_id)
    arm("DELETE", f"tasks/{task_name}")
    assert arm.ok("GET", f"runs/{run_id}")["properties"]["task"] == task_name
