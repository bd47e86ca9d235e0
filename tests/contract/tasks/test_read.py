"""GET, list and listDetails of tasks."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.arm_recorded
def test_get_answers_what_put_answered(arm: Any, task_name: str, docker_task: Any) -> None:
    """A task reads as it was written."""
    made = arm.ok("PUT", f"tasks/{task_name}", {**docker_task(), "tags": {"A": "b"}})
    assert arm.ok("GET", f"tasks/{task_name}") == made


@pytest.mark.arm_documented("TaskListResult")
def test_list_has_every_task(arm: Any, task_name: str, docker_task: Any) -> None:
    """The list has each task as GET answers it."""
    made = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    page = arm("GET", "tasks")
    found = []
    while True:
        assert page.status_code == 200
        found += [task for task in page.json()["value"] if task["name"] == task_name]
        if not page.json().get("nextLink"):
            break
        page = arm.http.get(page.json()["nextLink"])
    assert found == [made]


@pytest.mark.arm_recorded
def test_list_details_answers_the_same_task(arm: Any, task_name: str, docker_task: Any) -> None:
    """For a task without secrets listDetails answers the same as GET."""
    made = arm.ok("PUT", f"tasks/{task_name}", docker_task())
    assert arm.ok("POST", f"tasks/{task_name}/listDetails") == made


@pytest.mark.parametrize(
    ("method", "suffix", "body"),
    [("GET", "", None), ("POST", "/listDetails", None), ("PATCH", "", {"properties": {"timeout": 600}})],
)
@pytest.mark.emulator_choice("the body of the 404 for a missing task has never been recorded")
def test_a_missing_task_is_not_found(method: str, suffix: str, body: Any, arm: Any) -> None:
    """The answer is 404 and names the task."""
    answer = arm(method, f"tasks/nosuchtask{suffix}", body)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "ResourceNotFound"
    assert "nosuchtask" in answer.json()["error"]["message"]
