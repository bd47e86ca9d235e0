"""The switches over TCP: a client gets the answer that was chosen."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.emulator_choice("an open question of the service; the test asks for one answer to it")

SOURCE = {
    "name": "s",
    "sourceTriggerEvents": ["commit"],
    "sourceRepository": {"sourceControlType": "VisualStudioTeamService", "repositoryUrl": "https://dev.azure.com/a/b"},
}


def test_a_create_may_answer_201(emulated: Any, quick_task: Any) -> None:
    """The first PUT answers 201, the second replaces and answers 200; the bodies are alike."""
    arm = emulated(switches={"create-status": 201})
    first, second = (arm("PUT", "tasks/task1", quick_task()) for _ in range(2))
    assert [first.status_code, second.status_code] == [201, 200]
    assert first.json()["properties"] == second.json()["properties"]


def test_a_missing_task_may_have_no_body(emulated: Any, quick_task: Any) -> None:
    """The answer is a 404 without a body; a missing registry is answered as usual."""
    arm = emulated(switches={"missing-task-code": "empty"})
    answer = arm("GET", "tasks/nosuch")
    assert (answer.status_code, answer.content) == (404, b"")
    registry = arm("GET", f"{arm.registry}x/tasks/nosuch")
    assert registry.json()["error"]["code"] == "ResourceNotFound"


def test_a_webhook_that_cannot_be_made_names_its_provider(emulated: Any, quick_task: Any) -> None:
    """The error has a target and details, as the service writes them."""
    arm = emulated(switches={"source-trigger-check": "409"})
    answer = arm("PUT", "tasks/task1", quick_task(trigger={"sourceTriggers": [SOURCE]}))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["target"]) == (409, "ProviderCall", "VisualStudioTeamService")
    assert error["details"] == [{"code": "Forbidden", "message": None, "target": None}]
    assert arm("GET", "tasks/task1").status_code == 404


def test_two_timers_may_not_have_one_schedule(emulated: Any, quick_task: Any) -> None:
    """Equal schedules are refused in a PUT and in a PATCH; different ones are accepted."""
    arm = emulated(switches={"equal-schedules": "refused"})
    one, other = {"name": "t1", "schedule": "0 9 * * Mon"}, {"name": "t2", "schedule": "0 10 * * Mon"}
    equal = {**other, "schedule": "0  9 * * mon"}
    refused = arm("PUT", "tasks/task1", quick_task(trigger={"timerTriggers": [one, equal]}))
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "InvalidInputValue")
    arm.ok("PUT", "tasks/task1", quick_task(trigger={"timerTriggers": [one, other]}))
    assert arm("PATCH", "tasks/task1", {"properties": {"trigger": {"timerTriggers": [equal]}}}).status_code == 400
    arm.ok("PATCH", "tasks/task1", {"properties": {"trigger": {"timerTriggers": [{**one, "schedule": "0 8 * * *"}]}}})
    arm.ok("PATCH", "tasks/task1", {"properties": {"trigger": {"timerTriggers": [equal]}}})


def test_a_small_page_has_a_next_link(emulated: Any, quick_task: Any) -> None:
    """A client that follows the links verbatim gets every task once."""
    arm = emulated(switches={"page-size": 2})
    for number in range(5):
        arm.ok("PUT", f"tasks/task{number}", quick_task())
    names, url, pages = [], f"{arm.registry}/tasks?api-version=2019-04-01", 0
    while url:
        page = arm.http.get(url).json()
        names += [task["name"] for task in page["value"]]
        url, pages = page.get("nextLink"), pages + 1
    assert names == [f"task{number}" for number in range(5)]
    assert pages == 3


def test_a_token_in_another_spelling_is_accepted(emulated: Any, quick_task: Any) -> None:
    """A caller that spells the parameter in another case gets every page too."""
    arm = emulated(switches={"page-size": 1})
    for number in range(3):
        arm.ok("PUT", f"tasks/task{number}", quick_task())
    names, url = [], f"{arm.registry}/tasks?api-version=2019-04-01"
    while url and len(names) < 5:
        page = arm.http.get(url.replace("skiptoken", "SkipToken")).json()
        names += [task["name"] for task in page["value"]]
        url = page.get("nextLink")
        assert not url or url.lower().count("skiptoken") == 1
    assert names == ["task0", "task1", "task2"]


def test_a_run_waits_for_its_agent(emulated: Any, quick_request: Any) -> None:
    """The run is queued, has no log, and can be canceled; a second cancellation may be refused."""
    arm = emulated(switches={"agent-delay": 3600, "cancel-finished": 409})
    run_id = arm.schedule(quick_request())
    assert arm.ok("GET", f"runs/{run_id}")["properties"]["status"] == "Queued"
    assert httpx.get(arm.log_link(run_id)).status_code == 404
    arm.ok("POST", f"runs/{run_id}/cancel")
    assert arm.until(run_id)["properties"]["status"] == "Canceled"
    assert arm("POST", f"runs/{run_id}/cancel").status_code == 409


def test_a_subscription_may_have_no_tasks(emulated: Any, quick_task: Any, quick_request: Any) -> None:
    """Changes and runs are refused with the service's text; reads are not."""
    arm = emulated(switches={"tasks-operations": "none"})
    for method, path, body in (
        ("PUT", "tasks/task1", quick_task()),
        ("PATCH", "tasks/task1", {}),
        ("POST", "scheduleRun", quick_request()),
        ("POST", "listBuildSourceUploadUrl", None),
    ):
        answer = arm(method, path, body)
        assert (answer.status_code, answer.json()["error"]["target"]) == (400, "request"), path
        assert answer.json()["error"]["code"] == "TasksOperationsNotAllowed"
    assert arm.ok("GET", "tasks") == {"value": []}


def test_a_wrong_switch_stops_the_start(emulated: Any) -> None:
    """The error names the allowed values."""
    from acr_tasks_emulator.settings import SettingsError

    with pytest.raises(SettingsError, match="Switch create-status cannot be '202': 200 or 201 is allowed"):
        emulated(switches={"create-status": 202})
