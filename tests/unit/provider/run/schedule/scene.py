"""A registry whose list of runs, clock and answers a test decides."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx

from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.errors import TransportError
from pulumi_acr_tasks.run.schedule.lost_answers import LostAnswer, SearchTerms
from pulumi_acr_tasks.run.schedule.schedule import Scheduler

REGISTRY = RegistryId("s", "rg", "contoso")
REQUEST = {
    "type": "DockerBuildRequest",
    "dockerFilePath": "Dockerfile",
    "platform": {"os": "Linux"},
    "imageNames": ["app:v1"],
}
APP = [{"registry": "contoso.azurecr.io", "repository": "app", "tag": "v1", "digest": "sha256:1"}]
NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)


class FakeClock:
    """A clock whose time passes when something waits."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def wait(self, event: threading.Event, seconds: float) -> bool:
        self.time += seconds
        return event.is_set()

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        self.time += seconds


def listed(run_id: str, seconds: float = 1.0, principal: str = "me", **properties: Any) -> dict[str, Any]:
    """A run as the list has it, made so many seconds after NOW; it has built the image of REQUEST."""
    said = {
        "runId": run_id,
        "status": "Succeeded",
        "createTime": (NOW + timedelta(seconds=seconds)).isoformat(),
        "runType": "QuickBuild",
        "platform": {"os": "linux"},
        "outputImages": APP,
        **properties,
    }
    return {
        "id": f"{REGISTRY}/runs/{run_id}",
        "name": run_id,
        "properties": said,
        "systemData": {"createdBy": principal},
    }


class Service:
    """A service whose answers to scheduleRun are lost when `answers` says so."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.recorded: set[str] = set()
        self.client = Client(self._send, "https://arm.example", self.clock)
        self.scheduler = Scheduler(self.client, REGISTRY, self.clock, self.recorded)
        self.runs: list[dict[str, Any]] = []
        self.list: httpx.Response | None = None
        self.answers: list[httpx.Response | Exception] = []
        self.posted = 0

    def _send(self, request: httpx.Request) -> httpx.Response:
        date = {"Date": format_datetime(NOW + timedelta(seconds=self.clock.time - 1000.0), usegmt=True)}
        if request.method == "POST":
            self.posted += 1
            answer = self.answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            answer.request = request
            return answer
        name = request.url.path.rpartition("/")[2]
        if name != "runs":
            return httpx.Response(200, json=next(run for run in self.runs if run["name"] == name), request=request)
        if self.list is not None:
            self.list.request = request
            return self.list
        return httpx.Response(200, json={"value": self.runs}, headers=date, request=request)

    def schedule(self, wait: bool = True, **request: Any) -> str | None:
        answer = self.scheduler.schedule({**REQUEST, **request})
        if not isinstance(answer, LostAnswer):
            return answer.properties.run_id
        found = self.scheduler.find(answer, SearchTerms(threading.Event(), wait))
        if found.run is None:
            raise TransportError(self.scheduler.describe(answer, found))
        return found.run.properties.run_id

    def knows_us(self) -> None:
        """Schedule a run, so that our principals are known."""
        body = {"name": "cf0", "properties": {"runId": "cf0"}, "systemData": {"lastModifiedBy": "me"}}
        self.answers.insert(0, httpx.Response(200, json=body))
        assert self.schedule() == "cf0"
        self.posted = 0


LOST = TransportError("schedule run in contoso: no answer in time\ncorrelation id 1")
