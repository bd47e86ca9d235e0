"""Take docs/dashboard.png: the dashboard of an emulator with tasks and runs, in Chromium."""

from __future__ import annotations

import base64
import io
import sys
import tarfile
import time
from pathlib import Path
from typing import Any

import browser
import httpx
from playwright.sync_api import sync_playwright

import acr_tasks_emulator

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "dashboard.png"
WIDTH, HEIGHT = 1240, 860
VERSION = {"api-version": "2019-04-01"}
REPOSITORY = "https://github.com/contoso/shop"
FILES = {
    "Dockerfile": "FROM busybox\nCOPY index.html /www/\nCMD httpd -f -h /www\n",
    "index.html": "<p>Hello</p>\n",
}
GREETING = "version: v1.1.0\nsteps:\n  - cmd: busybox echo Hello from run $ID\n"
TESTS = "version: v1.1.0\nsteps:\n  - cmd: busybox sh -c 'echo 41 passed, 1 failed; exit 1'\n"
SMOKE = "version: v1.1.0\nsteps:\n  - cmd: busybox sh -c 'for i in $(seq 60); do echo request $i; sleep 1; done'\n"


class Scene:
    """What the picture shows, made as any client makes it."""

    def __init__(self, endpoint: str, registry: str) -> None:
        self.http = httpx.Client(base_url=endpoint, timeout=60)
        self.registry = registry

    def ask(self, method: str, path: str, json: Any = None, **headers: str) -> Any:
        address = path if path.startswith("/") else f"{self.registry}/{path}"
        answer = self.http.request(method, address, params=VERSION, json=json, headers=headers)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def task(self, name: str, step: dict[str, Any], **trigger: Any) -> None:
        platform = {"os": "Linux", "architecture": "amd64"}
        properties = {"platform": platform, "step": step, "trigger": trigger}
        self.ask("PUT", f"tasks/{name}", {"location": "westeurope", "properties": properties})

    def source(self) -> str:
        """Uploads a context; returns its relative path."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for name, text in FILES.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(text)
                archive.addfile(entry, io.BytesIO(text.encode()))
        target = self.ask("POST", "listBuildSourceUploadUrl")
        blob = {"x-ms-blob-type": "BlockBlob"}
        httpx.put(target["uploadUrl"], content=packed.getvalue(), headers=blob).raise_for_status()
        return str(target["relativePath"])

    def wait(self) -> None:
        """Waits until nothing runs."""
        while any("finishTime" not in run["properties"] for run in self.ask("GET", "runs")["value"]):
            time.sleep(0.2)  # asks again, for as long as it takes

    def play(self) -> None:
        """Makes tasks and runs; the last run is still under way."""
        source = {"sourceControlType": "Github", "repositoryUrl": REPOSITORY, "branch": "main"}
        commits = {"name": "pushes", "sourceRepository": source, "sourceTriggerEvents": ["commit", "pullrequest"]}
        build = {"type": "Docker", "contextPath": self.source(), "dockerFilePath": "Dockerfile", "isPushEnabled": True}
        base = {"name": "base", "baseImageTriggerType": "Runtime"}
        images = {"imageNames": ["shop/web:{{.Run.ID}}"]}
        self.task("build-web", {**build, **images}, sourceTriggers=[commits], baseImageTrigger=base)
        self.task("nightly-greeting", encoded(GREETING), timerTriggers=[{"name": "nightly", "schedule": "0 3 * * *"}])
        self.task("run-tests", encoded(TESTS))
        self.task("smoke-test", encoded(SMOKE))
        self.run("build-web")
        self.wait()
        self.ask("POST", "/_emulator/clock/advance", {"seconds": 24 * 60 * 60})
        self.wait()
        self.run("run-tests")
        self.wait()
        self.ask("POST", "/_emulator/clock/advance", {"seconds": 40 * 60})
        push = {"ref": "refs/heads/main", "after": "6dcb09b5b57875f334f61aebed695e2e4193db5e"}
        payload = {**push, "repository": {"html_url": REPOSITORY}}
        self.ask("POST", "/_emulator/webhooks/github", payload, **{"X-GitHub-Event": "push"})
        self.wait()
        self.ask("POST", "/_emulator/clock/advance", {"seconds": 150})
        self.run("smoke-test")

    def run(self, task: str) -> None:
        self.ask("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": task})


def encoded(text: str) -> dict[str, Any]:
    return {"type": "EncodedTask", "encodedTaskContent": base64.b64encode(text.encode()).decode()}


def take(address: str, chromium: str) -> None:
    """Takes the picture once the page shows a run under way."""
    arguments = ["--headless", "--no-sandbox", "--disable-gpu"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=arguments)
        page = started.new_page(
            viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light", reduced_motion="reduce"
        )
        page.goto(address)
        page.get_by_role("region", name="Runs of").get_by_text("Running").wait_for()
        page.screenshot(path=PICTURE, full_page=True)
        started.close()


def main() -> int:
    chromium = browser.find()
    if chromium is None:
        print("    There is no Chromium here: nothing was done.", file=sys.stderr)
        return 1
    with acr_tasks_emulator.serve(executor="buildah") as emulator:
        Scene(emulator.endpoint, emulator.registries[0]).play()
        take(emulator.dashboard, chromium)
    print(f"    {PICTURE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
