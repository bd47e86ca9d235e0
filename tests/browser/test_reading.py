"""Whoever reads the page: on a light or a dark screen, a narrow one, by keyboard, by ear."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from .conftest import QUICK, STILL, Dashboard

CONTRAST = Path(__file__).with_name("contrast.js").read_text()
LEAST_CONTRAST = 4.5  # WCAG 2.2, success criterion 1.4.3
COLOURS = b"".join(
    b"\x1b[%dm colour \x1b[0m\x1b[2;%dm dim \x1b[0m\x1b[7;%dm turned \x1b[0m" % (n, n, n) for n in range(30, 38)
)
GROUNDS = b"".join(b"\x1b[%d;%dm ground \x1b[0m" % (n + 10, f) for n in range(30, 38) for f in (31, 39))
LONG_NAME = "a-task-whose-name-has-as-many-letters-as-can-be-50"


@pytest.fixture
def lively(dashboard: Callable[..., Dashboard]) -> tuple[Dashboard, list[str]]:
    """A dashboard with something of everything, and the paths of its pages."""
    here = dashboard(("emulator", "contoso"))
    timers = [{"name": "t1", "schedule": "0 3 * * *"}, {"name": "t2", "schedule": "0 4 * * *", "status": "Disabled"}]
    repository = {"sourceControlType": "Github", "repositoryUrl": f"https://github.com/{'o' * 39}/{'r' * 100}"}
    source = {"name": "s1", "sourceRepository": {**repository, "branch": "main"}, "sourceTriggerEvents": ["commit"]}
    here.put(LONG_NAME, trigger={"timerTriggers": timers, "sourceTriggers": [source]})
    here.put("broken", "steps: [", status="Disabled")
    here.put("still-task", STILL)
    for name in (LONG_NAME, "broken"):
        here.run(name)
    run_id = here.run("still-task")
    here.print(run_id, COLOURS + b"\r\n" + GROUNDS + b"\r\n" + b"x" * 500 + b"\r\n")
    other = ["/registries/contoso", "/registries/emulator?name=nothing", "/runs/emulator/none"]
    return here, ["/", "/registries/emulator", f"/tasks/emulator/{LONG_NAME}", f"/runs/emulator/{run_id}", *other]


def visit(page: Page, here: Dashboard, path: str) -> None:
    answer = page.goto(here.emulator.endpoint.rstrip("/") + path)
    assert answer is not None
    assert answer.status == (404 if path.endswith("/none") else 200)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(lively: tuple[Dashboard, list[str]], scheme: str) -> None:
    """All text stands out from what is behind it by 4.5 to 1 or more."""
    here, paths = lively
    tab = here.open_tab(color_scheme=scheme)
    for path in paths:
        visit(tab.page, here, path)
        measured = tab.page.evaluate(CONTRAST)
        assert len(measured) > 8
        assert [one for one in measured if one["ratio"] < LEAST_CONTRAST] == [], path
    tab.complaints.clear()  # the browser's own, about the 404


def test_light_and_dark(lively: tuple[Dashboard, list[str]]) -> None:
    """The page is as light or as dark as the system is set."""
    here, _ = lively
    grounds = {}
    for scheme in ("light", "dark"):
        page = here.open_tab(color_scheme=scheme).open()
        text = page.evaluate("getComputedStyle(document.body).backgroundColor")
        grounds[scheme] = sum(int(part) for part in text.removeprefix("rgb(").removesuffix(")").split(","))
    assert grounds["light"] > 600
    assert grounds["dark"] < 150


@pytest.mark.parametrize("width", [320, 900, 1280])
def test_no_sideways_scrolling(lively: tuple[Dashboard, list[str]], width: int) -> None:
    """However narrow the screen and however long the names, nothing sticks out of the page."""
    here, paths = lively
    tab = here.open_tab(viewport={"width": width, "height": 700})
    for path in paths:
        visit(tab.page, here, path)
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width, path
    tab.complaints.clear()  # the browser's own, about the 404


def test_keyboard(lively: tuple[Dashboard, list[str]]) -> None:
    """Tab goes through everything in the page's order, visibly, and out again; Enter presses what has the focus."""
    here, _ = lively
    page = here.open_tab().open("/registries/emulator")
    wanted = page.locator("a[href], button, input, [tabindex='0']")
    count = wanted.count()
    order = page.evaluate_handle("[...document.querySelectorAll(\"a[href], button, input, [tabindex='0']\")]")
    for number in range(count):
        page.keyboard.press("Tab")
        seen = page.evaluate(
            "order => [order.indexOf(document.activeElement), getComputedStyle(document.activeElement).outlineStyle,"
            " document.activeElement.getBoundingClientRect().left >= 0]",
            order,
        )
        assert seen == [number, "solid", True]
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement === document.body")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()
    page.get_by_role("button", name=f"Run task {LONG_NAME} now").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/runs/emulator/*")
    expect(page.get_by_role("status")).to_contain_text("Succeeded")


def test_by_ear(lively: tuple[Dashboard, list[str]]) -> None:
    """Whatever can be pressed or read has a name, and no two buttons of a page have the same one."""
    here, paths = lively
    tab = here.open_tab()
    for path in paths:
        visit(tab.page, here, path)
        session = tab.page.context.new_cdp_session(tab.page)
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
        named = [
            (node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node.get("ignored")
            and node["role"]["value"] in {"link", "button", "textbox", "region", "log", "table"}
        ]
        assert [role for role, name in named if role != "table" and not name.strip()] == [], path
        buttons = [name for role, name in named if role == "button"]
        assert len(buttons) == len(set(buttons)), path
        roles = {node["role"]["value"] for node in nodes if not node.get("ignored")}
        assert {"main", "banner", "heading"} <= roles
        assert tab.page.locator("h1").count() == 1
        if "row" in roles:
            assert {"columnheader", "rowheader", "cell"} <= roles
    tab.complaints.clear()  # the browser's own, about the 404


@pytest.mark.parametrize(("motion", "is_still"), [("reduce", True), ("no-preference", False)])
def test_motion(lively: tuple[Dashboard, list[str]], motion: str, is_still: bool) -> None:
    """Nothing moves for people who asked for that."""
    here, _ = lively
    page = here.open_tab(reduced_motion=motion).open()
    moving = page.evaluate("document.getAnimations().length")
    assert (moving == 0) is is_still


def test_local_time(lively: tuple[Dashboard, list[str]]) -> None:
    """Times are shown in UTC; pointing at one tells what it is where the reader is."""
    here, paths = lively
    page = here.open_tab(timezone_id="Asia/Tokyo", locale="en-GB").open(paths[2])
    time = page.locator("table time").first
    expect(time).to_contain_text("03:00:00 UTC")
    assert "12:00:00 here" in (time.get_attribute("title") or "")
    utc = here.open_tab(timezone_id="UTC").open(paths[2])
    assert "here" not in (utc.locator("table time").first.get_attribute("title") or "")


def test_what_is_empty(dashboard: Callable[..., Dashboard]) -> None:
    """Where there is nothing yet, the page says what would be there and where it comes from."""
    here = dashboard()
    page = here.open_tab().open()
    expect(page.get_by_text("No tasks and no runs yet.")).to_be_visible()
    here.put("quick-task", QUICK)
    page.reload()
    expect(page.get_by_text("No runs yet.")).to_be_visible()
    page.get_by_role("link", name="quick-task").click()
    expect(page.get_by_text("No triggers")).to_be_visible()
    expect(page.get_by_text("This task has not run yet.")).to_be_visible()
    here.ask("DELETE", here.registry, api_version="2023-07-01")
    page.get_by_role("link", name="All registries").click()
    expect(page.get_by_text("No registries yet.")).to_be_visible()


def test_one_small_script(dashboard: Callable[..., Dashboard]) -> None:
    """A page loads its style sheet and its script and nothing else, and nothing in it is inline."""
    here = dashboard()
    here.put("quick-task", QUICK)
    tab = here.open_tab()
    page = tab.open()
    paths = sorted(address.removeprefix(here.emulator.endpoint.rstrip("/")) for address in tab.requests)
    assert [path for path in paths if not path.startswith("data:")] == ["/", "/assets/page.css", "/assets/page.js"]
    inline = "[...document.querySelectorAll('style, script:not([src]), [style]')].map(found => found.outerHTML)"
    assert json.dumps(page.evaluate(inline)) == "[]"
