"""A run is scheduled once, also when the answer is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from tests.unit.provider.run.schedule.scene import APP, LOST, REGISTRY, REQUEST, Service, listed

from pulumi_acr_tasks.errors import ForbiddenError, InvalidRequestError, TransportError
from pulumi_acr_tasks.run.schedule.lost_answers import LostAnswer


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
