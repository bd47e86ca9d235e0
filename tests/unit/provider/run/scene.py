"""Fakes for the verbs of a run: a service, a console, a clock and a cancellation."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks import errors
from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.arm.models import Run
from pulumi_acr_tasks.journal.journal import Journal
from pulumi_acr_tasks.run import crud as run
from pulumi_acr_tasks.run.schedule.schedule import Scheduler
from pulumi_acr_tasks.run.wait.poller import Poller, poller_of
from pulumi_acr_tasks.run.wait.wait import Call
from pulumi_acr_tasks.service import Service
from pulumi_acr_tasks.settings.settings import Settings

REGISTRY = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerRegistry/registries/contoso"
ID = f"{REGISTRY}/runs/cf1"
INPUTS: dict[str, Any] = {
    "registryId": REGISTRY,
    "endpoint": "https://arm.example",
    "runRequest": {
        "type": "EncodedTaskRunRequest",
        "encodedTaskContent": "c3RlcHM6",
        "values": [{"name": "key", "value": "hush", "isSecret": True}],
        "platform": {"os": "Linux"},
    },
}


class FakeClock:
    """A clock whose time passes when something waits; `at` maps times to what happens then."""

    def __init__(self) -> None:
        self.time = 0.0
        self.at: dict[float, Callable[[], None]] = {}

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        self.time += seconds

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.time += seconds
        for moment in [moment for moment in self.at if moment <= self.time]:
            self.at.pop(moment)()
        return event.is_set()


class FakeConsole:
    """A console that remembers its messages."""

    def __init__(self) -> None:
        self.statuses: list[str] = []
        self.warnings: list[str] = []
        self.kept: list[str] = []

    def status(self, text: str) -> None:
        self.statuses.append(text)

    def info(self, text: str) -> None:
        self.kept.append(text)

    def warning(self, text: str) -> None:
        self.warnings.append(text)


class FakeService:
    """A service with one run, which takes the given statuses one after the other, and its log."""

    def __init__(self, clock: FakeClock, *statuses: str) -> None:
        self.settings = Settings.load(
            {"endpoint": "https://arm.example", "registryName": "contoso"}.get, {"ARM_SUBSCRIPTION_ID": "s"}
        )
        self.statuses = list(statuses)
        self.urn = ""
        self._pollers: dict[RegistryId, Poller[Run]] = {}
        self._schedulers: dict[RegistryId, Scheduler] = {}
        self._client = Client(self._send, "https://arm.example", clock)
        self.date: Callable[[], str | None] = lambda: None
        self.now: Callable[[], float] = time.time
        self.recorded_runs: set[str] = set()
        self.said: dict[str, Any] = {}
        self.requests: list[str] = []
        self.bodies: list[Any] = []
        self.answers: dict[str, httpx.Response] = {}
        self.on_schedule: Callable[[], object] = lambda: None
        self.on_cancel: Callable[[], None] = lambda: self.statuses.__setitem__(slice(None), ["Canceled"])

    def client(self) -> Client:
        return self._client

    def poller(self, registry: RegistryId, clock: FakeClock) -> Poller[Run]:
        return self._pollers.setdefault(registry, poller_of(self._client, registry, clock))

    def scheduler(self, registry: RegistryId, clock: FakeClock) -> Scheduler:
        return self._schedulers.setdefault(registry, Scheduler(self._client, registry, clock, self.recorded_runs))

    def gone(self, registry: RegistryId) -> str:
        service = Service(self.settings, self._client)
        return service.gone(registry)

    def journal(self) -> Journal:
        home = Path(os.environ["PULUMI_HOME"]) if self.urn else Path()
        return Journal.open(home, self.urn, now=self.now)

    def note_recorded_run(self, id_: str) -> None:
        self.recorded_runs.add(id_.lower())

    def refuse_other_endpoint(self, kind: str, state: dict[str, Any]) -> None:
        if state.get("endpoint") != "https://arm.example":
            raise errors.EndpointError(f"this {kind} lives elsewhere")

    def _send(self, request: httpx.Request) -> httpx.Response:
        name = request.url.path.removeprefix(REGISTRY).removeprefix("/")
        self.requests.append(f"{request.method} {name}")
        if request.content:
            self.bodies.append(json.loads(request.content))
        if f"{request.method} {name}" in self.answers:
            answer = self.answers[f"{request.method} {name}"]
            answer.request = request
            return answer
        date = self.date()
        return httpx.Response(
            200, json=self._answer(name), request=request, headers={} if date is None else {"Date": date}
        )

    def _answer(self, name: str) -> dict[str, Any]:
        if not name:
            return {"id": REGISTRY, "location": "westeurope", "properties": {}}
        if name == "scheduleRun":
            self.on_schedule()
            return self._run("Queued")
        if name.endswith("listLogSasUrl"):
            return {"logLink": "https://storage.example/log?sig=x"}
        if name.endswith("/cancel"):
            self.on_cancel()
            return {}
        return self._run(self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0])

    def _run(self, status: str) -> dict[str, Any]:
        # provisioningState is Succeeded from the beginning, whatever becomes of the run.
        properties = {"runId": "cf1", "status": status, "provisioningState": "Succeeded", **self.said}
        return {"id": ID, "name": "cf1", "properties": properties}


class Scene:
    """A fake service, console, clock and cancellation together."""

    def __init__(self, *statuses: str, timeout: float = 0.0) -> None:
        self.console, self.clock, self.stop = FakeConsole(), FakeClock(), threading.Event()
        self.service = FakeService(self.clock, *statuses)
        self.call = Call(self.console, self.stop, timeout)

    def create(self, **inputs: Any) -> tuple[str, dict[str, Any]]:
        given = {**INPUTS, "logs": "none", **inputs}
        return run.create(self.service, given, self.call, self.clock)

    def failure(self, kind: type[errors.AcrTasksError], **inputs: Any) -> str:
        with pytest.raises(kind) as failed:
            self.create(**inputs)
        assert type(failed.value) is kind
        return str(failed.value)

    def read(self, **state: Any) -> dict[str, Any] | None:
        id_, found, _ = run.read(self.service, ID, {**INPUTS, "runId": "cf1", **state}, self.call)
        return found if id_ else None
