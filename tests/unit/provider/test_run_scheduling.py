"""A run is scheduled once, whatever becomes of the answer."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.errors import InvalidRequestError, TransportError
from pulumi_acr_tasks.lifecycle.scheduling import Scheduling

REGISTRY = RegistryId("s", "rg", "contoso")
REQUEST = {"type": "DockerBuildRequest", "dockerFilePath": "Dockerfile", "platform": {"os": "Linux"}}
NOW = datetime(2030, 1, 1, tzinfo=timezone.utc)


class FakeClock:
    """Time passes when somebody waits."""

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
    """A run as the list has it, made so many seconds after NOW."""
    said = {
        "runId": run_id,
        "status": "Queued",
        "createTime": (NOW + timedelta(seconds=seconds)).isoformat(),
        "runType": "QuickBuild",
        "platform": {"os": "linux"},
        **properties,
    }
    return {
        "id": f"{REGISTRY}/runs/{run_id}",
        "name": run_id,
        "properties": said,
        "systemData": {"createdBy": principal},
    }


class Service:
    """A service whose answers to scheduleRun are lost when `lose` says so."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.client = Client(self._send, "https://arm.example", self.clock)
        self.scheduling = Scheduling(self.client, REGISTRY, self.clock)
        self.runs: list[dict[str, Any]] = []
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
        return httpx.Response(200, json={"value": self.runs}, headers=date, request=request)

    def schedule(self, **request: Any) -> str | None:
        run = self.scheduling.schedule({**REQUEST, **request}, threading.Event())
        return run.properties.run_id

    def knows_us(self) -> None:
        """A run of ours was scheduled before, so that we know who we are."""
        body = {"name": "cf0", "properties": {"runId": "cf0"}, "systemData": {"lastModifiedBy": "me"}}
        self.answers.insert(0, httpx.Response(200, json=body))
        assert self.schedule() == "cf0"
        self.posted = 0


LOST = TransportError("schedule run in contoso: no answer in time\ncorrelation id 1")


@pytest.mark.parametrize("lost", [LOST, httpx.Response(502), httpx.Response(200, content=b"")])
def test_a_lost_answer_is_found_in_the_list(lost: Any) -> None:
    """The run that was made after the request, by us and of its type; it is not asked for a second time."""
    service = Service()
    service.knows_us()
    service.answers = [lost]
    service.runs = [
        listed("cf9", principal="somebody"),
        listed("cf8", runType="QuickRun"),
        listed("cf7", task="nightly"),
        listed("cf6", timerTrigger={"timerTriggerName": "t1"}),
        listed("cf5", isArchiveEnabled=True),
        listed("cf4", platform={"os": "Windows"}),
        listed("cf3"),
        listed("cf2", seconds=-60),
        listed("cf0"),
    ]
    assert service.schedule() == "cf3"
    assert service.posted == 1


def test_a_request_that_certainly_did_not_arrive_has_no_answer_to_look_for() -> None:
    """Its error stands."""
    service = Service()
    service.answers = [TransportError("cannot connect", arrived=False)]
    service.runs = [listed("cf3")]
    with pytest.raises(TransportError, match="cannot connect"):
        service.schedule()


def test_a_refusal_stands() -> None:
    """There is no run."""
    service = Service()
    service.answers = [httpx.Response(400, json={"error": {"code": "InvalidInputValue"}})]
    with pytest.raises(InvalidRequestError):
        service.schedule()


def test_more_than_one_that_fits_is_an_error_that_lists_them() -> None:
    """Taking the wrong one would be worse."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cf3"), listed("cf2")]
    with pytest.raises(TransportError) as failed:
        service.schedule()
    text = str(failed.value)
    assert text.startswith("schedule run in contoso: no answer in time\n")
    assert "cf3 (Queued), cf2 (Queued)" in text
    assert "az acr task list-runs -r contoso" in text


def test_none_that_fits_is_an_error_that_says_so() -> None:
    """After some looks: the list may lag."""
    service = Service()
    service.answers = [LOST]
    with pytest.raises(TransportError, match="no run that was seen since then fits"):
        service.schedule()
    assert service.clock.time > 1002.0
    assert service.posted == 1


def test_a_task_run_is_known_by_its_task() -> None:
    """Whatever the task's step is."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cf3", task="nightly"), listed("cf2", task="Hourly"), listed("cf1")]
    service.runs[2]["properties"]["platform"] = {"os": "Windows"}
    assert service.schedule(type="TaskRunRequest", taskName="hourly") == "cf2"


def test_siblings_get_their_answers_first() -> None:
    """A run that a sibling is about to be told of is not taken from it."""
    service = Service()
    sibling_posted, answer_sibling, looking = threading.Event(), threading.Event(), threading.Event()
    send = service._send

    def slowly(request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and b"sibling" in request.content:
            sibling_posted.set()
            assert answer_sibling.wait(20)
            return httpx.Response(200, json=listed("cf2"), request=request)
        if request.method == "GET":
            looking.set()
        return send(request)

    service.client._send = slowly
    service.answers = [LOST]
    service.runs = [listed("cf3"), listed("cf2")]
    with ThreadPoolExecutor(2) as pool:
        sibling = pool.submit(service.schedule, target="sibling")
        assert sibling_posted.wait(20)
        ours = pool.submit(service.schedule)
        assert looking.wait(20)
        answer_sibling.set()
        assert (sibling.result(20), ours.result(20)) == ("cf2", "cf3")


def test_two_that_lost_their_answers_take_nothing_from_each_other() -> None:
    """One run is there, and it may be either's."""
    service = Service()
    both_posted = threading.Barrier(2)
    send = service._send

    def together(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            both_posted.wait(20)
            raise LOST
        return send(request)

    service.client._send = together
    service.runs = [listed("cf3")]
    with ThreadPoolExecutor(2) as pool:
        for future in [pool.submit(service.schedule) for _ in range(2)]:
            with pytest.raises(TransportError):
                future.result(20)
