"""A pushed base image rebuilds the images that depend on it, with real builds."""

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
from acr_tasks_emulator.execution.buildah.image_store import why_not_installed
from acr_tasks_emulator.execution.registry.oci_registry import PROGRAM

missing = why_not_installed() or next(
    (f"{p} is not installed" for p in ("busybox", PROGRAM) if not shutil.which(p)), None
)
pytestmark = pytest.mark.skipif(missing is not None, reason=missing or "builds and pushes work")
ENDS = {"Succeeded", "Failed", "Canceled", "Error", "Timeout"}


class ObservedAgents:
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
        step["contextPath"] = self.upload(Dockerfile=dockerfile)  # relative, so beside one source trigger
        source = {"sourceControlType": "Github", "repositoryUrl": "https://github.com/a/b"}
        sources = [{"name": "s", "sourceRepository": source, "sourceTriggerEvents": ["commit"], "status": "Disabled"}]
        trigger = {"sourceTriggers": sources, "baseImageTrigger": {"name": "base", "baseImageTriggerType": "Runtime"}}
        properties = {"platform": {"os": "Linux"}, "step": step, "trigger": trigger}
        self.ok("PUT", f"tasks/{name}", {"location": "westeurope", "properties": properties})

    def run(self, name: str) -> dict[str, Any]:
        run_id = self.ok("POST", "scheduleRun", {"type": "TaskRunRequest", "taskName": name})["name"]
        return next(run for run in self.all_ended() if run["runId"] == run_id)

    def move_tag(self, repository: str, source: str, tag: str) -> str:
        """Push an image of the registry under another tag, as any client would; return its digest."""
        kinds = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
        manifest = self.http.get(f"/v2/{repository}/manifests/{source}", headers={"Accept": kinds})
        headers = {"Content-Type": manifest.headers["Content-Type"]}
        answer = self.http.put(f"/v2/{repository}/manifests/{tag}", content=manifest.content, headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.headers["Docker-Content-Digest"])

    def all_ended(self, count: int = 1) -> list[dict[str, Any]]:
        """Return every run, newest first, as soon as there are `count` and all of them have ended."""
        pause = threading.Event()
        for _ in range(600):
            runs = [run["properties"] for run in self.ok("GET", "runs")["value"]]
            if len(runs) >= count and all(run["status"] in ENDS for run in runs):
                return runs
            pause.wait(0.1)
        raise AssertionError(f"the runs have not ended: {runs}")


@pytest.fixture
def agents() -> Iterator[ObservedAgents]:
    with acr_tasks_emulator.serve(executor="buildah") as emulator:
        opened = ObservedAgents(emulator.endpoint, emulator.registries[0], emulator.login_server)
        yield opened
        opened.http.close()


def test_a_pushed_base_image_rebuilds_its_dependents(agents: ObservedAgents) -> None:
    """Two tasks are built from one base; a new base starts both of them once, and nothing else."""
    agents.docker_task("base-task", "parts/base:1", "FROM busybox\nRUN echo one > /word\n")
    agents.run("base-task")
    for name in ("first-task", "second-task"):
        dockerfile = f"FROM busybox AS tools\nFROM {agents.login_server}/parts/base:1\nCOPY --from=tools /bin/sh /s\n"
        agents.docker_task(name, name, dockerfile + f"LABEL task={name}\n")
        agents.run(name)
    step = agents.ok("GET", "tasks/first-task")["properties"]["step"]
    tools, base = sorted(step["baseImageDependencies"], key=lambda each: str(each["type"]))
    assert (tools["type"], tools["registry"], tools["repository"]) == (
        "BuildTime",
        "registry.hub.docker.com",
        "library/busybox",
    )
    assert (base["type"], base["registry"], base["repository"]) == ("Runtime", agents.login_server, "parts/base")

    agents.docker_task("base-task", "parts/base:1", "FROM busybox\nRUN echo two > /word\n")
    agents.run("base-task")
    runs = agents.all_ended(6)
    assert [run["status"] for run in runs] == ["Succeeded"] * 6
    triggered = {run["task"]: run for run in runs if "imageUpdateTrigger" in run}
    assert sorted(triggered) == ["first-task", "second-task"]
    pushed = next(run for run in runs if run["task"] == "base-task")["outputImages"][0]
    image = triggered["first-task"]["imageUpdateTrigger"]["images"][0]
    assert image["digest"] == pushed["digest"] != base["digest"]
    assert triggered["first-task"]["runType"] == "AutoBuild"


def test_a_tag_that_is_pushed_from_outside(agents: ObservedAgents) -> None:
    """A client that moves a tag by /v2/ starts the two tasks that depend on it, once each, and no other task."""
    for tag in ("1", "2", "3"):
        agents.docker_task("base-task", f"parts/base:{tag}", f"FROM busybox\nRUN echo {tag} > /word\n")
        agents.run("base-task")
    base, other = f"FROM {agents.login_server}/parts/base:1\n", f"FROM {agents.login_server}/parts/base:3\n"
    names = ("first-task", "second-task", "disabled-task", "disabled-trigger")
    for name in names:
        agents.docker_task(name, name, f"{base}LABEL task={name}\n")
        agents.run(name)
    agents.docker_task("other-base", "other-base", other)
    agents.run("other-base")
    agents.ok("PATCH", "tasks/disabled-task", {"properties": {"status": "Disabled"}})
    disabled = {"baseImageTrigger": {"name": "base", "status": "Disabled"}}
    agents.ok("PATCH", "tasks/disabled-trigger", {"properties": {"trigger": disabled}})
    count = len(agents.all_ended())

    digest = agents.move_tag("parts/base", "2", "1")
    agents.move_tag("parts/base", "2", "1")  # the same once more
    runs = agents.all_ended(count + 2)
    # Pushes are acted on in their order: when the next one has started its run, nothing of those before is missing.
    agents.move_tag("parts/base", "2", "3")
    last, *runs = agents.all_ended(count + 3)[:-count]
    assert last["task"] == "other-base"
    assert sorted(run["task"] for run in runs) == ["first-task", "second-task"]
    for run in runs:
        assert (run["status"], run["runType"]) == ("Succeeded", "AutoBuild")
        trigger = run["imageUpdateTrigger"]
        image = {"registry": agents.login_server, "repository": "parts/base", "tag": "1", "digest": digest}
        assert (trigger["images"], sorted(trigger)) == ([image], ["id", "images", "timestamp"])
    step = agents.ok("GET", "tasks/disabled-task")["properties"]["step"]
    assert step["baseImageDependencies"][0]["digest"] != digest
