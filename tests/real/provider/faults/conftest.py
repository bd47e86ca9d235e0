"""Runs that are made at the same time on an emulator with faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

import acr_tasks_emulator
from pulumi_acr_tasks import engine, errors
from pulumi_acr_tasks.run import crud as run
from pulumi_acr_tasks.run.check import check
from pulumi_acr_tasks.run.wait.wait import Call
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings

URN = "urn:pulumi:dev::faults::pulumi-python:dynamic/acr-tasks:Run::run-"


class Console:
    """A console that remembers its messages."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.warnings: list[str] = []

    def status(self, text: str) -> None:
        self.statuses.append(text)

    info = status

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@dataclass
class World:
    """An emulator, and runs that are made there at the same time."""

    endpoint: str
    registry: str
    context: Path
    consoles: list[Console] = field(default_factory=list)
    made: list[dict[str, Any]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    # Without `verify`, each request would load the certificates, which takes longer than the request.
    def schedule(self, **request: Any) -> str:
        """Schedule a run as another caller; return its id."""
        body = {"type": "EncodedTaskRunRequest", "platform": {"os": "linux"}, **request}
        url = f"{self.endpoint}{self.registry}/scheduleRun"
        answer = httpx.post(url, verify=False, params={"api-version": "2019-04-01"}, json=body).raise_for_status()
        return str(answer.json()["name"])

    def met(self, method: str, path: str) -> None:
        """Wait until the service has had that request."""
        until = time.monotonic() + 120
        while not any(
            each["method"] == method and each["path"].endswith(path)
            for each in httpx.get(f"{self.endpoint}/_emulator/requests", verify=False)
            .raise_for_status()
            .json()["value"]
        ):
            assert time.monotonic() < until, f"{method} {path} was never asked"
            time.sleep(0.05)  # between two looks

    def fault(self, *rules: dict[str, Any]) -> None:
        httpx.put(f"{self.endpoint}/_emulator/faults", verify=False, json=list(rules)).raise_for_status()

    def unmet(self) -> list[dict[str, Any]]:
        """Return the rules of faults that no request has met."""
        told = httpx.get(f"{self.endpoint}/_emulator/faults", verify=False).raise_for_status().json()
        return [each for each in told["value"] if "times" in each and each["left"] == each["times"]]

    def runs(self) -> list[dict[str, Any]]:
        httpx.delete(f"{self.endpoint}/_emulator/faults", verify=False).raise_for_status()
        url = f"{self.endpoint}{self.registry}/runs"
        told = httpx.get(url, verify=False, params={"api-version": "2019-04-01"}).raise_for_status().json()
        return [each["properties"] for each in told["value"]]

    def make(self, count: int = 1, timeout: float = 0.0, *, images: bool = False, **inputs: Any) -> list[str]:
        """Make so many runs at once, with `images` each of an image of its own: how each ended, in a word.

        Each call is an update of its own: its service knows nothing of those before, other than by the journal.
        """
        part = self.registry.split("/")
        config = {
            "endpoint": self.endpoint,
            "subscriptionId": part[2],
            "resourceGroupName": part[4],
            "registryName": part[8],
        }
        service = Service(Settings.load(config.get, {}))
        _services.append(service)

        def one(number: int) -> str:
            console = Console()
            self.consoles.append(console)
            wanted = {"logs": "stream", **BUILD, "context": str(self.context), **inputs}
            if images:
                wanted["runRequest"] = {**wanted["runRequest"], "imageNames": [f"app-{number}:v1"]}
            given, problems = check({k: v for k, v in wanted.items() if v is not None}, service.settings)
            assert problems == []
            call = Call(console, threading.Event(), timeout)  # type: ignore[arg-type]
            try:
                with engine.serving(engine.Request(f"{URN}{number}")):
                    made = run.create(service, given, call)[1]
                self.made.append(made)
                return str(made["status"])
            except errors.AcrTasksError as error:
                self.errors.append(str(error))
                return type(error).__name__

        with ThreadPoolExecutor(count) as pool:
            return list(pool.map(one, range(count)))


BUILD: dict[str, Any] = {
    "runRequest": {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": {"os": "Linux"}}
}


# A service lives as long as its process, and so do its connections: closing them early would be a warning.
_services: list[Service] = []


@pytest.fixture
def new_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "home"))
    context = tmp_path / "context"
    context.mkdir()
    (context / "Dockerfile").write_text("FROM busybox\nRUN true\n")
    started: list[Any] = []

    def make(**options: Any) -> World:
        serving = acr_tasks_emulator.serve(**{"executor": "simulated", "agents": 8, **options})
        emulator = serving.__enter__()
        started.append(serving)
        return World(emulator.endpoint, emulator.registries[0], context)

    yield make
    for serving in started:
        serving.__exit__(None, None, None)


def rule(method: str, path: str, **effect: Any) -> dict[str, Any]:
    return {"match": {"method": method, "path": path}, **effect}


ILL = {"status": 500, "body": {"error": {"code": "InternalServerError", "message": "ill"}}}
POST, RUN, RUNS = "/scheduleRun$", "/runs/[^/]+$", "/runs$"


STEPS = "c3RlcHM6CiAgLSBjbWQ6IGJ1c3lib3ggZWNobyBoaQo="
ENCODED = {"type": "EncodedTaskRunRequest", "encodedTaskContent": STEPS, "platform": {"os": "linux"}}
