"""A registry with 1,000 tasks and 10,000 runs, and an emulator with many registries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import acr_tasks_emulator
from acr_tasks_emulator.store.database import Database
from acr_tasks_emulator.store.runs import RunStore

from .conftest import Dashboard

TASKS, RUNS = 1000, 10_000


@pytest.fixture(scope="module")
def full_folder(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data folder with many tasks and runs; the oldest run is of the first task, the newest of the last."""
    folder = tmp_path_factory.mktemp("full")
    with acr_tasks_emulator.serve(folder) as emulator:
        services = emulator.application.services
        registry = services.registries.named("emulator")
        assert registry
        step = {"type": "EncodedTask", "encodedTaskContent": "dmVyc2lvbjogdjEuMS4w"}
        body = {"location": registry.location, "properties": {"platform": {"os": "Linux"}, "step": step}}
        for number in range(TASKS):
            services.tasks.create(registry, f"task-{number:04}", body)
        first = services.runs.schedule(registry, {"type": "TaskRunRequest", "taskName": "task-0000"})["name"]
    database = Database(folder / "emulator.sqlite")
    store = RunStore(database)
    row = store.get(first)
    assert row
    with database.transaction():
        for number in range(row.number + 1, row.number + RUNS):
            run_id = f"{first[:2]}{number:x}"
            properties = row.document["properties"] | {
                "runId": run_id,
                "status": "Succeeded",
                "task": f"task-{number % TASKS:04}",
            }
            document = row.document | {"name": run_id, "properties": properties}
            store.add(replace(row, run_id=run_id, number=number, document=document))
    database.close()
    return folder


@pytest.fixture
def page(full_folder: Path, dashboard: Callable[..., Dashboard]) -> Iterator[Page]:
    return dashboard(data=full_folder).open_tab().open()


def rows(page: Page, name: str) -> list[str]:
    """Return the first cells of a table's rows."""
    cells = page.get_by_role("region", name=re.compile(name)).get_by_role("rowheader").all_text_contents()
    return [cell.strip() for cell in cells]


def test_paging_through_runs(page: Page) -> None:
    """Older runs follow page by page, each exactly once, and a link leads back to the newest."""
    seen = rows(page, "Runs of")
    for _ in range(3):
        page.get_by_role("link", name="Older runs").click()
        page.wait_for_url(re.compile("runs="))
        expect(page.locator(f"#run-{seen[-1]}")).to_have_count(0)
        seen += rows(page, "Runs of")
    numbers = [int(run_id[2:], 16) for run_id in seen]
    assert numbers == list(range(numbers[0], numbers[0] - 100, -1))
    page.get_by_role("link", name="Back to the newest runs").click()
    expect(page.locator(f"#run-{seen[0]}")).to_be_visible()


def test_finding_a_task(page: Page) -> None:
    """A part of a name finds a task among a thousand; its row shows the last run and leads to all of its runs."""
    assert "Tasks (1000)" in page.content()
    assert rows(page, "Tasks of")[:2] == ["task-0000", "task-0001"]
    page.get_by_label("Name contains").fill("0776")
    page.get_by_label("Name contains").press("Enter")
    page.wait_for_url(re.compile("name=0776"))
    assert rows(page, "Tasks of") == ["task-0776"]
    row = page.get_by_role("region", name="Tasks of").get_by_role("row").nth(1)
    expect(row).to_contain_text("Succeeded")
    page.get_by_role("region", name="Tasks of").get_by_role("link", name="task-0776").click()
    page.wait_for_url(re.compile("/tasks/emulator/task-0776"))
    assert len(rows(page, "Runs of")) == RUNS // TASKS


def test_paging_through_tasks(page: Page) -> None:
    """More tasks follow page by page, also among search results."""
    page.get_by_role("link", name="More tasks").click()
    page.wait_for_url(re.compile("after=task-0049"))
    assert rows(page, "Tasks of")[0] == "task-0050"
    page.get_by_label("Name contains").fill("task-09")
    page.get_by_role("button", name="Find").click()
    page.wait_for_url(re.compile("name=task-09"))
    assert (rows(page, "Tasks of")[0], rows(page, "Tasks of")[-1]) == ("task-0900", "task-0949")
    page.get_by_role("link", name="More tasks").click()
    page.wait_for_url(re.compile("after=task-0949"))
    assert rows(page, "Tasks of")[0] == "task-0950"


def test_a_page_has_a_limited_size(page: Page) -> None:
    """A page has a few thousand elements at most, however many tasks and runs exist."""
    assert page.evaluate("document.querySelectorAll('*').length") < 3000


def test_many_registries(dashboard: Callable[..., Dashboard]) -> None:
    """Several registries share the first page, each with a link to a page of its own."""
    names = tuple(f"contoso{number:02}" for number in range(14))
    here = dashboard((*names, "emulator"))
    here.put("quick-task")
    page = here.open_tab().open()
    expect(page.get_by_role("navigation", name="Registries").get_by_role("link")).to_have_count(15)
    expect(page.get_by_text("Only the first 12 of 15 registries")).to_be_visible()
    page.get_by_role("navigation", name="Registries").get_by_role("link", name="emulator").click()
    page.wait_for_url(re.compile("/registries/emulator"))
    expect(page.get_by_role("link", name="quick-task")).to_be_visible()
