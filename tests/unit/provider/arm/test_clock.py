"""The service's clock, known from its answers."""

from __future__ import annotations

import httpx
import pytest

from pulumi_acr_tasks.arm.client import Client
from pulumi_acr_tasks.arm.clock import ServerTime
from pulumi_acr_tasks.arm.ids import RegistryId
from pulumi_acr_tasks.errors import CanceledError


class FakeClock:
    time = 100.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
        raise AssertionError("nobody waits")


def test_the_time_is_that_of_the_last_answer_and_what_has_passed_since() -> None:
    """This machine's clock does not matter; earlier moments are converted too."""
    clock = FakeClock()
    server = ServerTime(clock)
    assert server.now() is None
    server.update(httpx.Response(200, headers={"Date": "Tue, 15 Nov 1994 08:12:31 GMT"}))
    clock.time = 129.0
    assert str(server.now()) == "1994-11-15 08:13:00+00:00"
    assert str(server.at(99.0)) == "1994-11-15 08:12:30+00:00"


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_an_answer_without_a_date_changes_nothing(headers: dict[str, str]) -> None:
    """The known time stays."""
    server = ServerTime(FakeClock())
    server.update(httpx.Response(200, headers={"Date": "Tue, 15 Nov 1994 08:12:31 GMT"}))
    server.update(httpx.Response(200, headers=headers))
    assert str(server.now()) == "1994-11-15 08:12:31+00:00"


def test_a_cancel_does_not_interrupt_the_wait_for_a_run_that_was_accepted() -> None:
    """Only the answer names the run to cancel."""
    location = "https://arm.example/operations/1"
    answers = [
        httpx.Response(202, headers={"Location": location}),
        httpx.Response(202, headers={"Location": location}),
        httpx.Response(200, json={"name": "cf1", "properties": {"runId": "cf1"}}),
    ]

    class Canceled(FakeClock):
        def sleep(self, seconds: float, *, interruptible: bool = True) -> None:
            if interruptible:
                raise CanceledError("canceled")

    def send(request: httpx.Request) -> httpx.Response:
        answer = answers.pop(0)
        answer.request = request
        return answer

    client = Client(send, "https://arm.example", Canceled())
    assert client.registries.schedule_run(RegistryId("s", "rg", "contoso"), {}).properties.run_id == "cf1"
