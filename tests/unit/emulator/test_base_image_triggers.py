"""A base image that is pushed rebuilds what depends on it, for real."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import acr_tasks_emulator
from acr_tasks_emulator.execution.registry import PROGRAM
from acr_tasks_emulator.execution.store import why_not_installed

missing = why_not_installed() or next(
    (f"{p} is not installed" for p in ("busybox", PROGRAM) if not shutil.which(p)), None
)
pytestmark = pytest.mark.skipif(missing is not None, reason=missing or "builds and pushes work")
ENDS = {"Succeeded", "Failed", "Canceled", "Error", "Timeout"}


class Desk:
    """An emulator that builds, and plain requests to it."""

    def __init__(self, endpoint: str, registry: str, login_server: str) -> None:
        self.registry, self.login_server = registry, login_server
        self.http = httpx.Client(base_url=endpoint, timeout=60, trust_env=False)

    def ok(self, method: str, path: str, json: Any = None) -> Any:
        answer = self.http.request(method, f"{self.registry}/{path}", params={"api-version": "2019-04-01"}, json=json)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def upload(self, **files: str) -> str:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
            for name, text in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text.encode()))
        target = self.ok("POST", "listBuildSourceUploadUrl")
        self.http.put(target["uploadUrl"], content=buffer.getvalue(), headers={"x-ms-blob-type": "BlockBlob"})
        return str(target["relativePath"])

    def docker_task(self, name: str, image: str, dockerfile: str) -> None:
        step = {"type": "Docker", "dockerFilePath": "Dockerfile", "imageNames": [image]}
        step["contextPath"] = self.upload(Dockerfile=dockerfile)
        trigger = {"baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"}}
        properties = {"platform": {"os": "Linux"}, "step": step, "trigger": trigger}
        self.ok("PUT", f"tasks/{name}", {"location": "westeurope", "properties": properties})

    def run(self, name: str) -> None:
        self.ok("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": name})
        self.all_ended()

    def all_ended(self, count: int = 1) -> list[dict[str, Any]]:
        """Every run, newest first, as soon as there are `count` and all of them have ended."""
        pause = threading.Event()
        for _ in range(600):
            runs = [run["properties"] for run in self.ok("GET", "runs")["value"]]
            if len(runs) >= count and all(run["status"] in ENDS for run in runs):
                return runs
            pause.wait(0.1)
        raise AssertionError(f"the runs have not ended: {runs}")


@pytest.fixture
def desk() -> Iterator[Desk]:
    with acr_tasks_emulator.serve(executor="buildah") as emulator:
        opened = Desk(emulator.endpoint, emulator.registries[0], emulator.login_server)
        yield opened
        opened.http.close()


def test_a_pushed_base_image_rebuilds_its_dependents(desk: Desk) -> None:
    """Two tasks are built from one base; a new base starts both of them once, and nothing else."""
    desk.docker_task("base-task", "parts/base:1", "FROM busybox\nRUN echo one > /word\n")
    desk.run("base-task")
    for name in ("first-task", "second-task"):
        dockerfile = f"FROM busybox AS tools\nFROM {desk.login_server}/parts/base:1\nCOPY --from=tools /bin/sh /s\n"
        desk.docker_task(name, name, dockerfile + f"LABEL task={name}\n")
        desk.run(name)
    step = desk.ok("GET", "tasks/first-task")["properties"]["step"]
    tools, base = sorted(step["baseImageDependencies"], key=lambda each: str(each["type"]))
    assert (tools["type"], tools["registry"], tools["repository"]) == (
        "BuildTime",
        "registry.hub.docker.com",
        "library/busybox",
    )
    assert (base["type"], base["registry"], base["repository"]) == ("Runtime", desk.login_server, "parts/base")

    desk.docker_task("base-task", "parts/base:1", "FROM busybox\nRUN echo two > /word\n")
    desk.run("base-task")
    runs = desk.all_ended(6)
    assert [run["status"] for run in runs] == ["Succeeded"] * 6
    triggered = {run["task"]: run for run in runs if "imageUpdateTrigger" in run}
    assert sorted(triggered) == ["first-task", "second-task"]
    pushed = next(run for run in runs if run["task"] == "base-task")["outputImages"][0]
    image = triggered["first-task"]["imageUpdateTrigger"]["images"][0]
    assert image["digest"] == pushed["digest"] != base["digest"]
    assert triggered["first-task"]["runType"] == "AutoBuild"
