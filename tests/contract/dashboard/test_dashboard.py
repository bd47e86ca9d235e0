"""The emulator's page and its buttons."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx
import pytest

from ..arm import Arm
from ..conftest import LONG, Body, encoded

pytestmark = pytest.mark.emulator_choice("the service has a portal of its own; this page is the emulator's")


@pytest.fixture
def page(emulated: Callable[..., Arm]) -> Arm:
    return emulated()


def press(page: Arm, path: str, origin: str | None = None) -> httpx.Response:
    """Send what a browser sends for a button of this page, or of a page of `origin`."""
    return page.http.post(path, headers={"Origin": origin or str(page.http.base_url).rstrip("/")})


@pytest.mark.parametrize("content", ["ä", "no base64!", "A", "AAAA=AAA", "\u2028", "dmVyc2lvbjogdjEuMS4wCg==\n"])
def test_a_content_without_base64_is_shown(page: Arm, quick_task: Body, content: str) -> None:
    """The service accepts any text as the content of a task, so the page shows the task in any case."""
    step = {"type": "EncodedTask", "encodedTaskContent": content, "encodedValuesContent": content}
    page.ok("PUT", "tasks/some-task", quick_task(step=step))
    name = page.registry.rpartition("/")[2]
    for path in ("/", f"/registries/{name}", f"/tasks/{name}/some-task"):
        assert page.http.get(path, follow_redirects=True).status_code == 200


def test_running_and_canceling(page: Arm, quick_task: Body) -> None:
    """Run now starts a task and leads to the run, whose cancel button ends it and leads back."""
    step = {"type": "EncodedTask", "encodedTaskContent": encoded(LONG)}
    page.ok("PUT", "tasks/long-task", quick_task(step=step))
    assert "Run task long-task now" in page.http.get("/").text
    answer = press(page, "/tasks/emulator/long-task/run")
    assert answer.status_code == 303
    run_id = answer.headers["location"].rpartition("/")[2]
    page.until(run_id, "Running")
    assert f"Cancel run {run_id}" in page.http.get(answer.headers["location"]).text
    canceled = press(page, f"{answer.headers['location']}/cancel")
    assert (canceled.status_code, canceled.headers["location"]) == (303, answer.headers["location"])
    assert page.until(run_id)["properties"]["status"] == "Canceled"
    assert f"Cancel run {run_id}" not in page.http.get(answer.headers["location"]).text


def test_pages_of_other_sites_cannot_press_buttons(page: Arm, quick_task: Body) -> None:
    """A post by another site, or by a page that hides its origin, starts nothing."""
    page.ok("PUT", "tasks/quick-task", quick_task())
    for origin in ("http://example.com", "null"):
        assert press(page, "/tasks/emulator/quick-task/run", origin).status_code == 403
    assert page.ok("GET", "runs")["value"] == []
    # A browser would call our own page `null` if that page kept its address to itself.
    assert page.http.get("/").headers["referrer-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path", ["/tasks/emulator/no-such-task/run", "/tasks/nowhere/x/run", "/runs/emulator/x/cancel"]
)
def test_a_button_of_a_removed_resource_answers_a_page(page: Arm, path: str) -> None:
    """The page says that the resource does not exist any more."""
    answer = press(page, path)
    assert answer.status_code == 404
    assert "not found" in answer.text.lower() or "There is no such" in answer.text


def test_triggers_show_their_next_time_and_their_runs(page: Arm, quick_task: Body) -> None:
    """The page shows when a timer fires next, and what started a run."""
    page.ok("PUT", "tasks/timed-task", quick_task(trigger={"timerTriggers": [{"name": "t1", "schedule": "0 0 * * *"}]}))
    assert "next <time" in page.http.get("/").text
    page.ok("POST", "/_emulator/clock/advance", {"seconds": 24 * 60 * 60})
    text = page.http.get("/").text
    assert "Timer t1" in text
    assert " 12:00 AM" in text


def test_the_page_of_a_task(page: Arm, quick_task: Body) -> None:
    """The page shows the runs of its task, page by page, each run once."""
    page.ok("PUT", "tasks/other-task", quick_task())
    page.ok("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": "other-task"})
    timer = {"name": "t1", "schedule": "* * * * *"}
    page.ok("PUT", "tasks/timed-task", quick_task(trigger={"timerTriggers": [timer]}))
    page.ok("POST", "/_emulator/clock/advance", {"seconds": 40 * 60})
    # Without this the timer could fire between two pages.
    page.ok("PUT", "tasks/timed-task", quick_task(trigger={"timerTriggers": [{**timer, "status": "Disabled"}]}))
    address, seen = "/tasks/emulator/timed-task", list[str]()
    while address:
        text = page.http.get(address).text
        seen += re.findall(r'<tr id="run-(\w+)"', text)
        older = re.search(r'<a href="([^"]+)" rel="next">Older runs', text)
        address = older[1].replace("&amp;", "&") if older else ""
    wanted = page.ok("GET", "runs", **{"$filter": "TaskName eq 'timed-task'"})["value"]
    assert seen == [run["name"] for run in wanted]
    assert len(seen) >= 40


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/registries/nowhere", 404, "There is no registry nowhere here."),
        ("/registries/emulator?runs=nonsense", 400, "The $skiptoken is invalid."),
        ("/tasks/emulator/no-such-task", 404, "no-such-task"),
        ("/runs/emulator/zz9", 404, "zz9"),
        ("/runs/emulator/zz9/log", 404, "zz9"),
    ],
)
def test_an_unknown_address_answers_a_page(page: Arm, path: str, status: int, said: str) -> None:
    """The page says what is missing, and no part of the address becomes markup."""
    answer = page.http.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert said in answer.text
    assert "<script>" not in page.http.get("/registries/<script>alert(1)</script>").text


def test_a_log_is_read_piece_by_piece(page: Arm, quick_task: Body) -> None:
    """Each piece continues at a position; a text that is not a position is refused."""
    page.ok("PUT", "tasks/quick-task", quick_task())
    run_id = page.ok("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": "quick-task"})["name"]
    page.until(run_id)
    whole = page.http.get(f"/runs/emulator/{run_id}/log/0")
    assert "was successful after" in whole.text
    assert "x-log-next" not in whole.headers
    rest = page.http.get(f"/runs/emulator/{run_id}/log/30.b.f1").text
    assert rest.startswith('<span class="b f1">')
    assert whole.text.partition("\n")[0] not in rest
    for place in ("-1", "1.x", "1.f9", "٣", "9" * 30, "1."):
        assert page.http.get(f"/runs/emulator/{run_id}/log/{place}").status_code == 400
    assert page.http.get(f"/runs/emulator/{run_id}/log/999999").text == ""
