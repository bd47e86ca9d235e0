"""The dashboard as people meet it: Debian's Chromium, driven by playwright."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright

import acr_tasks_emulator
from acr_tasks_emulator.server import Emulator

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
INSTALL = "sudo apt-get install --no-install-recommends chromium"
ARGUMENTS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]
PATIENCE = 120_000
"""Milliseconds that a change of the page may take on a busy machine."""

QUICK = "version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n"
# One line a second, for a minute.
SLOW = "version: v1.1.0\nsteps:\n" + "".join(
    f"  - id: step{number}\n    cmd: busybox echo {number}\n    startDelay: 1\n"
    f"    when: ['{f'step{number - 1}' if number else '-'}']\n"
    for number in range(60)
)


# Nothing for ten minutes.
STILL = "version: v1.1.0\nsteps:\n  - cmd: busybox echo hello\n    startDelay: 600\n"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    path = next((path for path in map(shutil.which, NAMES) if path), None)
    if path is None:
        pytest.skip(f"There is no Chromium here. To try the page in a browser, run this once:  {INSTALL}")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Tab:
    """A page, and what it must not do: complain on the console, or ask another host."""

    page: Page
    endpoint: str
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note_request)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def _note_request(self, request: Request) -> None:
        self.requests.append(request.url)
        if urlsplit(request.url).netloc != urlsplit(self.endpoint).netloc and not request.url.startswith("data:"):
            self.strangers.append(request.url)

    def open(self, path: str = "/") -> Page:
        """Goes to a page of the dashboard."""
        self.page.goto(self.endpoint.rstrip("/") + path)
        return self.page


@dataclass
class Dashboard:
    """An emulator, the service as a client speaks to it, and tabs that show its page."""

    emulator: Emulator
    http: httpx.Client
    open_tab: Callable[..., Tab]

    @property
    def registry(self) -> str:
        """The id of the registry `emulator`."""
        return next(found for found in self.emulator.registries if found.endswith("/emulator"))

    def ask(self, method: str, path: str, json: Any = None, api_version: str = "2019-04-01") -> Any:
        """Asks for something of the registry, or of the host when the path begins with a slash."""
        address = path if path.startswith("/") else f"{self.registry}/{path}"
        answer = self.http.request(method, address, params={"api-version": api_version}, json=json)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def put(self, name: str, text: str = QUICK, **properties: Any) -> None:
        """Makes a task of a task file's text."""
        content = base64.b64encode(text.encode()).decode()
        step = {"type": "EncodedTask", "encodedTaskContent": content}
        whole = {"platform": {"os": "Linux"}, "step": step, **properties}
        self.ask("PUT", f"tasks/{name}", {"location": "westeurope", "properties": whole})

    def run(self, name: str) -> str:
        """Runs a task; returns the run's id."""
        return str(self.ask("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": name})["name"])

    def print(self, run_id: str, text: bytes) -> None:
        """Writes into a run's log, as an executor would."""
        services = self.emulator.application.services
        log = services.blobs.open_log(services.registries.named("emulator").key, run_id)
        log.write(text)
        log.close()


@pytest.fixture
def dashboard(chromium: Browser) -> Iterator[Callable[..., Dashboard]]:
    """Opens dashboards; at the end, no tab may have complained or asked another host."""
    with ExitStack() as stack:
        tabs: list[Tab] = []

        def open_dashboard(
            registries: tuple[str, ...] = ("emulator",), data: Path | None = None, **options: Any
        ) -> Dashboard:
            folder = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="acr-tasks-browser-")))
            emulator = stack.enter_context(acr_tasks_emulator.serve(folder, registries=registries, **options))
            http = stack.enter_context(httpx.Client(base_url=emulator.endpoint, timeout=60))

            def open_tab(**context_options: Any) -> Tab:
                context = chromium.new_context(**context_options)
                stack.callback(context.close)
                context.set_default_timeout(PATIENCE)
                tabs.append(Tab(context.new_page(), emulator.endpoint))
                return tabs[-1]

            return Dashboard(emulator, http, open_tab)

        yield open_dashboard
        for tab in tabs:
            assert tab.strangers == []
            assert tab.complaints == []
