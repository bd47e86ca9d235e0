"""Running, watching and canceling on the page."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import SLOW, STILL, Dashboard

# Until a page that was reloaded would have lost it.
MARK = "window.notReloaded = true"
IS_MARKED = "window.notReloaded === true"


def test_a_run_from_the_button_to_its_end(dashboard: Callable[..., Dashboard]) -> None:
    """Run now leads to the run, whose log and status change without a reload until Cancel ends it."""
    here = dashboard()
    here.put("slow-task", SLOW)
    tab = here.open_tab()
    page = tab.open()
    page.get_by_role("button", name="Run task slow-task now").click()
    page.wait_for_url(re.compile(r"/runs/emulator/\w+$"))
    page.evaluate(MARK)
    log = page.get_by_role("log")
    for number in range(3):
        expect(log).to_contain_text(f"step step{number} does nothing")
    expect(page.get_by_role("status")).to_contain_text("Running")
    assert page.evaluate(IS_MARKED)
    page.get_by_role("button", name="Cancel run").click()
    expect(page.get_by_role("status")).to_contain_text("Canceled")
    expect(log).to_contain_text("was canceled after")
    expect(page.get_by_role("button", name="Cancel run")).to_have_count(0)
    expect(page).to_have_title(re.compile("Canceled"))
    page.get_by_role("button", name="Run task slow-task now").click()
    expect(page.get_by_role("status")).to_contain_text("Running")


def test_the_end_of_a_run_is_seen_by_whoever_watches(dashboard: Callable[..., Dashboard]) -> None:
    """A run that somebody else starts and cancels shows up and ends on a page that nobody touches."""
    here = dashboard()
    here.put("slow-task", SLOW)
    page = here.open_tab().open()
    page.evaluate(MARK)
    run_id = here.run("slow-task")
    row = page.get_by_role("row", name=re.compile(rf"^{run_id}\b"))
    expect(row).to_contain_text("Running")
    here.ask("POST", f"runs/{run_id}/cancel")
    expect(row).to_contain_text("Canceled")
    assert page.evaluate(IS_MARKED)


def test_what_changes_leaves_the_rest_alone(dashboard: Callable[..., Dashboard]) -> None:
    """New rows take neither the focus nor a selection, nor do they replace a button under the finger."""
    here = dashboard()
    here.put("slow-task", SLOW)
    first = here.run("slow-task")
    page = here.open_tab().open()
    button = page.get_by_role("button", name=f"Cancel run {first}")
    button.focus()
    page.evaluate("element => { window.button = element }", button.element_handle())
    second = here.run("slow-task")
    expect(page.get_by_role("button", name=f"Cancel run {second}")).to_be_visible()
    expect(button).to_be_focused()
    assert page.evaluate("window.button.isConnected")


def test_without_scripts(dashboard: Callable[..., Dashboard]) -> None:
    """Without scripts the buttons work, and a page with a run under way reloads itself."""
    here = dashboard()
    here.put("slow-task", SLOW)
    page = here.open_tab(java_script_enabled=False).open()
    page.get_by_role("button", name="Run task slow-task now").click()
    expect(page.get_by_role("log")).to_contain_text("step step0 does nothing")
    expect(page.get_by_role("log")).to_contain_text("step step3 does nothing")
    page.get_by_role("button", name="Cancel run").click()
    expect(page.get_by_role("status")).to_contain_text("Canceled")
    assert page.locator('meta[http-equiv="refresh"]').count() == 0


def test_a_coloured_log(dashboard: Callable[..., Dashboard]) -> None:
    """What programs print for terminals is coloured, in what follows too, and never becomes a part of the page."""
    here = dashboard()
    here.put("still-task", STILL)
    run_id = here.run("still-task")
    page = here.open_tab().open(f"/runs/emulator/{run_id}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("simulated: nothing is built")
    here.print(run_id, b"\x1b[1;31mred\r\n<b>bold</b>\r\n")
    expect(log).to_contain_text("<b>bold</b>")
    here.print(run_id, b"still red\x1b[0m plain\r\n")
    expect(log).to_contain_text("still red plain")
    colours = "elements => elements.map(element => [element.textContent, getComputedStyle(element).color])"
    coloured = log.locator(".f1").evaluate_all(colours)
    assert [text.strip() for text, _ in coloured] == ["red", "<b>bold</b>", "still red"]
    [red] = {colour for _, colour in coloured}
    assert red != log.evaluate("element => getComputedStyle(element).color")
    assert log.locator("b").count() == 0
    grown = log.text_content() or ""
    assert "\x1b" not in grown
    page.reload()
    assert log.text_content() == grown


def test_an_emulator_that_is_gone(dashboard: Callable[..., Dashboard]) -> None:
    """When nobody answers any more, the page says so, and stops saying it when somebody does."""
    here = dashboard()
    here.put("slow-task", SLOW)
    here.run("slow-task")
    tab = here.open_tab()
    page = tab.open()
    page.route("**/*", lambda route: route.abort())
    expect(page.get_by_role("alert")).to_contain_text("The emulator cannot be asked: it does not answer.")
    page.unroute("**/*")
    expect(page.get_by_role("alert")).to_have_count(0)
    tab.complaints.clear()  # the browser's own, about requests that failed


def test_a_button_of_what_is_gone(dashboard: Callable[..., Dashboard]) -> None:
    """A button whose task was deleted meanwhile leads to a page that says so and leads back."""
    here = dashboard()
    here.put("quick-task")
    tab = here.open_tab()
    page = tab.open()
    here.ask("DELETE", "tasks/quick-task")
    page.get_by_role("button", name="Run task quick-task now").click()
    expect(page.get_by_role("alert")).to_contain_text("was not found")
    page.get_by_role("link", name="Back to the registry").click()
    expect(page.get_by_role("heading", name="emulator")).to_be_visible()
    tab.complaints.clear()  # the browser's own, about the 404


def test_a_long_log(dashboard: Callable[..., Dashboard]) -> None:
    """Of a log of many megabytes the page keeps the end, says so and leads to the whole."""
    here = dashboard()
    here.put("still-task", STILL)
    run_id = here.run("still-task")
    tab = here.open_tab()
    page = tab.open(f"/runs/emulator/{run_id}")
    log = page.get_by_role("log")
    expect(log).to_contain_text("simulated: nothing is built")
    expect(page.get_by_role("link", name="The whole log")).to_be_hidden()
    here.print(run_id, b"".join(b"%08d %s\r\n" % (number, b"x" * 90) for number in range(30_000)))
    expect(log.locator("> span").last).to_contain_text("00029999")
    kept = log.text_content() or ""
    assert 1_500_000 < len(kept) < 2_500_000
    assert "simulated: nothing is built" not in kept
    whole = page.get_by_role("link", name="The whole log")
    expect(whole).to_be_visible()
    page.reload()
    assert 400_000 < len(log.text_content() or "") < 600_000
    text = here.http.get(whole.get_attribute("href") or "").text
    assert text.count("\n") > 30_000


def test_reading_while_a_log_grows(dashboard: Callable[..., Dashboard]) -> None:
    """Whoever reads at the end of a log sees it grow; whoever has scrolled up stays where they are."""
    here = dashboard()
    here.put("still-task", STILL)
    run_id = here.run("still-task")
    page = here.open_tab().open(f"/runs/emulator/{run_id}")
    log = page.get_by_role("log")
    lines = b"".join(b"line %d\r\n" % number for number in range(200))
    below = "document.body.scrollHeight - innerHeight - scrollY"
    here.print(run_id, lines + b"first\r\n")
    expect(log).to_contain_text("first")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    here.print(run_id, lines + b"second\r\n")
    expect(log).to_contain_text("second")
    assert page.evaluate(below) < 2
    page.evaluate("scrollTo(0, 500)")
    here.print(run_id, lines + b"third\r\n")
    expect(log).to_contain_text("third")
    assert page.evaluate("scrollY") == 500
