"""The switches over TCP: a client gets the answer that was chosen."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.emulator_choice("an open question of the service; the test asks for one answer to it")


def test_a_create_may_answer_201(emulated: Any, quick_task: Any) -> None:
    """The first PUT answers 201, the second replaces and answers 200; the bodies are alike."""
    arm = emulated(switches={"create-status": 201})
    first, second = (arm("PUT", "tasks/task1", quick_task()) for _ in range(2))
    assert [first.status_code, second.status_code] == [201, 200]
    assert first.json()["properties"] == second.json()["properties"]


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
    """The run is queued, has no log, and can be canceled, twice too."""
    arm = emulated(switches={"agent-delay": 3600})
    run_id = arm.schedule(quick_request())
    assert arm.ok("GET", f"runs/{run_id}")["properties"]["status"] == "Queued"
    assert httpx.get(arm.log_link(run_id)).status_code == 404
    arm.ok("POST", f"runs/{run_id}/cancel")
    assert arm.until(run_id)["properties"]["status"] == "Canceled"
    arm.ok("POST", f"runs/{run_id}/cancel")


def test_a_wrong_switch_stops_the_start(emulated: Any) -> None:
    """The error names the allowed values."""
    from acr_tasks_emulator.settings import SettingsError

    with pytest.raises(SettingsError, match="Switch create-status cannot be '202': 200 or 201 is allowed"):
        emulated(switches={"create-status": 202})
