"""The page shows what people and programs wrote, and runs none of it."""

from __future__ import annotations

import json
import shlex
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'><b>"
ESCAPES = "\x1b[31mred\x1b[0m \x1b]8;;javascript:alert(3)\x07link\x1b]8;;\x07 \x1b[2J\x1b[8m\x9b31m"


class Page(HTMLParser):
    """A parser that records elements, and attributes that could run something."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.elements: set[str] = set()
        self.dangerous: list[tuple[str, str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        for name, value in attrs:
            if tag == "script" and name == "src":
                self.scripts.append(value or "")
            leads = name in ("href", "src", "action", "formaction", "data")
            elsewhere = leads and value != "data:," and not (value or "").startswith(("/", "#", "?"))
            if name.startswith("on") or name == "style" or elsewhere:
                self.dangerous.append((name, value or ""))


@pytest.fixture
def pages(arm: Any, docker_task: Any, task_name: str) -> list[str]:
    """Every page that shows a task and a run whose every text is an attack."""
    body = docker_task()
    body["tags"] = {EVIL: EVIL}
    body["properties"]["platform"] = {"os": "Linux", "architecture": EVIL, "variant": EVIL}
    body["properties"]["step"] |= {
        "contextPath": "https://javascript://%0aalert(4)//" + EVIL,
        "dockerFilePath": EVIL,
        "imageNames": ["{{`" + EVIL + "`}}"],
        "target": EVIL,
        "arguments": [{"name": EVIL, "value": EVIL, "isSecret": False}],
    }
    body["properties"]["trigger"] = {
        "timerTriggers": [{"name": EVIL, "schedule": "0 0 1 1 *", "status": EVIL}],
        "baseImageTrigger": {"name": EVIL, "baseImageTriggerType": EVIL, "status": EVIL},
    }
    arm.ok("PUT", f"tasks/{task_name}", body)
    return page_texts(arm, task_name, arm.schedule({"type": "TaskRunRequest", "taskName": task_name}))


def page_texts(arm: Any, task_name: str, run_id: str) -> list[str]:
    arm.until(run_id)
    name = arm.registry.rpartition("/")[2]
    found = []
    for path in (
        "/",
        f"/runs/{name}/{run_id}",
        f"/registries/{name}",
        f"/tasks/{name}/{task_name}",
        f"/runs/{name}",
        f"/tasks/{name}",
    ):
        answer = arm.http.get(path, follow_redirects=True)
        if answer.headers["content-type"].startswith("text/html"):
            found.append(answer.text)
    return found


@pytest.mark.emulator_choice("the emulator's own page")
def test_names_are_text(pages: list[str]) -> None:
    """The page's only script is its own, whatever a task's names, addresses and tags hold."""
    assert sum("alert(1)" in text for text in pages) >= 2
    for text in pages:
        page = Page(text)
        assert page.dangerous == []
        assert page.scripts in ([], ["/assets/page.js"])
        assert not page.elements & {"img", "iframe", "object", "embed", "base", "b"}


@pytest.mark.emulator_choice("the emulator's own page")
def test_logs_are_text(arm: Any, quick_request: Any) -> None:
    """Markup in a log is shown as text, escape sequences become colours at most, and the file itself is plain text."""
    step = {"cmd": f"busybox true && echo {shlex.quote(EVIL + ESCAPES)}"}  # the agent's own echo
    run_id = arm.schedule(quick_request(json.dumps({"steps": [step]})))
    arm.until(run_id)
    name = arm.registry.rpartition("/")[2]
    plain = httpx.get(arm.log_link(run_id))
    assert "<script>alert(1)" in plain.text
    assert plain.headers["content-type"].startswith("text/plain")
    assert plain.headers["x-content-type-options"] == "nosniff"
    answer = arm.http.get(f"/runs/{name}/{run_id}")
    page = Page(answer.text)
    assert "alert(1)" in answer.text
    assert "\x1b" not in answer.text
    assert page.dangerous == []
    assert not page.elements & {"img", "b"}
    assert len(page.scripts) <= 1
    raw = arm.http.get(f"/runs/{name}/{run_id}/log")
    assert raw.headers["content-type"].startswith("text/plain")
    assert "frame-ancestors 'none'" in raw.headers["content-security-policy"]


@pytest.mark.emulator_choice("the emulator's own page")
def test_addresses_are_text(arm: Any) -> None:
    """A missing name is not repeated as markup, whether it is in the path or in the query."""
    for path in (f"/runs/emulator/{EVIL}", f"/tasks/{EVIL}/x", f"/?emulator={EVIL}", f"/{EVIL}", f"/runs/{EVIL}/x/log"):
        answer = arm.http.get(path)
        if answer.headers.get("content-type", "").startswith("text/html"):
            page = Page(answer.text)
            assert page.dangerous == []
            assert not page.elements & {"img", "b"}
        else:
            assert answer.headers["x-content-type-options"] == "nosniff"
