"""Runs_List: order, $top and $filter."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def three_runs(arm: Any, task_name: str, quick_task: Any) -> list[str]:
    """Three finished runs of this test's task, oldest first; the second is archived."""
    arm.ok("PUT", f"tasks/{task_name}", quick_task())
    runs = []
    for _ in range(3):
        runs.append(arm.schedule({"type": "TaskRunRequest", "taskName": task_name}))
        arm.until(runs[-1])
    arm.ok("PATCH", f"runs/{runs[1]}", {"isArchiveEnabled": True})
    return runs


@pytest.fixture
def listed(arm: Any) -> Any:
    """List runs and return their ids."""

    def ask(filter_: str | None = None, top: int | None = None) -> list[str]:
        query = {**({"$filter": filter_} if filter_ else {}), **({"$top": top} if top else {})}
        return [run["name"] for run in arm.ok("GET", "runs", **query)["value"]]

    return ask


@pytest.mark.arm_documented("azure-cli: task logs shows the first of the list as the last created run")
def test_the_newest_run_comes_first(listed: Any, three_runs: list[str]) -> None:
    """Runs are listed newest first."""
    assert listed()[:3] == three_runs[::-1]


@pytest.mark.arm_recorded
def test_runs_of_one_task(arm: Any, task_name: str, listed: Any, three_runs: list[str], quick_request: Any) -> None:
    """The filter that every client sends, PascalCase on the wire, gives that task's runs only."""
    arm.until(arm.schedule(quick_request()))
    assert listed(f"TaskName eq '{task_name}'", top=15) == three_runs[::-1]


@pytest.mark.arm_recorded
def test_one_page_has_no_link(arm: Any, task_name: str, three_runs: list[str]) -> None:
    """A list of one page has no nextLink, not even null."""
    page = arm.ok("GET", "runs", **{"$filter": f"TaskName eq '{task_name}'", "$top": 15})
    assert list(page) == ["value"]
    assert len(page["value"]) == len(three_runs)


@pytest.mark.arm_recorded
def test_a_listed_run_is_the_run(arm: Any, task_name: str, three_runs: list[str]) -> None:
    """The list has each run as GET answers it."""
    runs = arm.ok("GET", "runs", **{"$filter": f"TaskName eq '{task_name}'"})["value"]
    assert runs == [arm.ok("GET", f"runs/{run_id}") for run_id in three_runs[::-1]]


@pytest.mark.arm_documented("parameter $top: limits the maximum number of runs to return")
def test_top_limits_the_answer(task_name: str, listed: Any, three_runs: list[str]) -> None:
    """$top gives the newest ones and no more."""
    assert listed(f"TaskName eq '{task_name}'", top=1) == three_runs[2:]
    assert listed(f"TaskName eq '{task_name}'", top=2) == [three_runs[2], three_runs[1]]
    assert len(listed(top=2)) == 2


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("taskname eq '{task}'", "cba"),
        ("TaskName eq '{task}' and Status eq 'Succeeded'", "cba"),
        ("TaskName eq '{task}' and Status eq 'Failed'", ""),
        ("TaskName eq '{task}' and Status ne 'Failed'", "cba"),
        ("TaskName eq '{task}' and RunType eq 'QuickRun'", "cba"),
        ("TaskName eq '{task}' and IsArchiveEnabled eq true", "b"),
        ("TaskName eq '{task}' and isArchiveEnabled eq false", "ca"),
        ("RunId eq '{a}'", "a"),
        ("runId eq '{a}' or runId eq '{c}'", "ca"),
        ("TaskName eq '{task}' and (RunId eq '{a}' or RunId eq '{b}')", "ba"),
        ("TaskName eq '{task}' and contains(OutputImageManifests, 'app@sha256:00')", ""),
        ("TaskName eq 'nosuchtask'", ""),
    ],
)
@pytest.mark.arm_documented("RunFilter and parameter $filter: every logical operator except not, has and all")
def test_a_filter_selects_runs(filter_: str, expected: str, task_name: str, listed: Any, three_runs: list[str]) -> None:
    """Comparisons of any member, joined by `and` and `or`, with names in any case."""
    ids = dict(zip("abc", three_runs, strict=True))
    assert listed(filter_.format(task=task_name, **ids)) == [ids[letter] for letter in expected]


@pytest.mark.emulator_choice("comparisons of dates are OData, and have not been seen")
def test_a_filter_compares_times(arm: Any, task_name: str, listed: Any, three_runs: list[str]) -> None:
    """createTime is compared as a time."""
    middle = arm.ok("GET", f"runs/{three_runs[1]}")["properties"]["createTime"]
    assert listed(f"TaskName eq '{task_name}' and CreateTime ge {middle}") == [three_runs[2], three_runs[1]]
    assert listed(f"TaskName eq '{task_name}' and CreateTime lt {middle}") == [three_runs[0]]
    assert listed(f"TaskName eq '{task_name}' and CreateTime ge 2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize("filter_", ["TaskName", "TaskName eq", "Nonsense eq 'x'", "TaskName eq 'x", "1 add 1 eq 2"])
@pytest.mark.emulator_choice("the answer to a filter that cannot be read has not been seen")
def test_a_filter_that_cannot_be_read_is_refused(filter_: str, arm: Any) -> None:
    """A wrong filter is an error of the request, not an empty list."""
    answer = arm("GET", "runs", **{"$filter": filter_})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"]
