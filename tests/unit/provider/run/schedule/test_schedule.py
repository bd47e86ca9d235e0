"""A run is scheduled once, also when the answer is lost."""

from __future__ import annotations

import base64
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.errors import ForbiddenError, InvalidRequestError, TransportError
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


@pytest.mark.parametrize("lost", [LOST, httpx.Response(502), httpx.Response(200, content=b"")])
def test_a_lost_answer_is_found_in_the_list(lost: Any) -> None:
    """It is the run that we made after the request and that built its image; no second request is sent."""
    service = Service()
    service.knows_us()
    service.answers = [lost]
    service.runs = [
        listed("cf9", principal="you"),
        listed("cf8", runType="QuickRun"),
        listed("cf7", task="nightly"),
        listed("cf6", timerTrigger={"timerTriggerName": "t1"}),
        listed("cf5", isArchiveEnabled=True),
        listed("cf4", platform={"os": "Windows"}),
        listed("cfd", platform={"os": "linux", "architecture": "arm"}),
        listed("cfc", customRegistries=["other.azurecr.io"]),
        listed("cfb", outputImages=[{**APP[0], "tag": "v2"}]),
        listed("cfa", outputImages=[*APP, {**APP[0], "repository": "more"}]),
        listed("cf3"),
        listed("cf2", seconds=-60),
        listed("cf1", seconds=600),
        listed("cf0"),
    ]
    assert service.schedule(platform={"os": "Linux", "architecture": "amd64"}) == "cf3"
    assert service.posted == 1


def test_a_request_that_did_not_arrive_has_started_no_run() -> None:
    """Its error is raised."""
    service = Service()
    service.answers = [TransportError("cannot connect", arrived=False)]
    service.runs = [listed("cf3")]
    with pytest.raises(TransportError, match="cannot connect"):
        service.schedule()


def test_a_refused_request_has_started_no_run() -> None:
    """The service's error is raised."""
    service = Service()
    service.answers = [httpx.Response(400, json={"error": {"code": "InvalidInputValue"}})]
    with pytest.raises(InvalidRequestError):
        service.schedule()


TASK = {"type": "TaskRunRequest", "taskName": "nightly", "values": [{"name": "a", "value": "b"}]}
FILE = {"type": "FileTaskRunRequest", "imageNames": None, "taskFilePath": "acb.yaml"}
UNPROVED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "no image names": ({"imageNames": None}, {"outputImages": []}),
    "nothing is pushed": ({"isPushEnabled": False}, {"outputImages": []}),
    "no image is reported": ({}, {"outputImages": []}),
    "a task file": (FILE, {"runType": "QuickRun"}),
    "a task with values": (TASK, {"runType": "QuickRun", "task": "nightly"}),
}


@pytest.mark.parametrize("kind", UNPROVED)
def test_a_run_that_nothing_proves_to_be_ours_is_not_claimed(kind: str) -> None:
    """It may be another caller's, although it is the only one that fits."""
    service = Service()
    service.knows_us()
    service.answers = [LOST]
    request, said = UNPROVED[kind]
    service.runs = [listed("cf3", **said)]
    with pytest.raises(TransportError, match=r"it may be one of cf3 \(Succeeded\), and nothing .* proves it"):
        service.schedule(**request)


def test_more_than_one_that_fits_is_an_error_that_lists_them() -> None:
    """To take the wrong run would be worse."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cf3"), listed("cf2")]
    with pytest.raises(TransportError) as failed:
        service.schedule()
    text = str(failed.value)
    assert "cf3 (Succeeded), cf2 (Succeeded)" in text
    assert "az acr task list-runs -r contoso" in text


def test_a_run_under_way_is_awaited_until_its_images_decide() -> None:
    """One of the two runs built another image; the other one is ours."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cf3", status="Running"), listed("cf2", status="Queued")]
    wait = service.clock.wait

    def until_they_end(event: threading.Event, seconds: float) -> bool:
        if service.clock.time > 1010:
            service.runs = [listed("cf3", outputImages=[{**APP[0], "repository": "other"}]), listed("cf2")]
        return wait(event, seconds)

    service.clock.wait = until_they_end
    assert service.schedule() == "cf2"


def test_a_run_under_way_is_not_awaited_with_wait_false() -> None:
    """The error says that the next update looks again."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cf3", status="Running")]
    with pytest.raises(TransportError, match="The next pulumi up looks again"):
        service.schedule(wait=False)


def test_without_a_fitting_run_the_error_says_so() -> None:
    """The list is read several times, because it may lag."""
    service = Service()
    service.answers = [LOST]
    with pytest.raises(TransportError, match="no run that the service lists since then fits"):
        service.schedule()
    assert service.clock.time > 1002.0
    assert service.posted == 1


def test_a_list_that_cannot_be_read_is_not_called_empty() -> None:
    """The error has the reason."""
    service = Service()
    service.answers = [LOST]
    service.list = httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
    with pytest.raises(TransportError, match=r"the runs cannot be looked at: list runs of .*AuthorizationFailed"):
        service.schedule()


def test_a_task_run_is_known_by_its_task() -> None:
    """Two runs of a task are the same work, whatever its step is."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cf3", task="nightly"), listed("cf2", task="Hourly"), listed("cf1")]
    service.runs[1]["properties"]["platform"] = {"os": "Windows"}
    assert service.schedule(type="TaskRunRequest", taskName="hourly", platform=None, imageNames=None) == "cf2"


def test_a_run_in_state_is_not_the_run_of_a_lost_answer() -> None:
    """Another resource has it, or the one that is replaced."""
    service = Service()
    service.answers = [LOST]
    service.runs = [listed("cfx")]
    service.recorded.add(f"{REGISTRY}/runs/cfx".lower())
    with pytest.raises(TransportError, match="no run that the service lists since then fits"):
        service.schedule()


NAMES = [
    ("app", "app:latest", True),
    ("app:v1", "app:v1", True),
    ("app:v1", "app:v2", False),
    ("app:{{.Run.ID}}", "app:cf3", True),
    ("app:{{.Run.ID}}", "app:cf4", False),
    ("app:{{ .Run.Date }}", "app:20300101", True),
    ("{{.Run.Registry}}/app:v1", "app:v1", True),
    ("contoso.azurecr.io/app:v1", "app:v1", True),
    ("team/app", "team/app:latest", True),
    ("other.io/app:v1", "other.io/app:v1", True),
]


@pytest.mark.parametrize(("name", "built", "ours"), NAMES)
def test_an_image_is_known_by_its_name(name: str, built: str, ours: bool) -> None:
    """The name is completed as the service does: registry, tag, templates."""
    service = Service()
    service.answers = [LOST]
    repository, _, tag = built.rpartition(":")
    service.runs = [listed("cf3", outputImages=[{**APP[0], "repository": repository, "tag": tag}])]
    if ours:
        assert service.schedule(imageNames=[name]) == "cf3"
    else:
        with pytest.raises(TransportError, match="no run that the service lists"):
            service.schedule(imageNames=[name])


def token(**claims: Any) -> str:
    """A JSON Web Token with these claims; its signature is nobody's affair here."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"Bearer e30.{payload}.c2ln"


WHO = [
    ({"upn": "me@contoso.com", "oid": "1-2"}, "Me@contoso.com", True),
    ({"upn": "me@contoso.com", "oid": "1-2"}, "you@contoso.com", False),
    ({"appid": "3-4", "oid": "1-2"}, "3-4", True),
    ({"appid": "3-4", "oid": "1-2"}, "5-6", False),
    ({"appid": "3-4"}, "me@contoso.com", True),
    ({"unique_name": "live.com#me@contoso.com"}, "me_contoso.com#EXT#@contoso.com", True),
]


@pytest.mark.parametrize(("claims", "shown", "may_be_ours"), WHO)
def test_our_token_names_our_principals(claims: dict[str, Any], shown: str, may_be_ours: bool) -> None:
    """Names are compared with names, and ids with ids."""
    service = Service()
    send = service.client._send

    def signed(request: httpx.Request) -> httpx.Response:
        request.headers["Authorization"] = token(**claims)
        return send(request)

    service.client._send = signed
    service.answers = [LOST]
    service.runs = [listed("cf3", principal=shown)]
    if may_be_ours:
        assert service.schedule() == "cf3"
    else:
        with pytest.raises(TransportError, match="no run that the service lists"):
            service.schedule()


def test_siblings_get_their_answers_first() -> None:
    """A run is not claimed while the answer to another request may name it."""
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


def test_an_image_that_one_request_names_is_not_kept_from_it_by_another() -> None:
    """A request that pushes no image has started another run."""
    service = Service()
    service.answers = [LOST, LOST]
    service.runs = [listed("cf3"), listed("cf2", outputImages=[])]
    with pytest.raises(TransportError, match=r"it may be one of cf2 \(Succeeded\), and"):
        service.schedule(isPushEnabled=False)
    assert service.schedule() == "cf3"


def test_two_lost_answers_do_not_claim_the_same_run() -> None:
    """One run exists, and it may be of either request."""
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


def test_a_request_that_was_accepted_and_cannot_be_polled_is_searched_for() -> None:
    """The refusal of the poll does not mean that no run was started."""
    service = Service()
    service.answers = [httpx.Response(202, headers={"Location": f"https://arm.example{REGISTRY}/runs"})]
    service.list = httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})
    assert isinstance(service.scheduler.schedule(REQUEST), LostAnswer)
    service.list = None
    service.answers = [httpx.Response(403, json={"error": {"code": "AuthorizationFailed"}})]
    with pytest.raises(ForbiddenError):
        service.scheduler.schedule(REQUEST)
